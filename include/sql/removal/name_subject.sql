-- Gives an erasure (erasure_id) that was asked for on a page its salt and hash (salt, subject_hash), unless another one is under way for the same.
-- Run again it changes nothing.
update ops.erasure
set salt = %(salt)s,
    subject_hash = %(subject_hash)s,
    state = 'under_way'
where erasure_id = %(erasure_id)s
  and not exists (
    select
    from ops.erasure as other
    where other.tenant_id = erasure.tenant_id
      and other.subject_hash = %(subject_hash)s
      and other.erasure_id <> erasure.erasure_id
      and other.state in ('wanted', 'under_way')
)
