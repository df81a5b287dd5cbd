-- Makes the roles that this server lacks, and their memberships in each other. Roles belong to the whole server: no dump of the warehouse
-- holds them, and another warehouse may have made them. Each `orgsync migrate` runs this, before the migrations; what is there it leaves alone.
-- orgsync_loader writes; orgsync_reader reads with personal columns masked, orgsync_pii in clear, orgsync_pages for the pages;
-- orgsync_receiver writes down events, and reads nothing;
-- orgsync_sender puts messages in, orgsync_dispatcher also acts on those of others; saved audiences run as orgsync_audience, what is asked
-- by hand as orgsync_query.
do $$
declare
    role_name text;
    member_name text;
begin
    foreach role_name in array array[
        'orgsync_reader',
        'orgsync_pii',
        'orgsync_loader',
        'orgsync_pages',
        'orgsync_receiver',
        'orgsync_sender',
        'orgsync_dispatcher',
        'orgsync_audience',
        'orgsync_query'
    ] loop
        if to_regrole(role_name) is null then
            execute format('create role %I nologin', role_name);
        end if;
    end loop;
    for member_name, role_name in
        values
            ('orgsync_pii', 'orgsync_reader'),
            ('orgsync_loader', 'orgsync_pii'),
            ('orgsync_query', 'orgsync_pii'),
            ('orgsync_pages', 'orgsync_reader'),
            ('orgsync_dispatcher', 'orgsync_sender')
    loop
        if not exists (
            select
            from pg_auth_members
            where pg_auth_members.member = member_name::regrole
              and pg_auth_members.roleid = role_name::regrole
        ) then
            execute format('grant %I to %I', role_name, member_name);
        end if;
    end loop;
exception
    when insufficient_privilege then
        raise exception using errcode = 'NT001', message = format(
            'the server lacks the role %I or its membership, and %I may make neither: let a superuser run include/sql/rights/make_roles.sql '
            'there, then migrate again', role_name, current_user);
end
$$
