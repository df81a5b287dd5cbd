-- Marks where something that is only tried goes back to.
savepoint trial
