-- Works out anew by how many people the departments of a tenant (tenant_id) grew or shrank at some instants (instants). Harmless when run again.
select stage.count_heads(%(tenant_id)s, instant)
from unnest(%(instants)s::timestamptz[]) as instant
