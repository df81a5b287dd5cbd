-- What history ever knew a person (tenant_id, user_id) by: a row for each value, with the column that holds it; attributes text by text.
select distinct
    known.column_name,
    known.value
from org.user_version as version
cross join lateral (
    values
        ('union_id', version.union_id),
        ('open_id', version.open_id),
        ('name', version.name),
        ('name_en', version.name_en),
        ('nickname', version.nickname),
        ('mobile', version.mobile),
        ('email', version.email),
        ('work_email', version.work_email),
        ('telephone', version.telephone),
        ('avatar_url', version.avatar_url),
        ('job_number', version.job_number)
    union all
    select
        'attributes',
        told.value #>> '{}'
    from jsonb_path_query(version.attributes, 'strict $.**') as told (value)
    where jsonb_typeof(told.value) = 'string'
) as known (column_name, value)
where version.tenant_id = %(tenant_id)s
  and version.user_id = %(user_id)s
  and known.value <> ''
order by
    known.column_name,
    known.value
