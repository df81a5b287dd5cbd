-- A snapshot an hour up to now (%(snapshots)s after the first), every fourth of which something changed; all loaded. One more waits.
-- %(tenant_id)s, %(platform)s.
create table bench.instant as
select
    place,
    date_trunc('hour', now()) - make_interval(hours => (%(snapshots)s - place)::integer) as taken_at,
    place = 0 or place %% 4 = 0 and place <= %(snapshots)s as is_change
from generate_series(0, %(snapshots)s) as place
union all
select
    %(snapshots)s + 1,
    date_trunc('hour', now()) + interval '1 minute',
    false;
alter table bench.instant add primary key (place);

insert into ops.snapshot (snapshot_id, tenant_id, platform, mode, taken_at, uri, state, counts, visible_range, sees_whole, company)
select
    %(tenant_id)s || '/' || to_char(instant.taken_at at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"'),
    %(tenant_id)s,
    %(platform)s,
    case when instant.place %% 24 = 0 then 'full' else 'frequent' end,
    instant.taken_at,
    'file:///landing/' || %(tenant_id)s || '/' || instant.place,
    case when instant.place <= %(snapshots)s then 'loaded' else 'landed' end,
    case
        when instant.place <= %(snapshots)s then jsonb_build_object(
            'departments', %(departments)s, 'users', %(people)s, 'memberships', %(people)s + %(people)s / 20,
            'quarantined', %(quarantined)s, 'quarantined_rows', %(quarantined)s, 'unread_values', 0
        )
        else '{}'
    end,
    '{"tops": ["0"], "departments": [], "users": []}',
    true,
    '{"id": "bench", "app_key": "cli_bench", "host": "open.feishu.cn"}'
from bench.instant;
