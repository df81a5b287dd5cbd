-- The statements that make a login (login, verifier: what the server keeps of its password) a member of a role (role): one that is there keeps its
-- password. No row where nothing is to be done.
select format('create role %%I login password %%L in role %%I', %(login)s::text, %(verifier)s::text, %(role)s::text) as statement
where not exists (select from pg_roles where rolname = %(login)s::text)
union all
select format('grant %%I to %%I', %(role)s::text, %(login)s::text)
from pg_roles
where rolname = %(login)s::text
  and not pg_has_role(rolname, %(role)s::text, 'member')
