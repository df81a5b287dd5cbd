-- Which of some names, titles or departments (kind, values) of a tenant (tenant_id) are found already: under the key that each has (keys).
select key.value
from unnest(%(keys)s::text[], %(values)s::text[]) as asked (key, value)
join org.search_key as key
  on key.tenant_id = %(tenant_id)s
 and key.kind = %(kind)s
 and key.key = asked.key
 and key.value = asked.value
