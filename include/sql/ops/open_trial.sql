-- Marks where a dry run goes back to.
savepoint trial
