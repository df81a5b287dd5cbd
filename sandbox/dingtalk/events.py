"""Which events DingTalk makes of a change. Each says ids, one of them; what the app may see makes no difference."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sandbox.changes import Changes
from sandbox.dingtalk.tenant import DingTalk
from sandbox.events import Event
from sandbox.organization import Person

CHINA = timedelta(hours=8)
LATE_MODIFICATIONS = 4
"""Of so many who leave, for one a modification follows that is about nobody any more."""
Found = tuple[str, tuple[int, ...] | tuple[str, ...], dict[str, Any]]


def find_events(past: DingTalk, present: DingTalk, changes: Changes, now: float) -> list[Event]:
    rng = Random(f"dingtalk events:{present.organization.seed}:{present.organization.step}")
    at_ms = int(now * 1000)
    return [_event(found, at_ms + place, rng) for place, found in enumerate(_find(past, present, changes))]


def _find(past: DingTalk, present: DingTalk, changes: Changes) -> Iterator[Found]:
    for department_id in changes.departments_created:
        yield _of_department("org_dept_create", department_id)
    for department_id in changes.departments_changed:
        # Who leads it is told with the people, as far as it is told.
        if past.organization.departments[department_id] != present.organization.departments[department_id]:
            yield _of_department("org_dept_modify", department_id)
    for user_id in changes.joined:
        yield _of_person("user_add_org", user_id)
        yield _of_person("user_modify_org", user_id)
        if present.organization.people[user_id].active:
            yield _of_person("user_active_org", user_id)
    for user_id in changes.changed:
        difference = _difference(past.organization.people[user_id], present.organization.people[user_id])
        shown = _shown_difference(difference, user_id, present.settings.diff_info)
        yield _of_person("user_modify_org", user_id, shown)
    for user_id in changes.left:
        yield _of_person("user_leave_org", user_id)
        if past.organization.people[user_id].number % LATE_MODIFICATIONS == 0:
            yield _of_person("user_modify_org", user_id)
    for department_id in changes.departments_removed:
        yield _of_department("org_dept_remove", department_id)


def _of_person(kind: str, user_id: str, more: dict[str, Any] | None = None) -> Found:
    return kind, (user_id,), {"userId": [user_id]} | (more or {})


def _of_department(kind: str, department_id: int) -> Found:
    return kind, (department_id,), {"deptId": [department_id]}


def _event(found: Found, at_ms: int, rng: Random) -> Event:
    kind, ids, content = found
    event_id = f"{rng.getrandbits(128):032x}"
    return Event(event_id, kind, tuple(str(one) for one in ids), at_ms, {"timeStamp": str(at_ms)} | content)


def _difference(past: Person, present: Person) -> dict[str, Any]:
    before, after = _compared(past), _compared(present)
    names = [name for name in before if before[name] != after[name]]
    # What was cleared is in neither text; what was empty before likewise.
    return {
        "prev": {name: before[name] for name in names if before[name]},
        "curr": {name: after[name] for name in names if after[name]},
    }


def _compared(person: Person) -> dict[str, str | None]:
    """Neither the title nor the departments are among what is told."""
    hired = person.hired_at_ms
    return {
        "name": person.name,
        "email": person.email,
        "telephone": person.telephone,
        "jobNumber": person.job_number,
        "workPlace": person.work_place,
        "managerUserid": person.manager_id,
        "hiredDate": None if hired is None else (datetime.fromtimestamp(hired / 1000, UTC) + CHINA).date().isoformat(),
        "remark": person.remark,
    }


def _shown_difference(difference: dict[str, Any], user_id: str, style: str) -> dict[str, Any]:
    """Left out where nothing of it changed: a move, another title."""
    if style == "absent" or not (difference["prev"] or difference["curr"]):
        return {}
    shown = difference | {"userid": user_id}
    return {"diffInfo": [shown] if style == "array" else shown}
