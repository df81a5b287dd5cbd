-- The roles and logins of this server whose names begin as those of orgsync do, each once for every role that it is a member of; changes nothing.
select
    role.rolname::text as name,
    pg_auth_members.roleid::text as member_of
from pg_roles as role
left join pg_auth_members on pg_auth_members.member = role.oid
where starts_with(role.rolname, 'orgsync_')
order by 1, 2
