-- Gives the staged memberships that were known before what they held last in the columns that the snapshot says nothing about.
-- %(plan_id)s: a plan whose affected keys are found. Harmless when run again.

update stage.membership as staged
set
    is_main = case when 'is_main' = any (silent.columns) then earlier.is_main else staged.is_main end,
    is_leader = case when 'is_leader' = any (silent.columns) then earlier.is_leader else staged.is_leader end,
    sort_order = case when 'sort_order' = any (silent.columns) then earlier.sort_order else staged.sort_order end,
    title = case when 'title' = any (silent.columns) then earlier.title else staged.title end,
    attributes = case when 'attributes' = any (silent.columns) then earlier.attributes else staged.attributes end
from stage.affected
join stage.reading
  on reading.plan_id = affected.plan_id
 and reading.entity = affected.entity
join org.membership_version as earlier
  on earlier.tenant_id = reading.tenant_id
 and earlier.user_id = affected.key_1
 and earlier.department_id = affected.key_2
 and earlier.valid_from = affected.from_at
left join stage.unread
  on unread.plan_id = affected.plan_id
 and unread.entity = affected.entity
 and unread.key_1 = affected.key_1
 and unread.key_2 = affected.key_2
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
where affected.plan_id = %(plan_id)s
  and affected.entity = 'membership'
  and affected.from_at < reading.taken_at
  and silent.columns <> '{}'
  and staged.plan_id = %(plan_id)s
  and staged.user_id = affected.key_1
  and staged.department_id = affected.key_2
