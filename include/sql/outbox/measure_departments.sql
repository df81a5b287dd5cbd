-- What it would take to reach messages (message_ids) of a tenant (tenant_id) through departments, so many (departments_per_call) in a call:
-- how many departments, how many people in none of them, how many the largest call reaches, and whether nobody would be in two calls.
with covered as materialized (
    select distinct
        call,
        department_id,
        user_id
    from notify.cover(%(tenant_id)s, %(message_ids)s, %(departments_per_call)s)
), reached as (
    select distinct
        call,
        user_id
    from covered
    where user_id is not null
)
select
    (select count(distinct department_id) from covered) as departments,
    (
        select count(*)
        from (
            -- Not joined: the planner knows nothing of either.
            select user_id
            from (
                select user_id, true as is_reached from reached
                union all
                select user_id, false
                from notify.recipient
                where message_id = any (%(message_ids)s)
                  and state = 'pending'
                  and delivery_id is null
            ) as known
            group by user_id
            having not bool_or(is_reached)
        ) as person
    ) as loose,
    (select count(*) = count(distinct user_id) from reached) as is_apart,
    coalesce((select max(people) from (select count(*) as people from reached group by call) as call), 0) as largest
