-- Writes down that somebody (person) of a tenant (tenant_id) signed in, was refused, or has other rights than before (action, detail). What is
-- already the last word about somebody's rights is not written again.
select ops.note_access(%(tenant_id)s, %(person)s, %(action)s, %(detail)s)
