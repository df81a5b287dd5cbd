-- The people who are there now, without what is personal: a mart built on this can be shown to whoever may see names.
select
    person.tenant_id || '/' || person.user_id as person_id,
    person.tenant_id,
    person.user_id,
    person.name,
    person.title,
    person.status,
    person.employee_type,
    person.work_place,
    person.hired_on,
    person.main_department_id,
    person.main_department_name,
    person.main_department_path
from {{ source('org', 'people') }} as person
