-- Every right of a role on what is orgsync's, and who owns its functions; changes nothing.
select 'schema' as kind, schema.oid::text as object, '' as part, acl.grantee::text, acl.privilege_type::text as privilege
from pg_namespace as schema
cross join aclexplode(coalesce(schema.nspacl, acldefault('n', schema.nspowner))) as acl
where schema.nspname in ('org', 'ops', 'stage', 'notify', 'orgsync')
union all
select 'relation', relation.oid::text, '', acl.grantee::text, acl.privilege_type::text
from pg_class as relation
cross join aclexplode(coalesce(relation.relacl, acldefault(case relation.relkind when 'S' then 's' else 'r' end::"char", relation.relowner))) as acl
where relation.relnamespace::regnamespace::text in ('org', 'ops', 'stage', 'notify', 'orgsync')
  and relation.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
union all
select 'column', relation.oid::text, attribute.attname::text, acl.grantee::text, acl.privilege_type::text
from pg_attribute as attribute
join pg_class as relation on relation.oid = attribute.attrelid
cross join aclexplode(attribute.attacl) as acl
where relation.relnamespace::regnamespace::text in ('org', 'ops', 'stage', 'notify', 'orgsync')
union all
select 'function', function.oid::text, function.proowner::text, acl.grantee::text, acl.privilege_type::text
from pg_proc as function
cross join aclexplode(coalesce(function.proacl, acldefault('f', function.proowner))) as acl
where function.pronamespace::regnamespace::text in ('org', 'ops', 'stage', 'notify', 'orgsync')
order by 1, 2, 3, 4, 5
