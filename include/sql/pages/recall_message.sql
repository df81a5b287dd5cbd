-- Asks for a message (message_id) of a tenant (tenant_id) to be taken back, gives the answer in words, and writes down who asked (actor). A second run asks again.
select ops.recall_message(%(message_id)s, %(tenant_id)s, %(actor)s) as answer
