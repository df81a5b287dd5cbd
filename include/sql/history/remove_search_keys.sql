-- Removes under what nothing of a tenant (tenant_id) is found any more: what no version says. Harmless when run again.
delete from org.search_key as key
where key.tenant_id = %(tenant_id)s
  and case key.kind
    when 'name' then key.value not in (
        select version.name
        from org.user_version as version
        where version.tenant_id = %(tenant_id)s
          and version.name is not null
    )
    when 'title' then key.value not in (
        select version.title
        from org.user_version as version
        where version.tenant_id = %(tenant_id)s
          and version.title is not null
    )
    else key.value not in (
        select version.name
        from org.department_version as version
        where version.tenant_id = %(tenant_id)s
          and version.name is not null
    )
end
