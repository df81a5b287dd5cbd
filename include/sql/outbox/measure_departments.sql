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
        select count(distinct recipient.user_id)
        from notify.recipient as recipient
        where recipient.message_id = any (%(message_ids)s)
          and recipient.state = 'pending'
          and recipient.delivery_id is null
          and recipient.user_id not in (select user_id from reached)
    ) as loose,
    (select count(*) = count(distinct user_id) from reached) as is_apart,
    coalesce((select max(people) from (select count(*) as people from reached group by call) as call), 0) as largest
