"""Measures whole syncs against the sandbox."""
