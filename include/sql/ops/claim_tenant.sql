-- Tries to become the one reader of a tenant; the claim ends with the connection, also when the process dies.
select pg_try_advisory_lock(hashtextextended('orgsync read/' || %(tenant_id)s, 0)) as is_claimed
