-- A headcount is that of the month before with what the month brought: months of which this does not hold. Those after an unread one are left
-- out, and a department's first.
select *
from (
    select
        summary.*,
        lag(summary.total_headcount) over months as headcount_before,
        lag(summary.own_headcount) over months as own_before,
        lag(summary.month) over months as month_before
    from {{ ref('headcount_by_month') }} as summary
    window months as (partition by summary.tenant_id, summary.department_id order by summary.month)
) as summary
where summary.month_before = summary.month - interval '1 month'
  and (
    summary.total_headcount <> summary.headcount_before + summary.total_joiners - summary.total_leavers + summary.total_net_transfers
    or summary.own_headcount <> summary.own_before + summary.own_joiners - summary.own_leavers + summary.own_net_transfers
  )
