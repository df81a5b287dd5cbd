-- What a plan that is being tried changes: what history tells of its instant now and did not tell before.
copy (
    select
        %(plan_id)s::bigint,
        change.*
    from (
        select
            kind,
            entity,
            user_id,
            department_id,
            column_name,
            value_from,
            value_to
        from org.change
        where tenant_id = %(tenant_id)s
          and changed_at = %(taken_at)s

        except

        select *
        from change_before
    ) as change
) to stdout
