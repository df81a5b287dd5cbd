-- What could not be told of a plan's changes is kept, and whoever tells them can ask beforehand whether an audience is right.

alter table notify.announced_plan add column problems text[] not null default '{}';

comment on column notify.announced_plan.problems is 'The changes of which no message could be made, and why.';

grant execute on function notify.find_audience_problem(text, jsonb) to orgsync_loader;
