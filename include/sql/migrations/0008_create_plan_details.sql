-- A plan in full: each change it brings, the budgets it breaks and who decided about it; and what a snapshot could not see.

alter table ops.plan
    drop constraint plan_state_check,
    add constraint plan_state_check check (state in ('staged', 'planned', 'applied', 'dropped', 'rejected')),
    add column over_budget jsonb not null default '[]',
    add column digest text,
    add column unseen_counts jsonb not null default '{}',
    add column decided_at timestamptz,
    add column decided_by text,
    add column is_approved boolean;

comment on column ops.plan.over_budget is 'The budgets it exceeds: what, count, of, percent, and what is allowed. Empty: it may be applied without asking.';
comment on column ops.plan.digest is 'One hash over its changes: an approval holds for these and no others.';
comment on column ops.plan.unseen_counts is 'Rows that were known before and may still be there, but outside of what this snapshot could see.';

alter table ops.snapshot
    drop constraint snapshot_state_check,
    add constraint snapshot_state_check check (state in ('landed', 'loaded', 'rejected')),
    add column is_complete boolean not null default true,
    add column problems text[] not null default '{}',
    add column sees_whole boolean not null default true,
    add column is_stale boolean not null default false;

comment on column ops.snapshot.problems is 'Why it is not complete. Such a snapshot ends nobody''s version, and is only loaded where the tenant says so.';
comment on column ops.snapshot.sees_whole is 'Whether its visible range is the whole organization. Elsewhere, who is absent may be outside of it.';
comment on column ops.snapshot.is_stale is 'History before it changed since it was loaded, so what is outside of its range has to be judged anew.';

create table ops.plan_change (
    plan_id bigint not null references ops.plan (plan_id) on delete cascade,
    kind text not null,
    entity text not null,
    user_id text,
    department_id text,
    column_name text,
    value_from text,
    value_to text
);

create index plan_change_by_plan on ops.plan_change (plan_id, entity, kind);

comment on table ops.plan_change is 'What a plan changes, as org.change will tell it once it is applied. Holds personal values.';

-- The keys that were there before a plan's snapshot, are not in it, and lie outside of what it could see.
create unlogged table stage.unseen (
    plan_id bigint not null,
    entity text not null,
    key_1 text not null,
    key_2 text not null,
    primary key (plan_id, entity, key_1, key_2)
);

-- The keys that are there although a plan says nothing of their content: kept out for a rule they broke, or out of sight.
create or replace view stage.quarantined as
select
    quarantine.plan_id,
    quarantine.entity,
    case quarantine.entity when 'department' then quarantine.department_id else quarantine.user_id end as key_1,
    case quarantine.entity when 'membership' then quarantine.department_id else '' end as key_2
from ops.quarantine
where case quarantine.entity
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

grant select on ops.plan_change to orgsync_pii;
grant select, insert, update, delete on ops.plan_change to orgsync_loader;
grant select, insert, update, delete, truncate on stage.unseen to orgsync_loader;
