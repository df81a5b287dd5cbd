"""The command that shows what another stanza would make of what was read last."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from orgsync.cli.console import JsonOption, TenantArgument, in_local_time, print_json, read_tenant, results
from orgsync.settings import read_settings
from orgsync.templates.preview import shown

app = typer.Typer()


@app.command()
def preview(
    tenant: TenantArgument,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="A changed tenants file; the one in use if left out.")] = None,
    limit: Annotated[int, typer.Option(help="How many records are shown of each mapped column.", min=1)] = 5,
    show_personal: Annotated[bool, typer.Option("--show-personal", help="Show values and names as they are, not masked.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a changed stanza would make of what was read last: mapped values of real records, each change of history; write nothing."""
    from orgsync.cli.report import LISTED, plain_table, show_plan
    from orgsync.sync.previewing import preview as run_preview
    from orgsync.sync.run import Run
    from orgsync.tenants import read_tenant as read_stanza

    settings = read_settings()
    own = read_tenant(settings, tenant)
    changed = read_stanza(file, tenant) if file else own
    found = run_preview(Run(own, "preview", "manual", settings), changed, records=limit, listed=None if as_json else LISTED)
    cells = [asdict(cell) if show_personal else _mask(asdict(cell)) for cell in found.cells]
    plan = found.plan if show_personal else found.plan | {"changes": [_mask_change(change) for change in found.plan["changes"]]}
    if as_json:
        print_json({"snapshot_id": found.snapshot_id, "cells": cells, "plan": plan})
        return
    results.print(Text(f"From snapshot {found.snapshot_id}, as it was read; nothing is asked, nothing is written."), highlight=False)
    if cells:
        names = ("record", "column", "filled from", "now", "then")
        table = plain_table(names)
        for cell in cells:
            table.add_row(
                *(shown(str(cell[name] if cell[name] is not None else "")) for name in ("key", "column", "path", "before", "after"))
            )
        results.print(table)
    show_plan(results, in_local_time(settings, plan, own.id) | {"plan_id": "preview", "state": "never applicable"})


def _mask(cell: dict[str, Any]) -> dict[str, Any]:
    return cell | {name: _cover(cell[name]) for name in ("before", "after")}


def _mask_change(change: dict[str, Any]) -> dict[str, Any]:
    covered = {"name", "value_from", "value_to"} | ({"names_from", "names_to"} if change["column_name"] == "manager_user_id" else set())
    return {name: _cover(value) if name in covered and change["entity"] == "user" else value for name, value in change.items()}


def _cover(value: Any) -> Any:
    """The first character, and how many more there are: enough to see whether it is the right field."""
    text = "" if value is None else str(value)
    return value if not text else f"{text[0]}{'*' * min(len(text) - 1, 8)}"
