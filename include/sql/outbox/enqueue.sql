-- Queues a message and gives its id. The same dedupe_key a second time gives the id of the first.
select
    notify.enqueue(
        tenant => %(tenant_id)s,
        kind => %(kind)s,
        title => %(title)s,
        body => %(body)s,
        url => %(url)s,
        audience => %(audience)s,
        priority => %(priority)s,
        not_before => %(not_before)s,
        expires_at => %(expires_at)s,
        dedupe_key => %(dedupe_key)s,
        source => %(source)s,
        due_at => %(due_at)s
    ) as message_id
