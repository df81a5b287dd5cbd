-- By what a plan's rows were judged and what was found, so that a later snapshot with the very same answers needs no judging of its own.

alter table ops.plan
    add column judged_by text not null default '',
    -- json and not jsonb: a page shows things in the order in which they were described.
    add column report json not null default '{}';

comment on column ops.plan.judged_by is 'One hash over the version of orgsync, its rules, the mapping and the settings that the rows were judged by.';
comment on column ops.plan.report is 'What the validation report says, apart from the snapshot''s name: counts, expectations, and keys of rows that broke a rule.';
