"""A sync and what is done about snapshots afterwards: the verbs that DAGs, the command and the pages call, and what they decide by."""
