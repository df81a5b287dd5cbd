"""Whom somebody reports to, at any time: pure.

The view `org.reporting_line` says the same of everybody as of now; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orgsync.warehouse.statements import Row

MOST_STEPS = 5


@dataclass(frozen=True)
class Step:
    """The people at one step up: told by the platform, or as leaders of a department."""

    user_ids: tuple[str, ...]
    department_id: str | None = None
    department_name: str | None = None


def find_superiors(user_id: str, rows: Sequence[Row]) -> Step | None:
    """The manager whom the platform tells, else the leaders of the nearest department upward that the person does not lead.

    `rows` are the departments from the main one up, each with its leaders, and with the manager.
    """
    manager = rows[0]["manager_user_id"] if rows else None
    if manager and manager != user_id:
        return Step((manager,))
    for row in rows:
        if row["leaders"] and user_id not in row["leaders"]:
            return Step(tuple(row["leaders"]), row["department_id"], row["name"])
    return None


def climb(user_id: str, list_leads: Callable[[str], Sequence[Row]]) -> list[Step]:
    """Up to MOST_STEPS steps; of several people it goes on with the first, and nobody comes twice."""
    steps: list[Step] = []
    seen = {user_id}
    while len(steps) < MOST_STEPS and (step := find_superiors(user_id, list_leads(user_id))):
        new = [each for each in step.user_ids if each not in seen]
        if not new:
            break
        steps.append(step)
        seen.update(step.user_ids)
        user_id = new[0]
    return steps
