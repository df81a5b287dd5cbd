"""Shows runs to a person in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

OUTCOME_STYLES = {
    "succeeded": "bold green",
    "unchanged": "green",
    "planned": "bold cyan",
    "running": "cyan",
    "stopped": "bold yellow",
    "failed": "bold red",
}
USER_KINDS = ("joined", "left", "returned", "moved", "renamed", "updated")
DEPARTMENT_KINDS = ("created", "removed", "returned", "moved", "renamed", "updated")
STEPS = ("extract", "validate", "tidy", "expect", "stage", "merge", "plan", "write")
PARTS = {"tidy": "validate", "expect": "validate", "stage": "validate", "plan": "merge", "write": "merge"}


def show_run(console: Console, run: Mapping[str, Any]) -> None:
    """One run in full: totals, changes, quarantine, seconds and calls."""
    console.print(_headline(run))
    parts: list[RenderableType] = [_totals(run), _changes(run)]
    if run["quarantine"]:
        parts.append(_quarantine(run["quarantine"]))
    if run["withheld_fields"]:
        parts.append(Text(f"Withheld by the platform, last values stay: {', '.join(run['withheld_fields'])}", style="yellow"))
    parts += [_seconds(run["step_seconds"]), _calls(run["calls"])]
    if run["error"]:
        parts.append(Text(run["error"], style="red"))
    console.print(Padding(Group(*parts), (0, 0, 1, 2)))


def show_runs(console: Console, runs: Iterable[Mapping[str, Any]]) -> None:
    """A line per run, newest first."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("tenant", "started (UTC)", "outcome", "read"):
        table.add_column(name, no_wrap=True)
    for name in ("seconds", "extract", "validate", "merge", "calls", "people", "history rows", "quarantined"):
        table.add_column(name, justify="right")
    errors = []
    for run in runs:
        seconds, counts = run["step_seconds"], run["counts"]
        table.add_row(
            run["tenant_id"],
            f"{run['started_at']:%Y-%m-%d %H:%M:%S}",
            Text(run["outcome"], style=OUTCOME_STYLES[run["outcome"]]),
            run["mode"] or "",
            _number(sum(seconds.get(step, 0) for step in STEPS if step not in PARTS)),
            *(_number(seconds.get(step)) for step in ("extract", "validate", "merge")),
            f"{_count_calls(run['calls']):,}",
            *(_number(counts.get(name)) for name in ("users", "history_rows", "quarantined")),
        )
        if run["error"]:
            errors.append(Text(f"{run['tenant_id']} {run['started_at']:%H:%M:%S}: {run['error']}", style="red"))
    console.print(table, *errors, sep="\n")


def show_table(console: Console, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    console.print(table)
    console.print(f"({len(rows)} row{'' if len(rows) == 1 else 's'})", style="dim")


def _headline(run: Mapping[str, Any]) -> Text:
    mode = f"{run['mode']} read" if run["mode"] else "not read"
    return Text.assemble(
        (run["tenant_id"], "bold"),
        f"  {run['platform']}, {mode}, {run['started_at']:%Y-%m-%d %H:%M:%S} UTC  ",
        (run["outcome"], OUTCOME_STYLES[run["outcome"]]),
    )


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
    verb = "Would change" if run["outcome"] == "planned" else "Changed"
    people = _list_kinds(run["changes"].get("user", {}), USER_KINDS)
    departments = _list_kinds(run["changes"].get("department", {}), DEPARTMENT_KINDS)
    if not people and not departments:
        return Text(f"{verb}: nothing")
    return Text(f"{verb}: people {people or 'none'}; departments {departments or 'none'}")


def _list_kinds(counts: Mapping[str, int], kinds: Iterable[str]) -> str:
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in kinds if counts.get(kind))


def _quarantine(rules: Iterable[Mapping[str, Any]]) -> Table:
    table = Table(title="Quarantined, tried again next time", title_justify="left", title_style="yellow", box=None, pad_edge=False)
    for name in ("what", "rule", "reason", "rows", "for example"):
        table.add_column(name, justify="right" if name == "rows" else "left", overflow="fold")
    for rule in rules:
        table.add_row(rule["entity"], rule["rule"], rule["reason"], f"{rule['count']:,}", ", ".join(rule["examples"]))
    return table


def _seconds(seconds: Mapping[str, float]) -> Text:
    steps = [_describe_step(seconds, step) for step in STEPS if step in seconds and step not in PARTS]
    total = sum(value for step, value in seconds.items() if step not in PARTS)
    return Text(f"Seconds: {total:.1f} in all; {', '.join(steps)}")


def _describe_step(seconds: Mapping[str, float], step: str) -> str:
    parts = [f"{part} {seconds[part]:.1f}" for part, whole in PARTS.items() if whole == step and part in seconds]
    return f"{step} {seconds[step]:.1f}" + (f" ({', '.join(parts)})" if parts else "")


def _calls(calls: Mapping[str, Mapping[str, int]]) -> Text:
    listed = [_describe_calls(interface, count) for interface, count in sorted(calls.items())]
    return Text(f"API calls: {_count_calls(calls):,} in all; {', '.join(listed)}")


def _describe_calls(interface: str, count: Mapping[str, int]) -> str:
    odd = [f"{count[name]:,} {name}" for name in ("retried", "throttled", "failed") if count.get(name)]
    return f"{interface} {count['read']:,}" + (f" ({', '.join(odd)})" if odd else "")


def _count_calls(calls: Mapping[str, Mapping[str, int]]) -> int:
    return sum(count["read"] + count.get("retried", 0) for count in calls.values())


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
