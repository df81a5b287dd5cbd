-- Whether whoever asks may load, and whether readers see what only orgsync_pii should.
select
    case when to_regrole('orgsync_loader') is not null then pg_has_role(current_user, 'orgsync_loader', 'usage') end as may_load,
    case
        when to_regrole('orgsync_reader') is not null
            then has_column_privilege('orgsync_reader', 'org.user_version', 'mobile', 'select')
    end as reader_sees_mobile
