-- The erasures of a tenant (tenant_id), or of all, in the order in which they were asked for; without a state (state) whatever became of them.
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
order by erasure_id
