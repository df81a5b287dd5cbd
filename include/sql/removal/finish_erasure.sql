-- Says how an erasure (erasure_id) ended (state, reason), and adds what was counted (counts). Run again it finds it ended.
update ops.erasure
set state = %(state)s,
    reason = %(reason)s,
    counts = counts || %(counts)s,
    finished_at = clock_timestamp()
where erasure_id = %(erasure_id)s
  and state in ('wanted', 'under_way')
