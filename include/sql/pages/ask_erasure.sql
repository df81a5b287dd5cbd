-- Asks for a person (user_id) of a tenant (tenant_id) to be forgotten, for somebody who may (actor), also where they are there now
-- (is_present_welcome). Asked again it is the same erasure.
select ops.ask_erasure(%(tenant_id)s, %(user_id)s, %(actor)s, %(is_present_welcome)s) as erasure_id
