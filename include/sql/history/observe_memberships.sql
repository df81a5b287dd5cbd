-- Adds what the plan's snapshot itself says of each affected membership.
-- %(plan_id)s: a plan whose affected keys are found. Run twice it doubles the rows; clear_plan comes first.

insert into stage.observation (plan_id, entity, key_1, key_2, starts_at, ends_at, observed)
select
    affected.plan_id,
    affected.entity,
    affected.key_1,
    affected.key_2,
    reading.taken_at,
    affected.next_at,
    to_jsonb(staged) - array['plan_id', 'user_id', 'department_id'] - reading.unobserved - coalesce(unread.columns, '{}')
from stage.affected
join stage.reading
  on reading.plan_id = affected.plan_id
 and reading.entity = affected.entity
join stage.membership as staged
  on staged.plan_id = affected.plan_id
 and staged.user_id = affected.key_1
 and staged.department_id = affected.key_2
left join stage.unread
  on unread.plan_id = affected.plan_id
 and unread.entity = affected.entity
 and unread.key_1 = affected.key_1
 and unread.key_2 = affected.key_2
where affected.plan_id = %(plan_id)s
  and affected.entity = 'membership'
