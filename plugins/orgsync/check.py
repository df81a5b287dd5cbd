"""One thing that was tried, and what came of it: for the doctor, `orgsync check` and the connection form's *Test* button."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "degraded", "broken", "skipped"]

OUTCOMES: tuple[Outcome, ...] = ("broken", "degraded", "skipped", "ok")
"""The worst first. What was skipped has not been tried, since something else is broken."""


@dataclass(frozen=True)
class Check:
    """`reason` says in a sentence what was found, `fix` what to do and where, `lost` what does not work until then.

    `name` is one of NAMES, `subject` which of several (a permission point, a template, a connection's field), `code` the platform's own.
    Texts are `Words` where they are told in Chinese too. None holds a secret.
    """

    name: str
    outcome: Outcome
    reason: str
    fix: str = ""
    lost: str = ""
    code: str = ""
    subject: str = ""
    tenant_id: str = ""
    file: str = ""
    line: int | None = None


def worst_of(checks: Iterable[Check]) -> Outcome:
    """Of nothing that is wrong: ok."""
    found = {check.outcome for check in checks}
    return next((outcome for outcome in ("broken", "degraded") if outcome in found), "ok")
