-- A snapshot can be taken out of history again. That is a plan too: a reading at the same instant that sees nothing, and so says nothing.

alter table ops.snapshot
    drop constraint snapshot_state_check,
    add constraint snapshot_state_check check (state in ('landed', 'loaded', 'rejected', 'foreign', 'retracted'));

comment on column ops.snapshot.state is 'landed: complete in the landing zone; loaded: part of history through plan_id; rejected, foreign: kept out of it; retracted: taken out of it, or kept out, as decided_by said.';

alter table ops.plan add column is_retraction boolean not null default false;

comment on column ops.plan.is_retraction is 'It takes its snapshot out of history, so that history is as if it had never been loaded. Its summary counts the changes that are taken back.';

grant select (is_retraction) on ops.plan to orgsync_reader;
