-- Whether a person (tenant_id, user_id) is there as of the newest load.
select exists (
    select
    from org.user_version as version
    where version.tenant_id = %(tenant_id)s
      and version.user_id = %(user_id)s
      and version.valid_to is null
) as is_present
