"""The commands of the first hour: settings of another system are read, a tenant is set up step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from orgsync.cli.console import JsonOption, print_json, read_text, results
from orgsync.errors import ConfigurationError
from orgsync.settings import Settings, read_settings

if TYPE_CHECKING:
    from orgsync.onboarding.importing import Imported

app = typer.Typer()

WriteOption = Annotated[bool, typer.Option("--write", help="Add the stanza to the tenants file, and the connection to Airflow.")]
SecretsOption = Annotated[
    bool, typer.Option("--show-secrets", help="Print the connection with its secrets, as a variable of the environment.")
]


@app.command("import-config")
def import_config(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="O2OA's dingding.json or qiyeweixin.json, JeecgBoot's application.yml or rows of sys_third_app_config, or a list of keys; "
            "- reads the input.",
        ),
    ],
    tenant_id: Annotated[str, typer.Option("--id", help="The tenant's id; the platform's name if left out.")] = "",
    conn_id: Annotated[str, typer.Option("--conn-id", help="The connection's id; the tenant's if left out.")] = "",
    write: WriteOption = False,
    show_secrets: SecretsOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a tenant's stanza and connection of what another system has configured; say what could not be carried over."""
    from orgsync.onboarding.importing import import_settings

    found = import_settings(read_text(file, "FILE"))
    if len(found) > 1 and (tenant_id or conn_id):
        names = ", ".join(each.platform for each in found)
        raise ConfigurationError(
            f"the file has {len(found)} organizations ({names}); leave out --id and --conn-id, and rename them afterwards"
        )
    named = _name(found, tenant_id, conn_id)
    if as_json:
        print_json([_encode(stanza, imported, show_secrets=show_secrets) for stanza, imported in named])
    else:
        for stanza, imported in named:
            _show(stanza, imported, show_secrets=show_secrets)
    if write:
        for stanza, imported in named:
            _write(read_settings(), stanza, imported.connection)


def _name(found: Sequence[Imported], tenant_id: str, conn_id: str) -> list[tuple[dict[str, str], Imported]]:
    """Each with its stanza: named as asked for, or after its platform, numbered where there are several."""
    named, taken = [], set[str]()
    for imported in found:
        wanted, number = tenant_id or imported.platform, 1
        while (name := wanted if number == 1 else f"{wanted}_{number}") in taken:
            number += 1
        taken.add(name)
        named.append(({"id": name, "platform": imported.platform, "conn_id": conn_id or name, **imported.schedules}, imported))
    return named


def _encode(stanza: Mapping[str, str], imported: Imported, *, show_secrets: bool) -> dict[str, Any]:
    connection = dict(imported.connection) if show_secrets else imported.masked()
    return {"source": imported.source, "stanza": dict(stanza), "connection": connection, "notes": list(imported.notes)}


def _show(stanza: Mapping[str, str], imported: Imported, *, show_secrets: bool) -> None:
    from orgsync.onboarding.airflow_connections import write_variable
    from orgsync.onboarding.stanza_writing import write_stanza

    _print(Text.assemble((imported.source, "bold"), f"  {imported.platform}"))
    _print(Text(f"Stanza for the tenants file:\n{write_stanza(stanza)}".rstrip()))
    shown = write_variable(stanza["conn_id"], imported.connection) if show_secrets else json.dumps(imported.masked(), ensure_ascii=False)
    _print(Text(f"Connection {stanza['conn_id']}:\n  {shown}"))
    for note in imported.notes:
        _print(Text(f"  {note}", style="yellow"))
    results.print()


def _write(settings: Settings, stanza: Mapping[str, str], connection: Mapping[str, Any]) -> None:
    """The connection first: a stanza without one is a DAG that fails."""
    from orgsync.onboarding.airflow_connections import add_connection
    from orgsync.onboarding.stanza_writing import add_stanza

    add_connection(stanza["conn_id"], connection)
    add_stanza(settings.tenants_file, stanza)
    _print(Text(f"connection {stanza['conn_id']} is in Airflow, tenant {stanza['id']} in {settings.tenants_file}"))
    _print(Text(f"Next: orgsync doctor {stanza['id']}, then orgsync sync {stanza['id']} --dry-run"))


def _print(text: Text) -> None:
    results.print(text, soft_wrap=True, highlight=False)
