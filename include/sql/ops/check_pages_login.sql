-- Whether whoever asks may what the pages ask; if so, whether it sees personal values in clear too, by its roles or because it owns the tables.
select
    may.ask as may_ask,
    case
        when may.ask then pg_has_role(current_user, 'orgsync_pii', 'usage')
            or coalesce(has_column_privilege(to_regclass('org.user_version'), 'mobile', 'select'), false)
    end as sees_all
from (
    select case when to_regrole('orgsync_pages') is not null then pg_has_role(current_user, 'orgsync_pages', 'usage') end as ask
) as may
