-- Writes down how an attempt (attempt_id) ended, and how many calls it took where that is known (calls). One that was taken for lost in the meantime keeps what came of it after all.
update notify.attempt
set outcome = %(outcome)s,
    platform_id = %(platform_id)s,
    code = %(code)s,
    reason = %(reason)s,
    calls = coalesce(%(calls)s, calls),
    finished_at = %(now)s
where attempt_id = %(attempt_id)s
