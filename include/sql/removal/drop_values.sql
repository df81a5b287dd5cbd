-- Drops what was looked for in an erasure (erasure_id). Harmless when run again.
delete from ops.erasure_value
where erasure_id = %(erasure_id)s
