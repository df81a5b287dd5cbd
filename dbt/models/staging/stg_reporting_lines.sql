select
    line.tenant_id || '/' || line.user_id as person_id,
    line.tenant_id || '/' || line.superior_user_id as superior_id,
    line.tenant_id,
    line.distance,
    line.known_by
from {{ source('org', 'reporting_line') }} as line
