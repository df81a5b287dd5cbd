-- By which way a platform that offers several was read.

alter table ops.sync_run add column method text;

comment on column ops.sync_run.method is 'How the platform was read, in words: which of its ways the secrets and the visible range allowed.';
