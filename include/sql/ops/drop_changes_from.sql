-- Forgets what keep_changes_from remembered, so that another retraction can be tried in the same transaction.
drop table if exists change_from_before
