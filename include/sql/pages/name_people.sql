-- What some people (user_ids) of a tenant (tenant_id) were called at an instant (at), in the order asked; null for nobody known.
select
    wanted.user_id,
    (
        select version.name
        from org.user_history as version
        where version.tenant_id = %(tenant_id)s
          and version.user_id = wanted.user_id
          and version.valid_from <= %(at)s::timestamptz
        order by version.valid_from desc
        limit 1
    ) as name
from unnest(%(user_ids)s::text[]) with ordinality as wanted (user_id, place)
order by wanted.place
