-- Gives the staged departments that were known before what they held last in the columns that the snapshot says nothing about.
-- %(plan_id)s: a plan whose affected keys are found. Harmless when run again.

update stage.department as staged
set
    parent_id = case when 'parent_id' = any (silent.columns) then earlier.parent_id else staged.parent_id end,
    name = case when 'name' = any (silent.columns) then earlier.name else staged.name end,
    name_en = case when 'name_en' = any (silent.columns) then earlier.name_en else staged.name_en end,
    sort_order = case when 'sort_order' = any (silent.columns) then earlier.sort_order else staged.sort_order end,
    is_hidden = case when 'is_hidden' = any (silent.columns) then earlier.is_hidden else staged.is_hidden end,
    source_identifier = case when 'source_identifier' = any (silent.columns) then earlier.source_identifier else staged.source_identifier end,
    leader_user_ids = case when 'leader_user_ids' = any (silent.columns) then earlier.leader_user_ids else staged.leader_user_ids end,
    attributes = case when 'attributes' = any (silent.columns) then earlier.attributes else staged.attributes end
from stage.affected
join stage.reading
  on reading.plan_id = affected.plan_id
 and reading.entity = affected.entity
join org.department_version as earlier
  on earlier.tenant_id = reading.tenant_id
 and earlier.department_id = affected.key_1
 and earlier.valid_from = affected.from_at
left join stage.unread
  on unread.plan_id = affected.plan_id
 and unread.entity = affected.entity
 and unread.key_1 = affected.key_1
 and unread.key_2 = affected.key_2
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
where affected.plan_id = %(plan_id)s
  and affected.entity = 'department'
  and affected.from_at < reading.taken_at
  and silent.columns <> '{}'
  and staged.plan_id = %(plan_id)s
  and staged.department_id = affected.key_1
