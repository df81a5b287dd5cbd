-- Folds what is known of each affected key into the versions it shall have: later observations are laid over earlier ones,
-- equal neighbours become one. A key that was seen but never yet observed has no version.
-- %(plan_id)s: a plan whose observations are gathered. Run twice it fails on the key; clear_plan comes first.

insert into stage.timeline (plan_id, entity, key_1, key_2, valid_from, valid_to, content, content_hash)
with overlaid as (
    select
        observation.entity,
        observation.key_1,
        observation.key_2,
        observation.starts_at,
        observation.ends_at,
        stage.overlay(observation.observed) over (
            partition by observation.entity, observation.key_1, observation.key_2
            order by observation.starts_at
        ) as content
    from stage.observation
    where observation.plan_id = %(plan_id)s
),
hashed as (
    select
        overlaid.*,
        md5(case overlaid.entity
            when 'department' then jsonb_populate_record(null::stage.department_content, overlaid.content)::text
            when 'user' then jsonb_populate_record(null::stage.user_content, overlaid.content)::text
            else jsonb_populate_record(null::stage.membership_content, overlaid.content)::text
        end) as content_hash
    from overlaid
    where overlaid.content is not null
),
marked as (
    select
        hashed.*,
        lag(hashed.ends_at) over by_time is distinct from hashed.starts_at
            or lag(hashed.content_hash) over by_time is distinct from hashed.content_hash as is_first
    from hashed
    window by_time as (partition by hashed.entity, hashed.key_1, hashed.key_2 order by hashed.starts_at)
),
numbered as (
    select
        marked.*,
        count(*) filter (where marked.is_first) over (
            partition by marked.entity, marked.key_1, marked.key_2
            order by marked.starts_at
        ) as version_number
    from marked
)
select
    %(plan_id)s,
    numbered.entity,
    numbered.key_1,
    numbered.key_2,
    min(numbered.starts_at),
    max(numbered.ends_at),
    (array_agg(numbered.content order by numbered.starts_at))[1],
    min(numbered.content_hash)
from numbered
group by
    numbered.entity,
    numbered.key_1,
    numbered.key_2,
    numbered.version_number
