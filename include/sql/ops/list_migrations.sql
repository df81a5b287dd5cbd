-- The migrations applied so far.
select
    version,
    name,
    digest
from orgsync.migration
order by version
