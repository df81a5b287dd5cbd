-- Writes down who the messages (message_ids) of a tenant (tenant_id) are for, as the organization is now, and as their saved audiences were
-- answered (asked: user ids by the audience's name). Named people who are not in it have failed; what an audience gives that is nobody's id is
-- left out; who has resigned gets nothing. A second run adds nobody.
with recursive message as (
    select
        message_id,
        audience
    from notify.message
    where message_id = any (%(message_ids)s)
), below as (
    select
        message.message_id,
        named.department_id
    from message
    cross join jsonb_array_elements_text(coalesce(message.audience -> 'departments', '[]')) as named (department_id)
    union
    select
        below.message_id,
        child.department_id
    from below
    join org.department_version as child
      on child.tenant_id = %(tenant_id)s
     and child.parent_id = below.department_id
     and child.valid_to is null
), named as (
    select
        below.message_id,
        membership.user_id
    from below
    join org.membership_version as membership
      on membership.tenant_id = %(tenant_id)s
     and membership.department_id = below.department_id
     and membership.valid_to is null
    union all
    select
        message.message_id,
        named.user_id
    from message
    cross join jsonb_array_elements_text(coalesce(message.audience -> 'users', '[]')) as named (user_id)
), meant as (
    select
        message.message_id,
        version.user_id,
        true as is_here,
        version.status
    from message
    join org.user_version as version
      on version.tenant_id = %(tenant_id)s
     and version.valid_to is null
    where (message.audience ->> 'everyone')::boolean
    union all
    -- One by one: whoever is named is few, or many, and the planner cannot know.
    select
        named.message_id,
        named.user_id,
        version.user_id is not null,
        version.status
    from named
    left join lateral (
        select
            person.user_id,
            person.status
        from org.user_version as person
        where person.tenant_id = %(tenant_id)s
          and person.user_id = named.user_id
          and person.valid_to is null
        limit 1
    ) as version on true
    union all
    select
        message.message_id,
        person.user_id,
        true,
        person.status
    from message
    cross join jsonb_array_elements_text(%(asked)s::jsonb -> (message.audience ->> 'query')) as found (user_id)
    cross join lateral (
        select
            known.user_id,
            known.status
        from org.user_version as known
        where known.tenant_id = %(tenant_id)s
          and known.user_id = found.user_id
          and known.valid_to is null
        limit 1
    ) as person
)
insert into notify.recipient (
    message_id,
    user_id,
    state,
    reason,
    updated_at
)
select
    message_id,
    user_id,
    case when is_here then 'pending' else 'failed' end,
    case when not is_here then 'not in the organization: gone, or never there' end,
    %(now)s
from meant
where status is distinct from 'resigned'
on conflict do nothing
