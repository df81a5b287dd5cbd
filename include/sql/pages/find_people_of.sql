-- Who was ever in some departments (below) of a tenant (tenant_id), where their memberships are no more than a number (most); else null.
select case when count(*) <= %(most)s then array_agg(distinct membership.user_id)::text end as people
from (
    select version.user_id
    from org.membership_history as version
    where version.tenant_id = %(tenant_id)s
      and version.department_id = any (%(below)s::text[])
    limit %(most)s + 1
) as membership
