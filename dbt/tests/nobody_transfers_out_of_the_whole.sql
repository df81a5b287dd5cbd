-- Who changes departments stays: months in which a tenant as a whole won or lost people in another way than by joining and leaving.
select *
from {{ ref('headcount_by_month') }} as summary
where summary.is_whole_tenant
  and summary.total_net_transfers <> 0
