-- Writes down that somebody (actor) was given what is held of a person (tenant_id, user_id). Each time counts.
insert into ops.audit (
    actor,
    action,
    tenant_id,
    subject
)
values (
    %(actor)s,
    'person.exported',
    %(tenant_id)s,
    %(user_id)s
)
