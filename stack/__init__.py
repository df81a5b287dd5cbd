"""The local stack: one launcher that starts, watches and stops everything a laptop needs."""
