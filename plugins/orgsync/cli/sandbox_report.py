"""How the sandbox's answers are shown to a person: a line or a few for each platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from orgsync.templates.preview import shown

PEOPLE = {
    "joined": "joined",
    "left": "left",
    "returned": "returned",
    "moved": "moved",
    "renamed": "renamed",
    "promoted": "promoted",
    "manager_changed": "got another manager",
}
DEPARTMENTS = {
    "departments_created": "created",
    "departments_removed": "removed",
    "departments_moved": "moved",
    "departments_renamed": "renamed",
    "leaders_changed": "got other leaders",
}

EVENT_STATES = {
    "delivered": "acknowledged",
    "pending": "on their way",
    "failed": "given up",
    "lost": "lost as ordered",
}


def show_status(console: Console, found: Mapping[str, Mapping[str, Any]]) -> None:
    for platform, each in found.items():
        organization, calls = each["organization"], each["calls"]
        told = [
            f"{organization['people']:,} people, {organization['departments']:,} departments, {organization['memberships']:,} memberships",
            f"{organization['former']:,} have left",
            f"evolved {_counted(organization['step'], 'time', 'times')}",
            f"{_counted(calls['total'], 'call', 'calls')} taken",
        ]
        _say(console, platform, "; ".join(told))


def show_evolutions(console: Console, happened: Mapping[str, Mapping[str, Any]]) -> None:
    for platform, each in happened.items():
        people, departments = _count(each, PEOPLE), _count(each, DEPARTMENTS)
        _say(console, platform, f"people: {people or 'nothing'}; departments: {departments or 'nothing'}")


def show_hidden(console: Console, hidden: Mapping[str, int]) -> None:
    for platform, count in hidden.items():
        told = f"{_counted(count, 'person', 'people')} in no list and no count; nobody has left" if count else "everybody is shown again"
        _say(console, platform, told)


def show_faults(console: Console, faults: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]) -> None:
    for platform, added in faults.items():
        for fault in added["faults"]:
            _say(console, platform, f"{fault['interface']} misbehaves from now on: {fault['kind']}")


def show_removed_faults(console: Console, removed: Mapping[str, Mapping[str, int]]) -> None:
    for platform, answer in removed.items():
        count = answer["removed"]
        told = f"{_counted(count, 'fault', 'faults')} removed; it behaves again" if count else "there was no fault; it behaves"
        _say(console, platform, told)


def show_callback(console: Console, platform: str, subscription: Mapping[str, Any]) -> None:
    told = {
        "off": "it tells nobody of changes",
        "stream": "it tells of changes over a connection that is open",
    }.get(subscription["mode"])
    _say(
        console,
        platform,
        told or f"it tells {subscription['url']} of changes; token {subscription['token']}, key {subscription['key'] or 'none'}",
    )


def show_events(console: Console, counts: Mapping[str, Mapping[str, Any]]) -> None:
    for platform, each in counts.items():
        states = [f"{each[state]:,} {words}" for state, words in EVENT_STATES.items() if each.get(state)]
        told = (
            f"{_counted(each['emitted'], 'event', 'events')}: {', '.join(states)}" if each["emitted"] else "told nobody of any change yet"
        )
        _say(console, platform, told)


def show_event_faults(console: Console, faults: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]) -> None:
    for platform, added in faults.items():
        for fault in added["faults"]:
            which = "events" if fault["type"] == "*" else fault["type"]
            _say(console, platform, f"from now on {fault['share']:.0%} of {which}: {fault['kind']}")


def show_removed_event_faults(console: Console, removed: Mapping[str, Mapping[str, int]]) -> None:
    for platform, answer in removed.items():
        count = answer["removed"]
        told = f"{_counted(count, 'fault', 'faults')} of events removed" if count else "there was no fault of events"
        _say(console, platform, told)


def show_streams(console: Console, what: str, counts: Mapping[str, int]) -> None:
    done = {"disconnect": "ended as planned", "silence": "silent from now on", "restart": "broken off"}[what]
    for platform, count in counts.items():
        _say(console, platform, f"{_counted(count, 'connection', 'connections')} {done}")


def show_inbox(console: Console, inbox: Mapping[str, Any]) -> None:
    messages, todos = inbox["messages"], inbox["todos"]
    if not messages and not todos:
        console.print("nothing was received yet", highlight=False)
    for message in messages:
        state = "taken back" if message["recalled"] else "read" if message["read"] else "unread"
        _line(console, "message", state, message)
    for todo in todos:
        _line(console, "todo", str(todo["state"]), todo)


def _line(console: Console, what: str, state: str, each: Mapping[str, Any]) -> None:
    said = " ".join(f"{each['title']} {each['text']}".split())
    console.print(Text.assemble((what, "bold"), f"  {state}  ", shown(said)), highlight=False, soft_wrap=True)


def _say(console: Console, platform: str, told: str) -> None:
    console.print(Text.assemble((platform, "bold"), f"  {told}"), highlight=False, soft_wrap=True)


def _count(happened: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    return ", ".join(f"{len(happened[kind]):,} {words}" for kind, words in kinds.items() if happened.get(kind))


def _counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
