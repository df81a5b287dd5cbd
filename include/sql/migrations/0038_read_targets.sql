-- A targeted read asks for some people and departments by their ids: its snapshot says something about those keys, and about no others.

alter table ops.snapshot
    drop constraint snapshot_mode_check,
    add constraint snapshot_mode_check check (mode in ('full', 'frequent', 'targeted'));

create table ops.snapshot_key (
    snapshot_id text not null references ops.snapshot (snapshot_id) on delete cascade,
    tenant_id text not null,
    taken_at timestamptz not null,
    entity text not null check (entity in ('department', 'user')),
    key_1 text not null,
    primary key (snapshot_id, entity, key_1)
);

create index snapshot_key_by_key on ops.snapshot_key (tenant_id, entity, key_1, taken_at);

comment on table ops.snapshot_key is 'The people and departments that a targeted snapshot says something about: who of them is not in it is gone. Of a person it tells all memberships.';
comment on column ops.snapshot_key.key_1 is 'user_id or department_id, as entity says.';

-- How far what a plan's snapshot says of a key reaches: to the next loaded snapshot that speaks of that key.
alter table stage.affected add column next_at timestamptz not null default 'infinity';

-- The keys that a plan of a targeted snapshot speaks of; of other plans none. A membership is asked for with its person.
create view stage.asked as
select
    plan.plan_id,
    entity.name as entity,
    asked.key_1
from ops.plan
join ops.snapshot_key as asked using (snapshot_id)
cross join lateral unnest(case asked.entity when 'user' then array['user', 'membership'] else array['department'] end) as entity (name);

-- When loaded targeted snapshots spoke of a key.
create view stage.asked_later as
select
    asked.tenant_id,
    entity.name as entity,
    asked.key_1,
    asked.taken_at,
    asked.snapshot_id
from ops.snapshot_key as asked
join ops.snapshot using (snapshot_id)
cross join lateral unnest(case asked.entity when 'user' then array['user', 'membership'] else array['department'] end) as entity (name)
where snapshot.state = 'loaded';

create or replace view stage.loaded as
select
    snapshot.tenant_id,
    snapshot.taken_at,
    snapshot.plan_id,
    silence.entity,
    silence.unobserved,
    snapshot.snapshot_id,
    snapshot.mode = 'targeted' as is_targeted
from ops.snapshot
cross join lateral (
    values
        ('department', snapshot.department_unobserved),
        ('user', snapshot.user_unobserved),
        ('membership', snapshot.membership_unobserved)
) as silence (entity, unobserved)
where snapshot.state = 'loaded';

create or replace view stage.reading as
select
    plan.plan_id,
    plan.tenant_id,
    plan.taken_at,
    plan.next_at,
    silence.entity,
    silence.unobserved,
    coalesce(
        (
            select array(select unnest(silence.unobserved) intersect select unnest(loaded.unobserved))
            from stage.loaded
            where loaded.tenant_id = plan.tenant_id
              and loaded.taken_at = plan.taken_at
              and loaded.entity = silence.entity
        ),
        silence.unobserved
    ) as quiet,
    snapshot.mode = 'targeted' as is_targeted
from ops.plan
join ops.snapshot using (snapshot_id)
cross join lateral (
    values
        ('department', plan.department_unobserved),
        ('user', plan.user_unobserved),
        ('membership', plan.membership_unobserved)
) as silence (entity, unobserved);
