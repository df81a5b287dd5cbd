-- Acting on events: which are due, which snapshot answered them, and what each full read counts that no event had said.

alter table ops.event add column tried_at timestamptz;
comment on column ops.event.tried_at is 'When a read was last made for it that did not become history yet; it is tried again later and later.';

create view ops.event_due as
select event.*
from ops.event
where event.handled_at is null
  and event.attempts < 5
  and (event.tried_at is null or event.tried_at < clock_timestamp() - make_interval(mins => (4 ^ event.attempts)::integer));
comment on view ops.event_due is 'The events for which a read may be made now; after five that came to nothing, the next full read has to do.';

create table ops.event_audit (
    snapshot_id text primary key references ops.snapshot (snapshot_id) on delete cascade,
    tenant_id text not null,
    taken_at timestamptz not null,
    since timestamptz not null,
    changes integer not null,
    silent integer not null,
    silent_kinds jsonb not null default '{}',
    events integer not null,
    empty integer not null,
    audited_at timestamptz not null default clock_timestamp()
);
create index event_audit_by_time on ops.event_audit (tenant_id, taken_at);

comment on table ops.event_audit is 'What each full read counts of the time since the one before it, where a tenant receives events: how much they left out.';
comment on column ops.event_audit.since is 'When the full read before it was taken.';
comment on column ops.event_audit.changes is 'People and departments that changed in that time, each once.';
comment on column ops.event_audit.silent is 'Those of them that no event named.';
comment on column ops.event_audit.silent_kinds is 'The silent ones by entity and kind of change; one may have several.';
comment on column ops.event_audit.events is 'Events about people and departments that were received in that time.';
comment on column ops.event_audit.empty is 'Those of them that no change followed.';
