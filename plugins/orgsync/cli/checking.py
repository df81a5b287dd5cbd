"""The command that tries what is configured, before it counts."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from orgsync.cli.console import JsonOption, OneTenantArgument, print_json, results
from orgsync.settings import read_settings

if TYPE_CHECKING:
    from orgsync.checks.check import Check

STYLES = {"right": "green", "note": "yellow", "wrong": "bold red"}

app = typer.Typer()


@app.command()
def check(
    tenant: OneTenantArgument = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Try this tenants file instead of the one in use.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither the warehouse nor the platforms.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Try the tenants file, message templates, saved audiences and connections before they count; nothing is changed."""
    from orgsync.checks.checking import check_configuration

    settings = read_settings()
    settings = replace(settings, tenants_file=file) if file else settings
    checks = check_configuration(settings, tenant, offline=offline)
    wrong = [each for each in checks if each.outcome == "wrong"]
    if as_json:
        print_json({"is_right": not wrong, "checks": [asdict(each) for each in checks]})
    else:
        for each in checks:
            results.print(_describe(each), soft_wrap=True, highlight=False)
        results.print(f"{len(wrong)} wrong, of {len(checks)} things tried", highlight=False)
    if wrong:
        raise typer.Exit(2)


def _describe(check: Check) -> Text:
    place = f"{check.file}, line {check.line}: " if check.file else ""
    subject = "" if check.what == "tenants file" else f" {check.name}"
    whose = f" ({check.tenant_id})" if check.tenant_id and check.what != "tenants file" else ""
    return Text.assemble((f"{check.outcome:5}", STYLES[check.outcome]), f"  {check.what}{subject}{whose}: {place}{check.text}")
