"""What is to be read because of some events: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orgsync.manifest import Targets

MOST_TARGETS = 200
"""People and departments that are asked for one by one; a reorganization is read as a whole, which then takes fewer calls."""

What = Literal["nothing", "targets", "whole"]


@dataclass(frozen=True)
class Errand:
    """`answered` are the events that the read will answer, `idle` those for which none is needed; `reason` says why everything is read."""

    what: What
    targets: Targets = field(default_factory=Targets)
    gone_departments: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    reason: str = ""


def plan_errand(events: Iterable[Mapping[str, Any]], *, can_look: bool, is_known: bool) -> Errand:
    """What to read for events as `warehouse.events.list_due` gives them.

    `can_look`: the platform can be asked for single people. `is_known`: history holds a read of everybody, to which single ones add.
    """
    users: set[str] = set()
    departments: set[str] = set()
    gone: set[str] = set()
    answered, idle = [], []
    reason = ""
    for event in events:
        topic = event["kind"].partition(".")[0]
        if topic == "user" and event["user_ids"]:
            users.update(event["user_ids"])
        elif topic == "department" and event["department_ids"]:
            departments.update(event["department_ids"])
            gone.update(event["department_ids"] if event["kind"] == "department.removed" else ())
        elif topic == "range":
            reason = "what the app may see has changed"
        else:
            idle.append(event["event_key"])
            continue
        answered.append(event["event_key"])
    if not answered:
        return Errand("nothing", idle=tuple(idle))
    if len(users) + len(departments) > MOST_TARGETS:
        reason = reason or f"events name {len(users)} people and {len(departments)} departments"
    if not is_known:
        reason = "nothing was read yet"
    if not can_look:
        reason = reason or "the platform cannot be asked for single people"
    if reason:
        return Errand("whole", answered=tuple(answered), idle=tuple(idle), reason=reason)
    targets = Targets(users=tuple(sorted(users)), departments=tuple(sorted(departments)))
    return Errand("targets", targets, tuple(sorted(gone)), tuple(answered), tuple(idle))


def add_targets(targets: Targets, found: Iterable[tuple[str, str]]) -> Targets | None:
    """With pairs of entity and id; None where that is too many to ask for one by one."""
    by_entity: dict[str, set[str]] = {"user": set(targets.users), "department": set(targets.departments)}
    for entity, key in found:
        by_entity[entity].add(key)
    if sum(map(len, by_entity.values())) > MOST_TARGETS:
        return None
    return Targets(users=tuple(sorted(by_entity["user"])), departments=tuple(sorted(by_entity["department"])))
