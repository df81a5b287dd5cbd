-- What somebody should look at although a run went on, such as a clock that is wrong.

alter table ops.sync_run add column warnings text[] not null default '{}';

comment on column ops.sync_run.warnings is 'What somebody should look at although the run went on, such as a clock that differs from the warehouse''s.';
