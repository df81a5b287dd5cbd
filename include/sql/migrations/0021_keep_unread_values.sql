-- Single values that could not be read: the row counts, and about that column of it the snapshot says nothing.

alter table ops.quarantine add column column_name text;

comment on column ops.quarantine.column_name is 'Null: the whole row was left out. Else only this column of it, which keeps its last known value.';

-- The keys that are there although a plan says nothing of their content: kept out for a rule they broke, or out of sight.
create or replace view stage.quarantined as
select
    quarantine.plan_id,
    quarantine.entity,
    case quarantine.entity when 'department' then quarantine.department_id else quarantine.user_id end as key_1,
    case quarantine.entity when 'membership' then quarantine.department_id else '' end as key_2
from ops.quarantine
where quarantine.column_name is null
  and case quarantine.entity
    when 'department' then quarantine.department_id is not null
    when 'user' then quarantine.user_id is not null
    else quarantine.user_id is not null and quarantine.department_id is not null
end
union
select
    unseen.plan_id,
    unseen.entity,
    unseen.key_1,
    unseen.key_2
from stage.unseen;

-- The columns of single keys that a plan says nothing of, as stage.reading names those that it tells of nobody.
create view stage.unread as
select
    quarantine.plan_id,
    quarantine.entity,
    case quarantine.entity when 'department' then quarantine.department_id else quarantine.user_id end as key_1,
    case quarantine.entity when 'membership' then quarantine.department_id else '' end as key_2,
    array_agg(distinct quarantine.column_name) as columns
from ops.quarantine
where quarantine.column_name is not null
group by 1, 2, 3, 4;

grant select on stage.unread to orgsync_loader;
