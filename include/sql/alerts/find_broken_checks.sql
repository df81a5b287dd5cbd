-- What the doctor last found broken, of tenants (tenants) and of what all share.
select
    tenant_id,
    name,
    subject,
    reason,
    reason_zh,
    coalesce(fix, '') as fix,
    coalesce(fix_zh, '') as fix_zh,
    since
from ops.doctor_check
where outcome = 'broken'
  and (tenant_id = '' or tenant_id = any (%(tenants)s::text[]))
order by
    tenant_id,
    name,
    subject
