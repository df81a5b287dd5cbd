-- %(messages)s messages of the last hundred days: one to everybody, some to a hundred or a thousand people, most to one; a few wait.
insert into notify.channel (tenant_id, platform, is_whole, limits) values (%(tenant_id)s, %(platform)s, true, %(limits)s::jsonb);

create table bench.message as
select
    number,
    case
        when number = 1 then %(people)s
        when number %% 100 = 0 then least(1000, %(people)s / 4)
        when number %% 10 = 0 then 50
        else 1
    end as people,
    case
        when number > %(messages)s - 20 then 'pending'
        when number %% 97 = 3 then 'failed'
        when number %% 89 = 4 then 'partly'
        when number %% 83 = 5 then 'recalled'
        when number %% 3 = 0 then 'sent'
        else 'delivered'
    end as state,
    now() - make_interval(mins => ((%(messages)s - number) * 14)::integer) as created_at
from generate_series(1, %(messages)s) as number;

insert into notify.message (
    message_id, tenant_id, kind, title, body, url, audience, priority, not_before, source, content_digest, state, reason, next_attempt_at,
    created_at, claimed_at, settled_at
) overriding system value
select
    number,
    %(tenant_id)s,
    (array['text', 'markdown', 'card', 'announcement'])[1 + number %% 4],
    '通知 ' || number,
    '请于本周五前完成安全培训，详情见内网。',
    'https://intranet.example.com/' || number,
    case when number = 1 then '{"everyone": true}' else jsonb_build_object('query', 'those of ' || number) end,
    (number %% 10)::smallint,
    created_at,
    'bench',
    md5('message ' || number),
    state,
    case state when 'failed' then 'the app may not send to them' when 'pending' then 'its turn has not come' when 'partly' then 'some have left' end,
    created_at,
    created_at,
    case when state <> 'pending' then created_at + interval '1 minute' end,
    case when state <> 'pending' then created_at + interval '3 minutes' end
from bench.message;

insert into notify.delivery (
    delivery_id, tenant_id, message_id, to_all, department_ids, people, priority, state, platform_id, attempts, next_attempt_at,
    first_called_at, sent_at, created_at
)
select
    row_number() over (order by message.number, part),
    %(tenant_id)s,
    message.number,
    false,
    case when message.number = 1 then array['0'] else '{}' end,
    least(200, message.people),
    (message.number %% 10)::smallint,
    case message.state when 'failed' then 'refused' when 'recalled' then 'recalled' else 'sent' end,
    'bm-' || md5(message.number || ' ' || part),
    1,
    message.created_at,
    message.created_at + interval '1 minute',
    message.created_at + interval '1 minute',
    message.created_at
from bench.message
cross join lateral generate_series(0, case when message.number = 1 then 0 else (message.people - 1) / 200 end) as part
where message.state <> 'pending';

insert into notify.delivery_message (delivery_id, message_id)
select delivery.delivery_id, delivery.message_id from notify.delivery;

insert into notify.attempt (tenant_id, delivery_id, action, outcome, platform_id, people, started_at, finished_at)
select
    delivery.tenant_id,
    delivery.delivery_id,
    'send',
    case delivery.state when 'refused' then 'refused' else 'sent' end,
    delivery.platform_id,
    delivery.people,
    delivery.first_called_at,
    delivery.sent_at
from notify.delivery;

insert into notify.recipient (message_id, user_id, state, reason, delivery_id, is_named, updated_at)
select
    message.number,
    person.user_id,
    case
        when message.state = 'pending' then 'pending'
        when message.state in ('failed', 'recalled') then message.state
        when message.state = 'partly' and place = 0 then 'failed'
        when message.state = 'sent' then 'sent'
        when place %% 3 = 0 then 'read'
        else 'delivered'
    end,
    case
        when message.state = 'failed' then 'the app may not send to them'
        when message.state = 'partly' and place = 0 then 'has left'
    end,
    case when message.number = 1 then first.delivery_id else first.delivery_id + place / 200 end,
    message.number > 1,
    message.created_at
from bench.message
left join (select message_id, min(delivery_id) as delivery_id from notify.delivery group by message_id) as first
  on first.message_id = message.number
cross join lateral generate_series(0, message.people - 1) as place
join bench.person on person.number = 1 + (message.number * 101 + place) %% %(people)s
where message.number > 1
   or person.ends is null
order by
    message.number,
    person.user_id;
