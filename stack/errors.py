"""The one error of the launcher: its text says what happened and what to do."""

from __future__ import annotations


class StackError(Exception):
    """Shown to the user without a traceback."""
