-- The personal values of a person (user_id) of a tenant (tenant_id), for somebody who may see them (actor); writes down that they looked.
select
    shown.mobile,
    shown.email,
    shown.work_email,
    shown.telephone,
    shown.attributes
from ops.show_person(%(tenant_id)s, %(user_id)s, %(actor)s) as shown
