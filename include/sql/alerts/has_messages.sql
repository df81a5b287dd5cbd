-- Whether anything was ever put into the outbox.
select exists (select from notify.message) as has_messages
