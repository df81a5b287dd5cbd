-- Tenants of one app share what a platform allows it: they read in turn, and the calls of all of them count against its quotas.

alter table ops.claim
    drop constraint claim_purpose_check,
    add constraint claim_purpose_check check (purpose in ('read', 'replay', 'app'));

comment on table ops.claim is
'Who may read a tenant, load its snapshots again, or read by an app, one at a time. Its holder renews it while it works.';
comment on column ops.claim.tenant_id is 'For purpose app: the app, as platform, host and its id, or a connection of which no app is known.';

alter table notify.channel
    add column conn_id text;

comment on column notify.channel.conn_id is
'The connection by which it is sent: the calls of all tenants that have the same one count together. Null: not known yet.';

create index channel_by_connection on notify.channel (conn_id);
