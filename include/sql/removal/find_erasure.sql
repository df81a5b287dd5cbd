-- One erasure (erasure_id).
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
where erasure_id = %(erasure_id)s
