-- What a message (message_id) of a tenant (tenant_id) says and whom it is for; writes down who looked (actor).
select
    shown.title,
    shown.body,
    shown.url,
    shown.audience
from ops.show_message(%(message_id)s, %(tenant_id)s, %(actor)s) as shown
