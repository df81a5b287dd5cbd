-- What a plan that is being tried changes: what history tells of its instant now and did not tell before, with names, and with the way to
-- the department, or to the main one of the person, as the plan leaves the company; of what goes, where it was.
copy (
    with recursive named as materialized (
        select
            change_id,
            kind,
            entity,
            user_id,
            department_id,
            column_name,
            value_from,
            value_to,
            name,
            names_from,
            names_to
        from org.change
        where tenant_id = %(tenant_id)s
          and changed_at = %(taken_at)s
    ),
    tried as (
        select
            change_id,
            kind,
            entity,
            user_id,
            department_id,
            column_name,
            value_from,
            value_to
        from named

        except

        select *
        from change_before
    ),
    standing as materialized (
        select distinct on (version.department_id)
            version.department_id,
            version.parent_id,
            version.name
        from org.department_version as version
        where version.tenant_id = %(tenant_id)s
          and version.valid_from <= %(taken_at)s
          and (version.valid_to is null or version.valid_to >= %(taken_at)s)
        order by
            version.department_id,
            version.valid_from desc
    ),
    tree as (
        select
            top.department_id,
            top.name as path
        from standing as top
        where not exists (
            select from standing as parent where parent.department_id = top.parent_id
        )
        union all
        select
            child.department_id,
            tree.path || ' / ' || child.name
        from tree
        join standing as child on child.parent_id = tree.department_id
    )
    select
        %(plan_id)s::bigint,
        named.kind,
        named.entity,
        named.user_id,
        named.department_id,
        named.column_name,
        named.value_from,
        named.value_to,
        named.name,
        named.names_from,
        named.names_to,
        tree.path
    from tried
    join named using (change_id)
    left join lateral (
        select coalesce(
            version.main_department_id,
            (
                select membership.department_id
                from org.membership_version as membership
                where membership.tenant_id = %(tenant_id)s
                  and membership.user_id = named.user_id
                  and membership.valid_from <= %(taken_at)s
                  and (membership.valid_to is null or membership.valid_to >= %(taken_at)s)
                order by
                    (membership.valid_to is null or membership.valid_to > %(taken_at)s) desc,
                    membership.is_main desc nulls last,
                    membership.department_id
                limit 1
            )
        ) as department_id
        from org.user_version as version
        where version.tenant_id = %(tenant_id)s
          and version.user_id = named.user_id
          and version.valid_from <= %(taken_at)s
          and (version.valid_to is null or version.valid_to >= %(taken_at)s)
        order by version.valid_from desc
        limit 1
    ) as home on true
    left join tree on tree.department_id = coalesce(named.department_id, home.department_id)
) to stdout
