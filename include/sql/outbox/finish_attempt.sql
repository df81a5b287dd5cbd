-- Writes down how an attempt (attempt_id) ended. One that was taken for lost in the meantime keeps what came of it after all.
update notify.attempt
set outcome = %(outcome)s,
    platform_id = %(platform_id)s,
    code = %(code)s,
    reason = %(reason)s,
    finished_at = %(now)s
where attempt_id = %(attempt_id)s
