-- Begins the erasure of a subject (subject, subject_hash, salt) of a tenant (tenant_id) that somebody (asked_by) wants, also where the person is
-- there now (is_present_welcome). Run again it finds the one that is not done yet.
insert into ops.erasure as known (
    tenant_id,
    subject,
    asked_by,
    is_present_welcome,
    state,
    salt,
    subject_hash
)
values (
    %(tenant_id)s,
    %(subject)s,
    %(asked_by)s,
    %(is_present_welcome)s,
    'under_way',
    %(salt)s,
    %(subject_hash)s
)
on conflict (tenant_id, subject_hash) where state in ('wanted', 'under_way') do update
set state = 'under_way',
    is_present_welcome = known.is_present_welcome or excluded.is_present_welcome
returning erasure_id
