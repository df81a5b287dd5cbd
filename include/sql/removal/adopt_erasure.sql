-- Takes over from the landing zone that a subject (subject, subject_hash, salt) of a tenant (tenant_id) was erased (asked_by, finished_at), where the
-- warehouse does not know it: it was lost, or restored from a backup. A second run finds it known.
insert into ops.erasure (
    tenant_id,
    subject,
    asked_by,
    asked_at,
    state,
    finished_at,
    salt,
    subject_hash,
    counts
)
select
    %(tenant_id)s,
    %(subject)s,
    %(asked_by)s,
    %(finished_at)s,
    'done',
    %(finished_at)s,
    %(salt)s,
    %(subject_hash)s,
    %(counts)s
where not exists (
    select
    from ops.erasure as known
    where known.tenant_id = %(tenant_id)s
      and known.subject_hash = %(subject_hash)s
      and known.finished_at >= %(finished_at)s
)
