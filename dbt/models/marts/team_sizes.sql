-- How many people report to each superior: directly, and in all.
select
    line.superior_id,
    superior.tenant_id,
    superior.name,
    superior.title,
    superior.main_department_path,
    count(*) filter (where line.distance = 1) as direct_reports,
    count(*) as all_reports,
    max(line.distance) as levels
from {{ ref('stg_reporting_lines') }} as line
join {{ ref('stg_people') }} as superior on superior.person_id = line.superior_id
group by
    line.superior_id,
    superior.tenant_id,
    superior.name,
    superior.title,
    superior.main_department_path
