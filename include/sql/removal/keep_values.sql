-- Keeps what is looked for in an erasure (erasure_id): values of a kind (kind, values). Run again it keeps no value twice.
insert into ops.erasure_value (
    erasure_id,
    kind,
    value
)
select
    %(erasure_id)s,
    %(kind)s,
    kept.value
from unnest(%(values)s::text[]) as kept (value)
on conflict do nothing
