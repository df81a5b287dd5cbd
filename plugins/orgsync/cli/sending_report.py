"""How messages, and what became of them, are shown to a person, on a console of any width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orgsync.cli.report import at, fits, instants, plain_table, print_pairs, print_unbroken, shortened, zone_of
from orgsync.templates.preview import shown

STATE_STYLES = {
    "pending": "cyan",
    "claimed": "cyan",
    "sent": "green",
    "delivered": "bold green",
    "partly": "bold yellow",
    "failed": "bold red",
    "dead": "bold red",
    "expired": "yellow",
    "recalled": "yellow",
    "recall_failed": "bold red",
}
RECIPIENT_STATES = ("read", "delivered", "sent", "pending", "unknown", "failed", "recalled", "recall_failed")
MISSED = ("pending", "unknown", "failed", "recall_failed")
CALL_OUTCOMES = {
    "sent": "sent",
    "done": "todos changed",
    "again": "to be tried again",
    "refused": "refused",
    "unknown": "in doubt",
    "recalled": "taken back",
    "too_late": "too late to take back",
    "recall_failed": "not taken back",
    "asked": "asked for results",
}


def show_pushes(console: Console, done: Sequence[Mapping[str, Any]]) -> None:
    """A line for each tenant, and one for what still waits; what failed is told with the errors."""
    for each in done:
        told = ("failed", "bold red") if each["error"] else (_what_was_done(each), "")
        console.print(Text.assemble((each["tenant_id"], "bold"), "  ", told), soft_wrap=True)
        if each["waiting"] and not each["error"]:
            print_unbroken(console, _waiting(each))


def show_quota(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """A line for each quota of each tenant; then what is to be done about them, and what waits."""
    table = plain_table(["tenant", "quota"])
    renewed, cells = instants("new at", [gauge["renewed_at"] for row in rows for gauge in row["gauges"]], "%Y-%m-%d %H:%M")
    for name in ("used", "of", renewed):
        table.add_column(name, justify="right", no_wrap=True)
    new_at = iter(cells)
    for row in rows:
        for gauge in row["gauges"]:
            used = Text(f"{gauge['used']:,}", style=_gauge_style(gauge))
            table.add_row(Text(row["tenant_id"]), Text(gauge["name"]), used, f"{gauge['most']:,}", next(new_at))
        if not row["gauges"]:
            table.add_row(Text(row["tenant_id"]), Text("unknown, see below" if row["unknown"] else "none", style="dim"))
    console.print(table)
    for row in rows:
        warned = (gauge for gauge in row["gauges"] if gauge["warning"])
        lines = [Text(f"{gauge['name']}: {gauge['warning']}", style=_gauge_style(gauge)) for gauge in warned]
        lines += [Text(row["unknown"])] if row["unknown"] else []
        lines += [_waiting(row)] if row["waiting"] else []
        if lines:
            console.print(Text(row["tenant_id"], style="bold"), *map(_indented, lines), sep="\n")


def show_messages(console: Console, messages: Sequence[Mapping[str, Any]]) -> None:
    """Newest first: a line for each message, or where the console is too narrow for the table, two or three."""
    table = _table_of_messages(messages)
    is_table = fits(console, table)
    if is_table:
        console.print(table)
    for message in messages:
        if not is_table:
            console.print(_block(message))
        if message["reason"]:
            print_unbroken(console, _reason(message, f"{message['message_id']}: " if is_table else ""), indent=0 if is_table else 2)


def show_message(console: Console, message: Mapping[str, Any]) -> None:
    """One message in full: what it says, to whom, where it stands, who did not get it and why, every attempt."""
    console.print(_headline(message))
    says = _what_it_says(message)
    print_pairs(console, says, map(shown, says.values()))
    if message["url"]:
        print_unbroken(console, shown(f"opens {message['url']}"))
    if message["reason"]:
        print_unbroken(console, _reason(message, "Reason: "))
    parts: list[RenderableType] = [Text(f"Recipients: {_recipients(message) or _nobody_yet(message)}")]
    if message["missed"]:
        parts += [Text("Who did not get it", style="bold"), _indented(_missed(message["missed"]))]
        if more := sum(message["recipients"].get(state, 0) for state in MISSED) - len(message["missed"]):
            parts.append(Text(f"  and {more:,} more (--limit)", style="dim"))
    if message["attempts"]:
        parts += [Text("Attempts", style="bold"), _indented(_attempts(message["attempts"]))]
    console.print(Padding(Group(*parts), (0, 0, 1, 2), expand=False))


def _what_was_done(done: Mapping[str, Any]) -> str:
    calls = [f"{done['attempts'][outcome]:,} {words}" for outcome, words in CALL_OUTCOMES.items() if done["attempts"].get(outcome)]
    parts = [f"{_counted(done['messages'], 'message')} taken up"] if done["messages"] else []
    parts += [f"calls: {', '.join(calls)}"] if calls else []
    return "; ".join(parts) or "nothing was to be done now"


def _waiting(row: Mapping[str, Any]) -> Text:
    reason = f": {row['reason']}" if row["reason"] else ""
    wait = "waits" if row["waiting"] == 1 else "wait"
    return shown(f"{_counted(row['waiting'], 'message')} {wait}{reason}", "yellow")


def _gauge_style(gauge: Mapping[str, Any]) -> str:
    if not gauge["warning"]:
        return ""
    return "bold red" if gauge["used"] >= gauge["most"] else "yellow"


def _table_of_messages(messages: Sequence[Mapping[str, Any]]) -> Table:
    queued, times = instants("queued", [message["created_at"] for message in messages])
    table = plain_table(["id", "tenant", queued, "what", "state", "recipients", "title"])
    for message, time in zip(messages, times, strict=True):
        title = shortened(_title(message))
        cells = (str(message["message_id"]), message["tenant_id"], time, _what(message))
        table.add_row(*map(Text, cells), _state(message), Text(_recipients(message)), shown(title))
    return table


def _block(message: Mapping[str, Any]) -> RenderableType:
    lines = [shown(shortened(_title(message)))]
    if recipients := _recipients(message):
        lines.append(Text(recipients))
    return Group(_headline(message), _indented(Group(*lines)))


def _reason(message: Mapping[str, Any], lead: str) -> Text:
    return shown(f"{lead}{message['reason']}", STATE_STYLES[message["state"]])


def _headline(message: Mapping[str, Any]) -> Text:
    head = (f"message {message['message_id']}", "bold")
    return Text.assemble(head, f"  {message['tenant_id']}, {_what(message)}, {at(message['created_at'])}  ", _state(message))


def _what_it_says(message: Mapping[str, Any]) -> dict[str, str]:
    """What a message does not have is not shown."""
    times = {name: _to_the_minute(message[column]) for name, column in (("due", "due_at"), ("expires", "expires_at")) if message[column]}
    if message["not_before"] > message["created_at"]:
        times["not before"] = _to_the_minute(message["not_before"])
    if message["state"] == "pending" and message["next_attempt_at"] > message["not_before"]:
        times["next try"] = _to_the_minute(message["next_attempt_at"])
    told = {
        "title": message["title"],
        "body": message["body"],
        "to": _audience(message["audience"]),
        **times,
        "priority": str(message["priority"]),
        "dedupe key": message["dedupe_key"],
        "source": message["source"],
    }
    return {name: value for name, value in told.items() if value}


def _audience(audience: Mapping[str, Any]) -> str:
    if audience.get("everyone"):
        return "everybody"
    named = [(name, audience.get(name, [])) for name in ("users", "departments")]
    parts = [f"{name} {', '.join(ids)}" for name, ids in named if ids]
    return "; ".join(parts + ([f"query {audience['query']}"] if audience.get("query") else []))


def _missed(people: Iterable[Mapping[str, Any]]) -> Table:
    table = plain_table(["person", "state", "reason"])
    for person in people:
        table.add_row(shown(person["user_id"]), Text(person["state"]), shown(person["reason"] or ""))
    return table


def _attempts(attempts: Sequence[Mapping[str, Any]]) -> Table:
    started, times = instants("at", [attempt["started_at"] for attempt in attempts])
    table = plain_table([started, "what", "outcome"])
    for name in ("people", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    for attempt, when in zip(attempts, times, strict=True):
        seconds = f"{(attempt['finished_at'] - attempt['started_at']).total_seconds():,.1f}" if attempt["finished_at"] else ""
        people = "all" if attempt["to_all"] else f"{attempt['people']:,}"
        table.add_row(when, Text(attempt["action"]), Text(attempt["outcome"]), people, seconds, shown(_remarks(attempt)))
    return table


def _remarks(attempt: Mapping[str, Any]) -> str:
    repeat = "may have reached people a second time" if attempt["could_repeat"] else ""
    return "; ".join(filter(None, (attempt["reason"], repeat)))


def _recipients(message: Mapping[str, Any]) -> str:
    counts = message["recipients"]
    return ", ".join(f"{counts[state]:,} {state}" for state in RECIPIENT_STATES if counts.get(state))


def _nobody_yet(message: Mapping[str, Any]) -> str:
    if message["action"] != "send":
        return "those of its todo"
    return "looked up when it is sent" if message["state"] == "pending" else "nobody"


def _what(message: Mapping[str, Any]) -> str:
    return message["kind"] if message["action"] == "send" else f"{message['action']} {message['kind']} {message['of_message_id']}"


def _title(message: Mapping[str, Any]) -> str:
    """A text need not have one."""
    return " ".join((message["title"] or message["body"]).split())


def _state(message: Mapping[str, Any]) -> Text:
    return Text(message["state"], style=STATE_STYLES[message["state"]])


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _to_the_minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} {zone_of(instant)}"


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, 2), expand=False)
