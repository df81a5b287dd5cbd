-- What a report asks: who reports to whom, all the way up; and what each month brought.

-- The rule is that of orgsync/pages/superiors.py, for everybody at once: the manager whom the platform tells, else the leaders of the nearest
-- department upward that the person does not lead; of several it goes on with the first, and nobody comes twice.
create view org.reporting_line as
select
    tenant.tenant_id,
    line.user_id,
    line.superior_user_id,
    line.distance,
    line.known_by,
    line.department_id
from (
    select distinct snapshot.tenant_id
    from ops.snapshot as snapshot
    where snapshot.state = 'loaded'
) as tenant
-- For each tenant by itself: who asks for one tenant does not wait for the others.
cross join lateral (
    with recursive person as materialized (
        select
            person.user_id,
            nullif(person.manager_user_id, person.user_id) as manager_user_id,
            coalesce(person.main_department_id, home.department_id) as department_id
        from org.users as person
        left join (
            select distinct on (membership.user_id)
                membership.user_id,
                membership.department_id
            from org.memberships as membership
            where membership.tenant_id = tenant.tenant_id
            order by
                membership.user_id,
                membership.is_main desc nulls last,
                membership.department_id
        ) as home on home.user_id = person.user_id
        where person.tenant_id = tenant.tenant_id
    ),
    department as materialized (
        select
            department.department_id,
            department.parent_id,
            (
                select array_agg(leader.user_id order by leader.place)
                from (
                    select named.user_id, min(named.place) as place
                    from unnest(department.leader_user_ids) with ordinality as named (user_id, place)
                    group by named.user_id
                ) as leader
                where exists (
                    select from org.users as there
                    where there.tenant_id = tenant.tenant_id
                      and there.user_id = leader.user_id
                )
            ) as leaders
        from org.departments as department
        where department.tenant_id = tenant.tenant_id
    ),
    -- From each department up as far as the first that has leaders.
    nearest (department_id, led_id, parent_id, leaders) as (
        select department.department_id, department.department_id, department.parent_id, department.leaders
        from department
        union
        select nearest.department_id, above.department_id, above.parent_id, above.leaders
        from nearest
        join department as above on above.department_id = nearest.parent_id
        where nearest.leaders is null
    ),
    -- From there on as long as the person is one of them.
    led (user_id, led_id, parent_id, leaders) as (
        select person.user_id, nearest.led_id, nearest.parent_id, nearest.leaders
        from person
        join nearest on nearest.department_id = person.department_id
        where person.manager_user_id is null
          and nearest.leaders is not null
        union
        select led.user_id, nearest.led_id, nearest.parent_id, nearest.leaders
        from led
        join nearest on nearest.department_id = led.parent_id
        where led.user_id = any (led.leaders)
          and nearest.leaders is not null
    ),
    step as materialized (
        select
            person.user_id,
            array[person.manager_user_id] as superiors,
            'manager_user_id' as known_by,
            null as department_id
        from person
        where person.manager_user_id is not null
        union all
        select
            led.user_id,
            led.leaders as superiors,
            'leader_user_ids' as known_by,
            led.led_id as department_id
        from led
        where not led.user_id = any (led.leaders)
    ),
    climb (user_id, distance, superiors, known_by, department_id, seen) as (
        select step.user_id, 1, step.superiors, step.known_by, step.department_id, step.user_id || step.superiors
        from step
        union all
        select climb.user_id, climb.distance + 1, fresh.superiors, step.known_by, step.department_id, climb.seen || fresh.superiors
        from climb
        join step on step.user_id = climb.superiors[1]
        cross join lateral (
            select case
                when step.superiors && climb.seen then (
                    select array_agg(each.user_id order by each.place)
                    from unnest(step.superiors) with ordinality as each (user_id, place)
                    where not each.user_id = any (climb.seen)
                )
                else step.superiors
            end as superiors
        ) as fresh
        where fresh.superiors is not null
    )
    select
        climb.user_id,
        superior.user_id as superior_user_id,
        climb.distance,
        climb.known_by,
        climb.department_id
    from climb
    cross join lateral unnest(climb.superiors) as superior (user_id)
) as line;

comment on view org.reporting_line is 'Who reports to whom now, at each distance: told by the platform, else as leaders of the nearest department upward.';
comment on column org.reporting_line.known_by is 'By which column the superior is known: manager_user_id of the one below, or leader_user_ids of department_id.';

-- A month at a time: the months asked for are the only ones worked out. Joiners and leavers are counted in the departments where they were at that
-- instant and above these as it was then; headcounts are those of org.headcount_change. All it reads, a reader may read, and it is asked as whoever asks.
create function org.monthly_summary_in(zone text) returns table (
    tenant_id text,
    department_id text,
    department_name text,
    month date,
    last_read_at timestamptz,
    own_headcount bigint,
    total_headcount bigint,
    own_joiners bigint,
    total_joiners bigint,
    own_leavers bigint,
    total_leavers bigint,
    own_net_transfers bigint,
    total_net_transfers bigint,
    own_tenure_days numeric,
    total_tenure_days numeric,
    own_tenure_known bigint,
    total_tenure_known bigint
)
language sql stable
as $$
    with tenant as materialized (
        select
            snapshot.tenant_id,
            min(snapshot.taken_at) as first_at,
            greatest(max(snapshot.taken_at), now()) as last_at
        from ops.snapshot as snapshot
        where snapshot.state = 'loaded'
        group by snapshot.tenant_id
    )
    select
        tenant.tenant_id,
        told.department_id,
        told.name,
        told.month,
        told.last_read_at,
        case when told.last_read_at is not null then coalesce(heads.own, 0) end,
        case when told.last_read_at is not null then coalesce(heads.total, 0) end,
        case when told.last_read_at is not null then told.own_joiners end,
        case when told.last_read_at is not null then told.total_joiners end,
        case when told.last_read_at is not null then told.own_leavers end,
        case when told.last_read_at is not null then told.total_leavers end,
        case when told.last_read_at is not null then coalesce(heads.own_change, 0) - told.own_joiners + told.own_leavers end,
        case when told.last_read_at is not null then coalesce(heads.total_change, 0) - told.total_joiners + told.total_leavers end,
        case when told.last_read_at is not null then round(told.own_days, 1) end,
        case when told.last_read_at is not null then round(told.total_days, 1) end,
        case when told.last_read_at is not null then told.own_known end,
        case when told.last_read_at is not null then told.total_known end
    from tenant
    cross join lateral (
        with
        -- Of whom it is known since when they work here: in which months they were where at the end.
        person as materialized (
            select
                version.user_id,
                version.hired_on - date '2000-01-01' as hired,
                greatest(
                    date_trunc('month', version.valid_from at time zone zone),
                    date_trunc('month', version.hired_on::timestamp)
                ) as from_month,
                date_trunc('month', version.valid_to at time zone zone) as until_month
            from org.user_history as version
            where version.tenant_id = tenant.tenant_id
              and version.hired_on <= (tenant.last_at at time zone zone)::date
        ),
        stretch as materialized (
            select
                person.user_id,
                person.hired,
                membership.department_id,
                greatest(date_trunc('month', membership.valid_from at time zone zone), person.from_month) as from_month,
                least(date_trunc('month', membership.valid_to at time zone zone), person.until_month) as until_month
            from org.membership_history as membership
            join person on person.user_id = membership.user_id
            where membership.tenant_id = tenant.tenant_id
              and greatest(date_trunc('month', membership.valid_from at time zone zone), person.from_month)
                < coalesce(least(date_trunc('month', membership.valid_to at time zone zone), person.until_month), 'infinity')
        ),
        -- Most people are in one department all the time: those are added up before they are told apart.
        settled as materialized (
            select
                stretch.user_id,
                count(*) as stretches,
                min(stretch.hired) as hired,
                min(stretch.department_id) as department_id,
                min(stretch.from_month) as from_month,
                min(stretch.until_month) as until_month
            from stretch
            group by stretch.user_id
        ),
        block as materialized (
            select
                settled.department_id,
                settled.from_month,
                settled.until_month,
                count(*) as people,
                sum(settled.hired) as hired
            from settled
            where settled.stretches = 1
            group by
                settled.department_id,
                settled.from_month,
                settled.until_month
        ),
        mobile as materialized (
            select
                stretch.user_id,
                stretch.hired,
                stretch.department_id,
                stretch.from_month,
                stretch.until_month
            from settled
            join stretch on stretch.user_id = settled.user_id
            where settled.stretches > 1
        ),
        everybody as materialized (
            select
                person.from_month,
                person.until_month,
                count(*) as people,
                sum(person.hired) as hired
            from person
            group by
                person.from_month,
                person.until_month
        )
        select
            month.month,
            reads.last_read_at,
            brought.*
        from (
            select
                started.at as started_at,
                started.at::date as month,
                started.at at time zone zone as starts_at,
                (started.at + interval '1 month') at time zone zone as ends_at,
                (least((started.at + interval '1 month') at time zone zone, tenant.last_at) at time zone zone)::date as ends_on
            from generate_series(
                date_trunc('month', tenant.first_at at time zone zone),
                date_trunc('month', tenant.last_at at time zone zone),
                interval '1 month'
            ) as started (at)
        ) as month
        cross join lateral (
            select max(snapshot.taken_at) as last_read_at
            from ops.snapshot as snapshot
            where snapshot.tenant_id = tenant.tenant_id
              and snapshot.state = 'loaded'
              and snapshot.taken_at >= month.starts_at
              and snapshot.taken_at < month.ends_at
        ) as reads
        cross join lateral (
            with recursive
            -- Who came (1) and who went (-1); the first load found everybody there.
            event as materialized (
                select 1 as side, version.user_id, version.valid_from as at
                from org.user_history as version
                where version.tenant_id = tenant.tenant_id
                  and version.valid_from >= month.starts_at
                  and version.valid_from < month.ends_at
                  and version.valid_from > tenant.first_at
                  and not exists (
                    select from org.user_history as earlier
                    where earlier.tenant_id = version.tenant_id
                      and earlier.user_id = version.user_id
                      and earlier.valid_to = version.valid_from
                  )
                union all
                select -1, version.user_id, version.valid_to
                from org.user_history as version
                where version.tenant_id = tenant.tenant_id
                  and version.valid_to >= month.starts_at
                  and version.valid_to < month.ends_at
                  and not exists (
                    select from org.user_history as later
                    where later.tenant_id = version.tenant_id
                      and later.user_id = version.user_id
                      and later.valid_from = version.valid_to
                  )
            ),
            -- Where they were: who came, at that instant, who went, just before it.
            place as materialized (
                select event.side, event.at, event.user_id, membership.department_id
                from event
                join org.membership_history as membership
                  on membership.tenant_id = tenant.tenant_id
                 and membership.user_id = event.user_id
                 and membership.valid_from <= event.at
                 and (membership.valid_to is null or membership.valid_to >= event.at)
                where case event.side
                    when 1 then membership.valid_to is null or membership.valid_to > event.at
                    else membership.valid_from < event.at
                end
            ),
            way (side, at, department_id, ancestor_id) as (
                select distinct place.side, place.at, place.department_id, place.department_id
                from place
                union
                select way.side, way.at, way.department_id, above.department_id
                from way
                join org.department_history as own
                  on own.tenant_id = tenant.tenant_id
                 and own.department_id = way.ancestor_id
                 and own.valid_from <= way.at
                 and (own.valid_to is null or own.valid_to >= way.at)
                join org.department_history as above
                  on above.tenant_id = tenant.tenant_id
                 and above.department_id = own.parent_id
                 and above.valid_from <= way.at
                 and (above.valid_to is null or above.valid_to >= way.at)
                where case way.side
                    when 1 then (own.valid_to is null or own.valid_to > way.at) and (above.valid_to is null or above.valid_to > way.at)
                    else own.valid_from < way.at and above.valid_from < way.at
                end
            ),
            sole as materialized (
                select
                    block.department_id,
                    sum(block.people) as people,
                    sum(block.hired) as hired
                from block
                where block.from_month <= month.started_at
                  and (block.until_month is null or block.until_month > month.started_at)
                group by block.department_id
            ),
            moving as materialized (
                select mobile.user_id, mobile.department_id, mobile.hired
                from mobile
                where mobile.from_month <= month.started_at
                  and (mobile.until_month is null or mobile.until_month > month.started_at)
            ),
            standing as materialized (
                select version.department_id, version.parent_id
                from org.department_history as version
                where version.tenant_id = tenant.tenant_id
                  and version.valid_from < month.ends_at
                  and (version.valid_to is null or version.valid_to >= month.ends_at)
            ),
            upward (department_id, ancestor_id) as (
                select place.department_id, place.department_id
                from (
                    select sole.department_id from sole
                    union
                    select moving.department_id from moving
                ) as place
                union
                select upward.department_id, above.department_id
                from upward
                join standing as own on own.department_id = upward.ancestor_id
                join standing as above on above.department_id = own.parent_id
            )
            select
                listed.department_id,
                listed.name,
                coalesce(flow.own_joiners, 0) as own_joiners,
                coalesce(flow.total_joiners, 0) as total_joiners,
                coalesce(flow.own_leavers, 0) as own_leavers,
                coalesce(flow.total_leavers, 0) as total_leavers,
                coalesce(tenure.own_known, 0)::bigint as own_known,
                month.ends_on - date '2000-01-01' - tenure.own_hired / nullif(tenure.own_known, 0) as own_days,
                coalesce(tenure.total_known, 0)::bigint as total_known,
                month.ends_on - date '2000-01-01' - tenure.total_hired / nullif(tenure.total_known, 0) as total_days
            from (
                select '' as department_id, null as name
                union all
                (
                    select distinct on (version.department_id)
                        version.department_id,
                        version.name
                    from org.department_history as version
                    where version.tenant_id = tenant.tenant_id
                      and version.valid_from < month.ends_at
                      and (version.valid_to is null or version.valid_to > month.starts_at)
                    order by
                        version.department_id,
                        version.valid_from desc
                )
            ) as listed
            -- Joined grouped, and by what is not the bare id: so whoever does not ask for it does not wait for it, nor who asks of one department.
            left join (
                select
                    counted.department_id,
                    count(*) filter (where counted.is_own and counted.side = 1) as own_joiners,
                    count(*) filter (where not counted.is_own and counted.side = 1) as total_joiners,
                    count(*) filter (where counted.is_own and counted.side = -1) as own_leavers,
                    count(*) filter (where not counted.is_own and counted.side = -1) as total_leavers
                from (
                    select place.department_id, place.side, true as is_own
                    from place
                    union all
                    select above.ancestor_id, above.side, false
                    from (
                        select distinct way.ancestor_id, place.side, place.at, place.user_id
                        from place
                        join way
                          on way.side = place.side
                         and way.at = place.at
                         and way.department_id = place.department_id
                    ) as above
                    union all
                    select '', event.side, false
                    from event
                ) as counted
                group by counted.department_id
            ) as flow on flow.department_id = listed.department_id || ''
            left join (
                select
                    summed.department_id,
                    sum(summed.own_known) as own_known,
                    sum(summed.own_hired) as own_hired,
                    sum(summed.total_known) as total_known,
                    sum(summed.total_hired) as total_hired
                from (
                    select sole.department_id, sole.people, sole.hired, 0, 0
                    from sole
                    union all
                    select upward.ancestor_id, 0, 0, sole.people, sole.hired
                    from sole
                    join upward on upward.department_id = sole.department_id
                    union all
                    select moving.department_id, 1, moving.hired, 0, 0
                    from moving
                    union all
                    select above.ancestor_id, 0, 0, 1, above.hired
                    from (
                        select distinct upward.ancestor_id, moving.user_id, moving.hired
                        from moving
                        join upward on upward.department_id = moving.department_id
                    ) as above
                    union all
                    select '', 0, 0, everybody.people, everybody.hired
                    from everybody
                    where everybody.from_month <= month.started_at
                      and (everybody.until_month is null or everybody.until_month > month.started_at)
                ) as summed (department_id, own_known, own_hired, total_known, total_hired)
                group by summed.department_id
            ) as tenure on tenure.department_id = listed.department_id || ''
        ) as brought
    ) as told
    left join (
        select
            stretch.tenant_id,
            stretch.department_id,
            counted.at::date as month,
            stretch.own,
            stretch.total,
            case when counted.at = stretch.starts_at then stretch.own_change end as own_change,
            case when counted.at = stretch.starts_at then stretch.total_change end as total_change
        from (
            select
                monthly.tenant_id,
                monthly.department_id,
                monthly.starts_at,
                coalesce(lead(monthly.starts_at) over months - interval '1 month', monthly.last_at) as ends_at,
                (sum(monthly.own) over months)::bigint as own,
                (sum(monthly.total) over months)::bigint as total,
                monthly.own_change,
                monthly.total_change
            from (
                select
                    change.tenant_id,
                    change.department_id,
                    date_trunc('month', change.changed_at at time zone zone) as starts_at,
                    max(tenant.last_at at time zone zone) as last_at,
                    sum(change.own) as own,
                    sum(change.total) as total,
                    sum(change.own) filter (where change.changed_at > tenant.first_at) as own_change,
                    sum(change.total) filter (where change.changed_at > tenant.first_at) as total_change
                from org.headcount_change as change
                join tenant on tenant.tenant_id = change.tenant_id
                group by
                    change.tenant_id,
                    change.department_id,
                    date_trunc('month', change.changed_at at time zone zone)
            ) as monthly
            window months as (partition by monthly.tenant_id, monthly.department_id order by monthly.starts_at)
        ) as stretch
        cross join lateral generate_series(stretch.starts_at, stretch.ends_at, interval '1 month') as counted (at)
    ) as heads
      on heads.tenant_id = tenant.tenant_id
     and heads.department_id = told.department_id
     and heads.month = told.month
$$;

comment on function org.monthly_summary_in is 'What each calendar month of a time zone brought to each department: headcount at its end, joiners, leavers, net transfers, tenure.';

create view org.monthly_summary as
select
    summary.tenant_id,
    summary.department_id,
    summary.department_name,
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
    summary.total_tenure_known
from org.monthly_summary_in('UTC') as summary;

comment on view org.monthly_summary is 'org.monthly_summary_in of the months of UTC.';
