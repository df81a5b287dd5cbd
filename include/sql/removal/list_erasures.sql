-- The erasures of a tenant (tenant_id), or of all, in the order in which they were asked for; without states (states) whatever became of them;
-- with an id (erasure_id) that one.
select
    erasure_id,
    tenant_id,
    subject,
    asked_by,
    asked_at,
    is_present_welcome,
    state,
    reason,
    finished_at,
    salt,
    subject_hash,
    counts
from ops.erasure
where (%(tenant_id)s::text is null or tenant_id = %(tenant_id)s)
  and (%(states)s::text[] is null or state = any (%(states)s))
  and (%(erasure_id)s::bigint is null or erasure_id = %(erasure_id)s)
order by erasure_id
