-- Which of some values (values) stand in what others are called, in titles and in names of departments of a tenant (tenant_id): there they are
-- something else.
select distinct wanted.value
from unnest(%(values)s::text[]) as wanted (value)
join org.search_key as label
  on label.tenant_id = %(tenant_id)s
 and label.value <> wanted.value
 and position(wanted.value in label.value) > 0
