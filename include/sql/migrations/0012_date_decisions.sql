-- What decides whether a snapshot counts is written beside its manifest too, so that the landing zone alone can rebuild the warehouse.
-- Whoever changes the row of a snapshot only does that: when it was decided is found out here, and what was not noted yet can be seen.

alter table ops.snapshot
    add column decided_at timestamptz,
    add column decided_by text,
    add column noted_at timestamptz,
    add column is_due boolean not null default false;

comment on column ops.snapshot.decided_at is 'When it was last loaded, rejected or found incomplete, here or before the warehouse was lost. Null: never decided about.';
comment on column ops.snapshot.decided_by is 'Who approved or rejected it; null where nobody was asked.';
comment on column ops.snapshot.noted_at is 'The decided_at of what stands beside its manifest in the landing zone; another one there is still to be noted.';
comment on column ops.snapshot.is_due is 'It was part of history, as the landing zone says, and has to be loaded by a rebuild.';

-- Later than what it replaces even where the clock of a new server is behind: what was decided last must win.
create function ops.date_decision() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    new.decided_at := greatest(clock_timestamp(), old.decided_at + interval '1 microsecond');
    return new;
end
$$;

create trigger date_decision
before update on ops.snapshot
for each row
when (
    new.decided_at is not distinct from old.decided_at
    and (new.state, new.is_complete, new.problems, new.loaded_at) is distinct from (old.state, old.is_complete, old.problems, old.loaded_at)
)
execute function ops.date_decision();

revoke execute on function ops.date_decision() from public;

-- What was decided before this.
update ops.snapshot
set decided_at = coalesce(snapshot.loaded_at, decided.decided_at, clock_timestamp()),
    decided_by = decided.decided_by
from ops.snapshot as decision
left join lateral (
    select
        plan.decided_at,
        plan.decided_by
    from ops.plan
    where plan.snapshot_id = decision.snapshot_id
      and (plan.state = 'rejected' or plan.plan_id = decision.plan_id and plan.is_approved)
    order by plan.decided_at desc nulls last
    limit 1
) as decided on true
where decision.snapshot_id = snapshot.snapshot_id
  and (snapshot.state <> 'landed' or not snapshot.is_complete);
