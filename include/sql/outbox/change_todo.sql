-- Queues a change of a todo and gives its id. A second run queues the change once more: it leads to the same todo.
select
    notify.change_todo(
        message => %(message_id)s,
        action => %(action)s,
        title => %(title)s,
        body => %(body)s,
        due_at => %(due_at)s,
        source => %(source)s
    ) as message_id
