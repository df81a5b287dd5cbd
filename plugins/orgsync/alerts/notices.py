"""What is told: a problem, at one of the moments at which somebody wants to hear of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orgsync.alerts.problems import Problem

Event = Literal["new", "still", "over"]


@dataclass(frozen=True)
class Notice:
    """One problem told once: when it is new, again while it lasts, and when it is over. `at` is the warehouse's now."""

    problem: Problem
    event: Event
    at: datetime
