"""Shows runs to a person in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from rich import filesize
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orgsync.sync.budget import describe
from orgsync.templates.preview import shown

OUTCOME_STYLES = {
    "succeeded": "bold green",
    "unchanged": "green",
    "cleaned": "green",
    "skipped": "yellow",
    "planned": "bold cyan",
    "running": "cyan",
    "stopped": "bold yellow",
    "failed": "bold red",
}
USER_KINDS = ("joined", "left", "returned", "moved", "renamed", "updated")
DEPARTMENT_KINDS = ("created", "removed", "returned", "moved", "renamed", "updated")
STEPS = ("extract", "recognize", "validate", "import", "tidy", "expect", "page", "stage", "plan", "merge", "write", "replay", "rebuild")
PARTS = dict.fromkeys(("import", "tidy", "expect", "page", "stage"), "validate") | {"write": "merge"}
SELDOM = ("import", "page")
SHOWN_SECONDS = 0.05
"""What takes less is not told of the parts that mostly take nothing."""
LONGEST_VALUE = 50
SHOWN = "%Y-%m-%d %H:%M:%S"
URL = re.compile(r"\S*://\S*")
LISTED = 10
"""So many of each kind are listed of a plan's changes."""


def show_run(console: Console, run: Mapping[str, Any]) -> None:
    """One run in full: totals, changes, quarantine, seconds and calls."""
    console.print(_headline(run))
    parts: list[RenderableType] = [_totals(run), _changes(run)]
    if run["quarantine"]:
        parts.append(_quarantine(console, run["quarantine"]))
    if run["withheld_fields"]:
        parts.append(_withheld(run))
    if run["step_seconds"]:
        parts.append(_seconds(run["step_seconds"]))
    if run["calls"]:
        parts.append(_calls(run["calls"]))
    parts += [Text(warning, style="yellow") for warning in run["warnings"]]
    console.print(Padding(Group(*parts), (0, 0, 0, 2), expand=False))
    if run["error"]:
        print_unbroken(console, Text(run["error"], style="red"))
    console.print()


def print_unbroken(console: Console, text: Text, *, indent: int = 2) -> None:
    """A URL too long for a line has one for itself, which only the terminal may break: it can be opened and copied as a whole."""
    begin = 0
    for url in URL.finditer(text.plain):
        if cell_len(url[0]) > console.width - indent:
            _print_part(console, text[begin : url.start()], indent)
            console.print(Text(" " * indent) + text[url.start() : url.end()], soft_wrap=True, highlight=False)
            begin = url.end()
    _print_part(console, text[begin:], indent)


def _print_part(console: Console, text: Text, indent: int) -> None:
    if text.plain.strip():
        console.print(Padding(text, (0, 0, 0, indent), expand=False), highlight=False)


def show_runs(console: Console, runs: Iterable[Mapping[str, Any]]) -> None:
    """Newest first: a line for each run, or where the console is too narrow for the table, two."""
    listed = list(runs)
    table = _table_of_runs(listed)
    is_table = fits(console, table)
    if is_table:
        console.print(table)
    for run in listed:
        if not is_table:
            console.print(_block(run))
        if run["error"]:
            print_unbroken(console, _error(run) if is_table else Text(run["error"], style="red"), indent=0 if is_table else 2)


def show_plan(console: Console, plan: Mapping[str, Any]) -> None:
    """A plan for whoever decides about it: the budgets it exceeds, its changes in counts, and the first of each kind."""
    console.print(_plan_headline(plan))
    outcome = "succeeded" if plan["state"] == "applied" else "planned"
    parts: list[RenderableType] = [_changes({"outcome": outcome, "changes": plan["summary"]})]
    if plan["is_retraction"]:
        parts = [Text(f"The snapshot was taken out of history. Taken back: {_list_changes(plan['summary']) or 'nothing'}")]
    parts += [Text(f"Over budget: {describe(exceeded)}", style="bold yellow") for exceeded in plan["over_budget"]]
    if plan["decided_by"]:
        verdict = "Approved" if plan["is_approved"] else "Rejected" if plan["state"] == "rejected" else "Decided, before it changed,"
        parts.append(Text(f"{verdict} by {plan['decided_by']}, {at(plan['decided_at'])}"))
    if plan["company_accepted_by"]:
        parts.append(Text(f"With another company from here on, by the word of {plan['company_accepted_by']}", style="bold yellow"))
    if plan["problems"]:
        parts.append(Text(f"Not complete, so it ends nothing: {'; '.join(plan['problems'])}", style="yellow"))
    if plan["unseen_counts"]:
        unseen = ", ".join(f"{count:,} {entity}s" for entity, count in sorted(plan["unseen_counts"].items()))
        parts.append(Text(f"Out of sight, they stay as they were: {unseen}", style="yellow"))
    if plan["withheld_fields"]:
        parts.append(Text(f"Withheld by the platform, last values stay: {', '.join(plan['withheld_fields'])}", style="yellow"))
    console.print(Padding(Group(*parts), (0, 0, 0, 2), expand=False))
    _print_changes(console, plan)
    console.print()


def show_quarantine(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """A line for each row kept out: what, which rules it broke and why, for how many loads in a row."""
    table = plain_table(["tenant", "what", "person", "department", "rules", "reasons"])
    table.add_column("loads", justify="right", no_wrap=True)
    since, cells = instants("since", [row["since"] for row in rows], "%Y-%m-%d %H:%M")
    table.add_column(since, no_wrap=True)
    for row, cell in zip(rows, cells, strict=True):
        texts = (row[name] or "" for name in ("tenant_id", "entity", "user_id", "department_id", "rules", "reasons"))
        table.add_row(*map(Text, texts), f"{row['runs']:,}", cell)
    console.print(table)


def show_events(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """A line for each tenant: what came, how soon it was acted on, and what the last full read found that no event had named."""
    last, lasts = instants("last", [row["last_received_at"] for row in rows], "%Y-%m-%d %H:%M")
    table = plain_table(["tenant", last])
    for name in ("in a day", "refused", "waiting", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("the last full read")
    for row, cell in zip(rows, lasts, strict=True):
        seconds = "" if row["median_seconds"] is None else f"{row['median_seconds']:.1f}"
        table.add_row(
            Text(row["tenant_id"]), cell, f"{row['received']:,}", f"{row['refused']:,}", f"{row['waiting']:,}", seconds, _audit(row)
        )
    console.print(table)


def _audit(row: Mapping[str, Any]) -> str:
    if row["audited_at"] is None:
        return "not yet: two full reads make a count"
    kinds = ", ".join(f"{name.replace('.', ' ')} {count:,}" for name, count in sorted(row["silent_kinds"].items()))
    silent = f"{row['silent']:,} of {row['changes']:,} changes were named by no event{f' ({kinds})' if kinds else ''}"
    return f"{silent}; {row['empty']:,} of {row['audited_events']:,} events were followed by no change"


def show_replay(console: Console, done: Sequence[Mapping[str, Any]]) -> None:
    """A line for each snapshot that was loaded again, or why it was not."""
    taken, cells = instants("taken", [each["taken_at"] for each in done])
    table = plain_table([taken, "outcome", "changes"])
    table.add_column("history rows", justify="right", no_wrap=True)
    for each, cell in zip(done, cells, strict=True):
        what = Text(each["reason"]) if each["outcome"] == "skipped" else _changes(each)
        table.add_row(cell, _outcome(each), what, f"{each['history_rows']:,}")
    console.print(table)


def show_retractions(console: Console, done: Sequence[Mapping[str, Any]]) -> None:
    """A line for each snapshot: which changes history does not tell any more, and which it tells instead."""
    table = plain_table(["snapshot", "was", "outcome", "changes taken back", "told instead"])
    table.add_column("history rows", justify="right", no_wrap=True)
    for each in done:
        told = (_list_changes(each[name]) or "nothing" for name in ("taken_back", "instead"))
        table.add_row(Text(each["snapshot_id"]), each["state"], _outcome(each), *map(Text, told), f"{each['history_rows']:,}")
    console.print(table)


def show_rebuild(console: Console, tenant_id: str, result: Mapping[str, Any]) -> None:
    """What was loaded, and what of the landing zone was not and why."""
    console.print(Text.assemble((tenant_id, "bold"), "  rebuild  ", _outcome(result)))
    new = len(result["registered"])
    parts: list[RenderableType] = [Text(f"In the landing zone: {result['landed']:,} snapshots, {new:,} of them new to the warehouse")]
    if result["outcome"] == "planned":
        parts.append(Text(f"Would be loaded: {_first_and_last(result['due'])}"))
    else:
        loaded = [each["snapshot_id"] for each in result["loaded"]]
        parts.append(Text(f"Loaded: {_first_and_last(loaded)}; {result['history_rows']:,} rows of history"))
    if result["taken_out"]:
        taken_out = [each["snapshot_id"] for each in result["taken_out"]]
        parts.append(Text(f"Taken out of history, as was decided since the backup: {_first_and_last(taken_out)}"))
    parts += [Text(f"Could not be loaded: {each['snapshot_id']}: {each['reason']}", style="red") for each in result["failed"]]
    for why, group in groupby(sorted(result["left_out"], key=lambda each: str(each["why"])), key=lambda each: each["why"]):
        parts += _left_out(why, list(group))
    if result["unfinished"]:
        why = "a read is under way, or was killed; the next sync or housekeeping removes what is left of one"
        parts.append(Text(f"Folders without a manifest: {_first_and_last(result['unfinished'])} ({why})", style="yellow"))
    console.print(Padding(Group(*parts), (0, 0, 1, 2), expand=False))


def _left_out(why: str, rows: Sequence[Mapping[str, Any]]) -> Iterable[RenderableType]:
    hint = " (--undecided loads them)" if why == "undecided" else ""
    yield Text(f"Left out, {why}: {len(rows):,}{hint}", style="yellow")
    yield from (Text(f"  {each['snapshot_id']}: {each['reason']}") for each in rows[:LISTED])
    if len(rows) > LISTED:
        yield Text(f"  and {len(rows) - LISTED:,} more (--json lists all)", style="dim")


def _first_and_last(names: Sequence[str]) -> str:
    """How many, and between which two."""
    if not names:
        return "none"
    return f"{len(names):,} ({names[0]})" if len(names) == 1 else f"{len(names):,} ({names[0]} to {names[-1]})"


def _plan_headline(plan: Mapping[str, Any]) -> Text:
    head = f"  {plan['tenant_id']}, snapshot of {at(plan['taken_at'])}, {plan['state']}"
    return Text.assemble((f"plan {plan['plan_id']}", "bold"), head)


def _print_changes(console: Console, plan: Mapping[str, Any]) -> None:
    """The changes that were fetched, kind by kind and by department, and how many more there are."""
    for (entity, kind), changes in groupby(plan["changes"], key=lambda change: (change["entity"], change["kind"])):
        listed = list(changes)
        console.print(Text(f"  {entity} {kind}", style="bold"))
        _print_rows(console, [_tell_change(change) for change in listed])
        ids = {_key_of(change) for change in listed}
        if more := plan["summary"][entity].get(kind, 0) - len(ids):
            console.print(Text(f"    and {more:,} more (--json or --csv list all)", style="dim"))


def _print_rows(console: Console, rows: Sequence[Mapping[str, str]]) -> None:
    """A table of the columns in which there is something; or where the console is too narrow for it, a line for each row."""
    columns = [column for column in rows[0] if any(row[column] for row in rows)]
    table = plain_table(columns)
    for row in rows:
        table.add_row(*(shown(row[column]) for column in columns))
    if fits(console, table, indent=4):
        console.print(Padding(table, (0, 0, 0, 4), expand=False))
        return
    for row in rows:
        change = f"{row['column']}: {row['from'] or 'nothing'} -> {row['to'] or 'nothing'}" if row["column"] else ""
        told = "  ".join(filter(None, (row["id"], row["name"], row["department"], change)))
        print_unbroken(console, shown(told), indent=4)


def _tell_change(change: Mapping[str, Any]) -> dict[str, str]:
    """A change in words: where the ends are ids, what these are called, too."""
    ends = {
        end: f"{names} ({value})" if (names := change.get(f"names_{end}")) else value or ""
        for end, value in (("from", change["value_from"]), ("to", change["value_to"]))
    }
    is_whole = change["column_name"] is None  # who joined or left: the end is the name
    name = change.get("name") or (is_whole and (change["value_to"] or change["value_from"])) or ""
    told = {"id": _key_of(change), "name": name, "department": change.get("department_path") or "", "column": change["column_name"] or ""}
    return told | {end: "" if is_whole else shortened(" ".join(value.split())) for end, value in ends.items()}


def _key_of(change: Mapping[str, Any]) -> str:
    key: str = change["user_id"] or change["department_id"]
    return key


CHANGE_COLUMNS = (
    "kind",
    "entity",
    "user_id",
    "department_id",
    "name",
    "department_path",
    "column_name",
    "value_from",
    "value_to",
    "names_from",
    "names_to",
)
"""Of a plan as CSV."""


def show_cleanings(console: Console, cleanings: Sequence[Mapping[str, Any]]) -> None:
    """A line for each tenant: how many of its snapshots stay, and what went, or would go."""
    table = plain_table(["tenant", "outcome"])
    for name in ("kept", "removed", "size", "runs closed", "events removed", "messages removed"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in cleanings:
        counts = [f"{each[name]:,}" for name in ("kept", "removed", "closed_runs", "removed_events", "removed_messages")]
        counts.insert(2, filesize.decimal(each["removed_bytes"]))
        table.add_row(Text(each["tenant_id"]), _outcome(each), *([""] * len(counts) if each["error"] else counts))
    console.print(table)
    for each in cleanings:
        if each["error"]:
            print_unbroken(console, Text(f"{each['tenant_id']}: {each['error']}", style="red"), indent=0)


def show_table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table, or where the console is too narrow for it, each row as a list of its columns, values unbroken."""
    cells = [[shown("" if value is None else str(value)) for value in row] for row in rows]
    table = plain_table(columns)
    for row in cells:
        table.add_row(*row)
    if not rows or fits(console, table):
        console.print(table)
    else:
        for number, row in enumerate(cells, start=1):
            console.print(Text(f"row {number:,}", style="bold"))
            print_pairs(console, columns, row)
    zones = {zone_of(value) for row in rows for value in row if isinstance(value, datetime) and value.tzinfo}
    told = f"; times in {', '.join(sorted(zones))}" if zones else ""
    console.print(f"({len(rows):,} row{'' if len(rows) == 1 else 's'}{told})", style="dim", highlight=False)


def at(instant: datetime) -> str:
    """In the zone that it bears, which is named."""
    return f"{instant:{SHOWN}} {zone_of(instant)}"


def zone_of(instant: datetime) -> str:
    return getattr(instant.tzinfo, "key", None) or instant.tzname() or ""


def instants(title: str, values: Sequence[datetime], form: str = SHOWN) -> tuple[str, list[str]]:
    """Title and cells of a column of instants: the zone stands in the title where it is one."""
    zones = {zone_of(value) for value in values}
    if len(zones) == 1:
        return f"{title} ({zones.pop()})", [f"{value:{form}}" for value in values]
    return title, [f"{value:{form}} {zone_of(value)}" for value in values]


def _table_of_runs(runs: Sequence[Mapping[str, Any]]) -> Table:
    started, cells = instants("started", [run["started_at"] for run in runs])
    table = plain_table(["tenant", started, "outcome", "read"])
    for name in ("seconds", "extract", "validate", "plan", "merge", "calls", "people", "history rows", "quarantined"):
        table.add_column(name, justify="right", no_wrap=True)
    for run, cell in zip(runs, cells, strict=True):
        seconds, counts = run["step_seconds"], run["counts"]
        table.add_row(
            Text(run["tenant_id"]),
            cell,
            _outcome(run),
            run["mode"] or "",
            f"{_total_seconds(seconds):,.1f}" if seconds else "",
            *(f"{seconds[step]:,.1f}" if step in seconds else "" for step in ("extract", "validate", "plan", "merge")),
            f"{_count_calls(run['calls']):,}" if run["calls"] else "",
            *(f"{counts[name]:,}" if name in counts else "" for name in ("users", "history_rows", "quarantined")),
        )
    return table


def _block(run: Mapping[str, Any]) -> RenderableType:
    """What a row of the table says, in words."""
    head = Text.assemble((run["tenant_id"], "bold"), f"  {at(run['started_at'])}  ", _outcome(run))
    seconds, counts = run["step_seconds"], run["counts"]
    steps = [f"{step} {seconds[step]:,.1f}" for step in ("extract", "validate", "plan", "merge") if step in seconds]
    told = [
        f"{run['mode']} read" if run["mode"] else "",
        f"{_total_seconds(seconds):,.1f} s ({', '.join(steps)})" if steps else "",
        f"{_count_calls(run['calls']):,} calls" if run["calls"] else "",
        *(
            f"{counts[name]:,} {word}"
            for name, word in (("users", "people"), ("history_rows", "history rows"), ("quarantined", "quarantined"))
            if name in counts
        ),
    ]
    line = Text(", ".join(filter(None, told)) or "nothing recorded yet")
    return Group(head, Padding(line, (0, 0, 0, 2), expand=False))


def _error(run: Mapping[str, Any]) -> Text:
    return Text(f"{run['tenant_id']} {at(run['started_at'])}: {run['error']}", style="red")


def _headline(run: Mapping[str, Any]) -> Text:
    way = f" ({run['method']})" if run["method"] else ""
    mode = f"{run['mode']} read{way}" if run["mode"] else "not read"
    return Text.assemble((run["tenant_id"], "bold"), f"  {run['platform']}, {mode}, {at(run['started_at'])}  ", _outcome(run))


def _outcome(run: Mapping[str, Any]) -> Text:
    return Text(run["outcome"], style=OUTCOME_STYLES[run["outcome"]])


def shortened(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 4]} ..."


def _withheld(run: Mapping[str, Any]) -> Text:
    """Each field with the day since which it has been withheld, as far as loaded snapshots tell."""
    zone = run["started_at"].tzinfo
    days = {field: f"{datetime.fromisoformat(since).astimezone(zone):%Y-%m-%d}" for field, since in run["withheld_since"].items() if since}
    since = {field: days.get(field, "") for field in run["withheld_fields"]}
    listed = ", ".join(f"{field} (since {day})" if day else field for field, day in since.items())
    return Text(f"Withheld by the platform, last values stay: {listed}", style="yellow")


def _totals(run: Mapping[str, Any]) -> Text:
    totals = run["totals"]
    return Text.assemble(
        "Now in the warehouse: ",
        (f"{totals['departments']:,}", "bold"),
        " departments, ",
        (f"{totals['users']:,}", "bold"),
        " people, ",
        (f"{totals['memberships']:,}", "bold"),
        " memberships",
    )


def _changes(run: Mapping[str, Any]) -> Text:
    if run["outcome"] == "running":
        return Text("Changed: nothing yet")
    is_trial = run["outcome"] == "planned" or (run["outcome"] == "stopped" and any(run["changes"].values()))
    verb = "Would change" if is_trial else "Changed"
    return Text(f"{verb}: {_list_changes(run['changes']) or 'nothing'}")


def _list_changes(changes: Mapping[str, Mapping[str, int]]) -> str:
    people = _list_kinds(changes.get("user", {}), USER_KINDS)
    departments = _list_kinds(changes.get("department", {}), DEPARTMENT_KINDS)
    return f"people {people or 'none'}; departments {departments or 'none'}" if people or departments else ""


def _list_kinds(counts: Mapping[str, int], kinds: Sequence[str]) -> str:
    """In the order of `kinds`; one that is not among them comes last rather than not at all."""
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in (*kinds, *sorted(set(counts) - set(kinds))) if counts.get(kind))


def _quarantine(console: Console, rules: Sequence[Mapping[str, Any]]) -> RenderableType:
    title = Text("Quarantined, tried again next time", style="yellow")
    table = plain_table(["what", "rule", "reason"])
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("for example", overflow="fold")
    for rule in rules:
        table.add_row(
            Text(rule["entity"]), Text(rule["rule"]), Text(rule["reason"]), f"{rule['count']:,}", Text(", ".join(rule["examples"]))
        )
    if fits(console, table, indent=2):
        return Group(title, table)
    return Group(title, *(_rule_in_words(rule) for rule in rules))


def _rule_in_words(rule: Mapping[str, Any]) -> RenderableType:
    examples = f"; for example {', '.join(rule['examples'])}" if rule["examples"] else ""
    text = Text.assemble(f"{rule['count']:,} {rule['entity']}{'' if rule['count'] == 1 else 's'}, ", (rule["rule"], "bold"))
    text.append(f": {rule['reason']}{examples}")
    return Padding(text, (0, 0, 0, 2), expand=False)


def _seconds(seconds: Mapping[str, float]) -> Text:
    steps = [_describe_step(seconds, step) for step in STEPS if step in seconds and step not in PARTS]
    return Text(f"Seconds: {_total_seconds(seconds):,.1f} in all; {', '.join(steps)}")


def _describe_step(seconds: Mapping[str, float], step: str) -> str:
    listed = [part for part, whole in PARTS.items() if whole == step and part in seconds]
    parts = [f"{part} {seconds[part]:,.1f}" for part in listed if part not in SELDOM or seconds[part] >= SHOWN_SECONDS]
    return f"{step} {seconds[step]:,.1f}" + (f" ({', '.join(parts)})" if parts else "")


def _total_seconds(seconds: Mapping[str, float]) -> float:
    return float(sum(value for step, value in seconds.items() if step not in PARTS))


def _calls(calls: Mapping[str, Mapping[str, int]]) -> Text:
    listed = [_describe_calls(interface, count) for interface, count in sorted(calls.items())]
    return Text(f"API calls: {_count_calls(calls):,} in all; {', '.join(listed)}")


def _describe_calls(interface: str, count: Mapping[str, int]) -> str:
    odd = [f"{count[name]:,} {name}" for name in ("retried", "throttled", "failed") if count.get(name)]
    return f"{interface} {count['read']:,}" + (f" ({', '.join(odd)})" if odd else "")


def _count_calls(calls: Mapping[str, Mapping[str, int]]) -> int:
    return sum(count["read"] + count.get("retried", 0) for count in calls.values())


def plain_table(columns: Iterable[str]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table


def print_pairs(console: Console, columns: Iterable[str], row: Iterable[Text]) -> None:
    """A line for each; a value is broken by the terminal alone, so that it can be copied as a whole."""
    named = list(zip(columns, row, strict=True))
    width = max((cell_len(column) for column, _ in named), default=0)
    for column, value in named:
        for number, line in enumerate(value.split("\n", allow_blank=True)):
            lead = Text(f"  {'' if number else column}", style="dim")
            lead.pad_right(width + 2 - cell_len("" if number else column))
            console.print(lead + line, soft_wrap=True)


def fits(console: Console, table: Table, *, indent: int = 0) -> bool:
    """Whether every cell has its whole content in one line."""
    return console.measure(table, options=console.options.update(width=100_000)).maximum <= console.width - indent
