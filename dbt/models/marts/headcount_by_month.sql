{{ config(materialized='incremental', unique_key=['tenant_id', 'department_id', 'month'], incremental_strategy='delete+insert') }}

{#- A run works out the newest month that is there and those after it; after a replay or a backfill: dbt build --full-refresh. -#}
{%- set summary = source('org', 'monthly_summary') %}
select
    summary.tenant_id || '/' || summary.department_id || '/' || summary.month as row_id,
    summary.tenant_id,
    summary.department_id,
    summary.department_id = '' as is_whole_tenant,
    summary.department_name,
    array_to_string(tree.path_names, ' / ') as department_path,
    summary.month,
    summary.last_read_at,
    summary.own_headcount,
    summary.total_headcount,
    summary.own_joiners,
    summary.total_joiners,
    summary.own_leavers,
    summary.total_leavers,
    summary.own_net_transfers,
    summary.total_net_transfers,
    summary.own_tenure_days,
    summary.total_tenure_days,
    summary.own_tenure_known,
    summary.total_tenure_known,
    round(summary.total_leavers / nullif(summary.total_headcount, 0)::numeric, 4) as turnover
from {{ summary.schema }}.{{ summary.identifier }}_in('{{ var("zone") }}') as summary
left join {{ source('org', 'department_tree') }} as tree
  on tree.tenant_id = summary.tenant_id
 and tree.department_id = summary.department_id
{% if is_incremental() -%}
where summary.month >= (select coalesce(max(built.month), '-infinity') from {{ this }} as built)
{%- endif %}
