-- The statements that make a login (login, verifier: what the server keeps of its password) one that loads: one that is there keeps its
-- password, and becomes a member of orgsync_loader if it is none. No row where nothing is to be done.
select format('create role %%I login password %%L in role orgsync_loader', %(login)s::text, %(verifier)s::text) as statement
where not exists (select from pg_roles where rolname = %(login)s::text)
union all
select format('grant orgsync_loader to %%I', %(login)s::text)
from pg_roles
where rolname = %(login)s::text
  and not pg_has_role(rolname, 'orgsync_loader', 'member')
