-- Takes back what was written since open_trial.
rollback to savepoint trial
