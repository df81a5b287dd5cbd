-- Makes sure that there is a row to claim. Harmless when run again.
insert into ops.claim (tenant_id, purpose)
values (%(tenant_id)s, %(purpose)s)
on conflict (tenant_id, purpose) do nothing
