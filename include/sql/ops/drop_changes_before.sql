-- Forgets what keep_changes_before remembered, so that another plan can be tried in the same transaction.
drop table if exists change_before
