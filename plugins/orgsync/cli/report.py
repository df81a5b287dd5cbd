"""Shows runs to a person in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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
STEPS = ("extract", "validate", "import", "tidy", "expect", "page", "stage", "plan", "merge", "write", "replay", "rebuild")
PARTS = dict.fromkeys(("import", "tidy", "expect", "page", "stage"), "validate") | {"write": "merge"}
SELDOM = ("import", "page")
SHOWN_SECONDS = 0.05
"""What takes less is not told of the parts that mostly take nothing."""
LONGEST_VALUE = 50
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
        parts.append(Text(f"{verdict} by {plan['decided_by']}, {plan['decided_at']:%Y-%m-%d %H:%M:%S} UTC"))
    if plan["company_accepted_by"]:
        parts.append(Text(f"With another company from here on, by the word of {plan['company_accepted_by']}", style="bold yellow"))
    if plan["problems"]:
        parts.append(Text(f"Not complete, so it ends nothing: {'; '.join(plan['problems'])}", style="yellow"))
    if plan["unseen_counts"]:
        unseen = ", ".join(f"{count:,} {entity}s" for entity, count in sorted(plan["unseen_counts"].items()))
        parts.append(Text(f"Out of sight, they stay as they were: {unseen}", style="yellow"))
    if plan["withheld_fields"]:
        parts.append(Text(f"Withheld by the platform, last values stay: {', '.join(plan['withheld_fields'])}", style="yellow"))
    parts += _listed_changes(plan)
    console.print(Padding(Group(*parts), (0, 0, 1, 2), expand=False))


def show_quarantine(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """A line for each row kept out: what, which rules it broke and why, for how many loads in a row."""
    table = plain_table(["tenant", "what", "person", "department", "rules", "reasons"])
    table.add_column("loads", justify="right", no_wrap=True)
    table.add_column("since (UTC)", no_wrap=True)
    for row in rows:
        texts = (row[name] or "" for name in ("tenant_id", "entity", "user_id", "department_id", "rules", "reasons"))
        table.add_row(*map(Text, texts), f"{row['runs']:,}", f"{row['since']:%Y-%m-%d %H:%M}")
    console.print(table)


def show_replay(console: Console, done: Sequence[Mapping[str, Any]]) -> None:
    """A line for each snapshot that was loaded again, or why it was not."""
    table = plain_table(["taken (UTC)", "outcome", "changes"])
    table.add_column("history rows", justify="right", no_wrap=True)
    for each in done:
        what = Text(each["reason"]) if each["outcome"] == "skipped" else _changes(each)
        table.add_row(f"{each['taken_at']:%Y-%m-%d %H:%M:%S}", _outcome(each), what, f"{each['history_rows']:,}")
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
    taken = f"{plan['taken_at']:%Y-%m-%d %H:%M:%S}"
    return Text.assemble((f"plan {plan['plan_id']}", "bold"), f"  {plan['tenant_id']}, snapshot of {taken} UTC, {plan['state']}")


def _listed_changes(plan: Mapping[str, Any]) -> list[RenderableType]:
    """The changes that were fetched, kind by kind, and how many more there are."""
    parts: list[RenderableType] = []
    for (entity, kind), changes in groupby(plan["changes"], key=lambda change: (change["entity"], change["kind"])):
        listed = list(changes)
        table = plain_table(["id", "column", "from", "to"])
        for change in listed:
            names = (change["user_id"] or change["department_id"], change["column_name"], change["value_from"], change["value_to"])
            table.add_row(*(shown(shortened(name or "")) for name in names))
        parts += [Text(f"{entity} {kind}", style="bold"), Padding(table, (0, 0, 0, 2), expand=False)]
        ids = {change["user_id"] or change["department_id"] for change in listed}
        if more := plan["summary"][entity].get(kind, 0) - len(ids):
            parts.append(Text(f"  and {more:,} more (--json lists all)", style="dim"))
    return parts


def show_cleanings(console: Console, cleanings: Sequence[Mapping[str, Any]]) -> None:
    """A line for each tenant: how many of its snapshots stay, and what went, or would go."""
    table = plain_table(["tenant", "outcome"])
    for name in ("kept", "removed", "size", "runs closed"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in cleanings:
        counts = [f"{each[name]:,}" for name in ("kept", "removed")] + [filesize.decimal(each["removed_bytes"]), f"{each['closed_runs']:,}"]
        table.add_row(Text(each["tenant_id"]), _outcome(each), *([""] * 4 if each["error"] else counts))
    console.print(table)
    for each in cleanings:
        if each["error"]:
            print_unbroken(console, Text(f"{each['tenant_id']}: {each['error']}", style="red"), indent=0)


def show_table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table, or where the console is too narrow for it, each row as a list of its columns."""
    cells = [[shown("" if value is None else str(value)) for value in row] for row in rows]
    table = plain_table(columns)
    for row in cells:
        table.add_row(*row)
    if not rows or fits(console, table):
        console.print(table)
    else:
        for number, row in enumerate(cells, start=1):
            console.print(Text(f"row {number:,}", style="bold"), pairs(columns, row), sep="\n")
    console.print(f"({len(rows):,} row{'' if len(rows) == 1 else 's'})", style="dim", highlight=False)


def _table_of_runs(runs: Iterable[Mapping[str, Any]]) -> Table:
    table = plain_table(["tenant", "started (UTC)", "outcome", "read"])
    for name in ("seconds", "extract", "validate", "plan", "merge", "calls", "people", "history rows", "quarantined"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        seconds, counts = run["step_seconds"], run["counts"]
        table.add_row(
            Text(run["tenant_id"]),
            f"{run['started_at']:%Y-%m-%d %H:%M:%S}",
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
    head = Text.assemble((run["tenant_id"], "bold"), f"  {run['started_at']:%Y-%m-%d %H:%M:%S} UTC  ", _outcome(run))
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
    return Text(f"{run['tenant_id']} {run['started_at']:%Y-%m-%d %H:%M:%S}: {run['error']}", style="red")


def _headline(run: Mapping[str, Any]) -> Text:
    way = f" ({run['method']})" if run["method"] else ""
    mode = f"{run['mode']} read{way}" if run["mode"] else "not read"
    return Text.assemble(
        (run["tenant_id"], "bold"), f"  {run['platform']}, {mode}, {run['started_at']:%Y-%m-%d %H:%M:%S} UTC  ", _outcome(run)
    )


def _outcome(run: Mapping[str, Any]) -> Text:
    return Text(run["outcome"], style=OUTCOME_STYLES[run["outcome"]])


def shortened(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 4]} ..."


def _withheld(run: Mapping[str, Any]) -> Text:
    """Each field with the day since which it has been withheld, as far as loaded snapshots tell."""
    since = {field: (run["withheld_since"].get(field) or "")[:10] for field in run["withheld_fields"]}
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


def pairs(columns: Iterable[str], row: Iterable[Text]) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for column, value in zip(columns, row, strict=True):
        table.add_row(Text(column), value)
    return Padding(table, (0, 0, 0, 2), expand=False)


def fits(console: Console, table: Table, *, indent: int = 0) -> bool:
    """Whether every cell has its whole content in one line."""
    return console.measure(table, options=console.options.update(width=100_000)).maximum <= console.width - indent
