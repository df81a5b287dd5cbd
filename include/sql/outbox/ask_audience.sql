-- The people whom a saved audience (query) of a tenant (tenant_id) names now, of so many rows (most_rows) at most, and how many of its
-- user ids are nobody's; no row where there is no audience of that name. It only reads.
select
    found.user_ids,
    found.strangers
from notify.audience_query as saved
cross join lateral notify.ask_audience(saved.tenant_id, saved.statement, %(most_rows)s) as found
where saved.tenant_id = %(tenant_id)s
  and saved.name = %(query)s
