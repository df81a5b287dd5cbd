-- Whether whoever asks owns what is orgsync's, by itself or as a member of the owner; changes nothing.
select coalesce(bool_and(pg_has_role(current_user, nspowner, 'usage')), false) as is_owner
from pg_namespace
where nspname in ('org', 'ops', 'stage', 'notify', 'orgsync')
