-- What a plan that is being tried takes away, and how much there was before: read while its time lines are written.
select
    (
        select count(*)
        from org.user_version
        where tenant_id = %(tenant_id)s
          and valid_from < %(taken_at)s
          and (valid_to is null or valid_to >= %(taken_at)s)
    ) as users_before,
    (
        select count(*)
        from org.department_version
        where tenant_id = %(tenant_id)s
          and valid_from < %(taken_at)s
          and (valid_to is null or valid_to >= %(taken_at)s)
    ) as departments_before,
    (
        select count(*)
        from org.membership_version
        where tenant_id = %(tenant_id)s
          and valid_from < %(taken_at)s
          and (valid_to is null or valid_to >= %(taken_at)s)
    ) as memberships_before,
    (
        select count(*)
        from org.membership_version as ended
        where ended.tenant_id = %(tenant_id)s
          and ended.valid_to = %(taken_at)s
          and not exists (
            select from org.membership_version as next
            where next.tenant_id = ended.tenant_id
              and next.user_id = ended.user_id
              and next.department_id = ended.department_id
              and next.valid_from = ended.valid_to
          )
          and exists (
            select from org.user_version as person
            where person.tenant_id = ended.tenant_id
              and person.user_id = ended.user_id
              and person.valid_from <= %(taken_at)s
              and (person.valid_to is null or person.valid_to > %(taken_at)s)
          )
    ) as memberships_lost
