-- Has a message (message_id) of a tenant (tenant_id) tried again, gives the answer in words, and writes down who asked (actor). A second run finds it under way.
select ops.retry_message(%(message_id)s, %(tenant_id)s, %(actor)s) as answer
