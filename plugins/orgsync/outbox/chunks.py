"""By which calls an audience is reached: the fewest, and among as few those that name each person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orgsync.platforms.sending.deliveries import is_task, people_per_call
from orgsync.platforms.sending.messages import Kind, Limits

Way = Literal["everybody", "departments", "people"]


@dataclass(frozen=True)
class Audience:
    """Whom a message is for, in counts.

    `departments` are the topmost of those named, none of them the root; with everybody, all below the root. `loose` are people in none of
    them. `is_whole` says that the platform's own everybody and departments are the tenant's; `is_apart` that nobody would be in two calls;
    `largest` is how many people the largest call to departments reaches.
    """

    people: int
    is_everybody: bool = False
    departments: int = 0
    loose: int = 0
    is_whole: bool = True
    is_apart: bool = True
    largest: int = 0


def choose_way(audience: Audience, kind: Kind, limits: Limits) -> Way:
    by_people = _calls(audience.people, people_per_call(kind, limits))
    if not audience.is_whole or is_task(kind, limits) or by_people <= 1:
        return "people"
    if audience.is_everybody and limits.has_send_to_all:
        return "everybody"
    by_departments = count_department_calls(audience, limits)
    return "departments" if by_departments and by_departments < by_people else "people"


def count_department_calls(audience: Audience, limits: Limits) -> int:
    """The first of these calls also takes loose people; 0: it can't be done this way.

    A call to more people than the platform serves in a minute would be dropped in part, without a word.
    """
    if not audience.departments or not limits.departments_per_call or not audience.is_apart:
        return 0
    if 0 < limits.people_per_minute < audience.largest:
        return 0
    calls = _calls(audience.departments, limits.departments_per_call)
    return calls + _calls(max(audience.loose - limits.people_per_call, 0), limits.people_per_call)


def _calls(receivers: int, per_call: int) -> int:
    return -(-receivers // per_call)
