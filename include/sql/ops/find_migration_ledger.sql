-- Tells whether the list of migrations exists.
select to_regclass('orgsync.migration')::text as ledger
