-- Who has, or by an instant (at) had, a name in a tenant (tenant_id) that begins, or one of whose ends does, as one of some folded texts
-- (beginnings) says: of each at most so many (most).
select person.user_id
from unnest(%(beginnings)s::text[]) with ordinality as wanted (beginning, place)
cross join lateral (
    select version.user_id
    from (
        select near.value, min(near.key) as key
        from (
            select key.value, key.key
            from org.search_key as key
            where key.tenant_id = %(tenant_id)s
              and key.kind = 'name'
              and key.key >= wanted.beginning
              and key.key < wanted.beginning || chr(1114111)
            order by key.key
            limit %(most)s
        ) as near
        group by near.value
        order by min(near.key)
    ) as named
    cross join lateral (
        select history.user_id
        from org.user_history as history
        where history.tenant_id = %(tenant_id)s
          and history.name = named.value
          and history.valid_from <= %(at)s::timestamptz
        group by history.user_id
        limit %(most)s
    ) as version
    limit %(most)s
) as person
order by wanted.place
