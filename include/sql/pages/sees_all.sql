-- Whether whoever is connected sees personal columns in clear.
select pg_has_role('orgsync_pii', 'usage') as sees_all
