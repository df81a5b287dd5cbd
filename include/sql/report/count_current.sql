-- How many departments, people and memberships hold now for a tenant.
select
    (select count(*) from org.department_version where tenant_id = %(tenant_id)s and valid_to is null) as departments,
    (select count(*) from org.user_version where tenant_id = %(tenant_id)s and valid_to is null) as users,
    (select count(*) from org.membership_version where tenant_id = %(tenant_id)s and valid_to is null) as memberships
