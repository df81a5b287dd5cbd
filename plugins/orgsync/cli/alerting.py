"""The command that shows who is told of problems, and tries it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from orgsync.cli.console import JsonOption, OneTenantArgument, name_broken, print_json, read_tenants, results
from orgsync.errors import FatalError
from orgsync.settings import read_settings
from orgsync.tenants import read_tenant

app = typer.Typer()

ALL_TENANTS = "what concerns all tenants"


@app.command()
def alerts(
    tenant: OneTenantArgument = None,
    test: Annotated[bool, typer.Option("--test", help="Tell a test by each of these ways, and say what came of it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show who is told of a tenant's problems, or of all, and by which way; nothing is sent without --test."""
    from orgsync.alerts.trying import Tried, list_ways, try_ways

    settings = read_settings()
    stanzas = read_tenants(settings, None)
    if tenant is not None:
        read_tenant(settings.tenants_file, tenant)  # that there is one, and that it is right
    left_out = tenant is None and name_broken(stanzas)
    if not test:
        _show([Tried(way) for way in list_ways(settings, stanzas, tenant)], as_json=as_json, is_test=False)
        return
    tried = []
    for each in try_ways(settings, stanzas, tenant):
        tried.append(each)
        if not as_json:
            _print(each, is_test=True)
    _show(tried, as_json=as_json, is_test=True)
    if any(each.error for each in tried) or left_out:
        raise typer.Exit(2 if all(isinstance(each.error, FatalError) for each in tried if each.error) else 1)


def _show(tried: list[Any], *, as_json: bool, is_test: bool) -> None:
    if as_json:
        print_json({"ways": [_encode(each, is_test=is_test) for each in tried]})
    elif not tried:
        results.print("Nobody is told of anything. Name somebody under `alerts` of a stanza, or of the defaults, of the tenants file")
    elif not is_test:
        for each in tried:
            _print(each, is_test=False)


def _encode(tried: Any, *, is_test: bool) -> dict[str, Any]:
    encoded: dict[str, Any] = {"way": tried.way.name, "told_of": list(tried.way.tenant_ids)}
    return encoded | ({"error": str(tried.error) if tried.error else None} if is_test else {})


def _print(tried: Any, *, is_test: bool) -> None:
    told = ", ".join(tenant_id or ALL_TENANTS for tenant_id in tried.way.tenant_ids)
    if not is_test:
        results.print(Text(f"  {tried.way.name}  is told of {told}"), soft_wrap=True, highlight=False)
        return
    if tried.error:
        results.print(Text.assemble("  ", ("failed  ", "bold red"), f"{tried.way.name}: {tried.error}"), soft_wrap=True, highlight=False)
        return
    taken = "queued; `orgsync push`, or the DAG org_notify, sends it" if tried.way.name.startswith("person:") else "taken"
    results.print(Text.assemble("  ", ("ok      ", "green"), f"{tried.way.name}: {taken}"), soft_wrap=True, highlight=False)
