"""The commands of the first hour: settings of another system are read, a tenant is set up step by step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from orgsync.check import Check, worst_of
from orgsync.cli.checking import read_language, show_checks
from orgsync.cli.console import JsonOption, TenantArgument, print_json, read_tenant, read_text, results
from orgsync.errors import ConfigurationError
from orgsync.platforms import PLATFORM_NAMES
from orgsync.settings import Settings, read_settings
from orgsync.words import Language, say

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
    file = add_stanza(settings.tenants_file, stanza)
    _print(Text(f"connection {stanza['conn_id']} is in Airflow, tenant {stanza['id']} in {file}"))
    _print(Text(f"Next: orgsync doctor {stanza['id']}, then orgsync sync {stanza['id']} --dry-run"))


def _print(text: Text) -> None:
    results.print(text, soft_wrap=True, highlight=False)


@app.command()
def links(
    tenant: TenantArgument,
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help="Where people reach Airflow; [api] base_url of its configuration if left out.")
    ] = "",
    page: Annotated[str, typer.Option("--page", metavar="PATH", help="Which page of it opens.")] = "/",
    pasted: Annotated[str, typer.Option("--check", metavar="URL", help="Say what is wrong with an address that was pasted.")] = "",
    lang: Annotated[Language | None, typer.Option("--lang", help="In English or Chinese; as the locale says if left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the addresses that the platform's console asks for (home pages, login, domains), or check one that was pasted."""
    from orgsync.connections.finding import find_connection
    from orgsync.onboarding.links import App, check_link, list_links

    own = read_tenant(read_settings(), tenant)
    connection, language = find_connection(own.conn_id, conn_type=own.platform), lang or read_language(os.environ)
    agent_id = str(connection.extra_dejson.get("agent_id") or "")
    found = App(own.platform, (connection.login or "").strip(), base_url or _read_base_url(), agent_id, connection.host or "", page)
    if pasted:
        checks = check_link(found, pasted)
        show_checks(pasted, checks, language)
        if worst_of(checks) == "broken":
            raise typer.Exit(2)
    elif as_json:
        print_json([{"name": each.name, "place": each.place, "value": each.value} for each in list_links(found)])
    else:
        for each in list_links(found):
            _print(Text.assemble((say(each.name, language), "bold"), f"  {say(each.place, language)}\n  {each.value}"))


def _read_base_url() -> str:
    from orgsync.connections.site import find_site

    if found := find_site():
        return found
    raise typer.BadParameter("say where people reach Airflow, such as https://airflow.example.com", param_hint="--base-url")


@app.command()
def init(
    platform: Annotated[str, typer.Option(help="dingtalk, wecom or feishu; asked for if left out.")] = "",
    tenant_id: Annotated[str, typer.Option("--id", help="The tenant's id: lower-case letters, digits and _.")] = "",
    conn_id: Annotated[str, typer.Option("--conn-id", help="The connection's id; the tenant's if left out.")] = "",
    login: Annotated[str, typer.Option(help="Client ID (DingTalk), Corp ID (WeCom) or App ID (Feishu).")] = "",
    secret_file: Annotated[str, typer.Option("--secret-file", metavar="FILE", help="Holds the app's secret; - reads the input.")] = "",
    contact_secret_file: Annotated[
        str, typer.Option("--contact-secret-file", metavar="FILE", help="WeCom: holds the Secret of 通讯录同步.")
    ] = "",
    agent_id: Annotated[str, typer.Option("--agent-id", help="AgentId of the app (DingTalk, WeCom); messages need it.")] = "",
    corp_id: Annotated[str, typer.Option("--corp-id", help="DingTalk: CorpId, for the doctor to tell an SSOsecret from the app's.")] = "",
    host: Annotated[str, typer.Option(help="Another base URL: Lark, a private deployment.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take what is given, and stop where something is broken.")] = False,
    no_connection: Annotated[
        bool, typer.Option("--no-connection", help="Print the connection, with its secrets, instead of making it in Airflow.")
    ] = False,
    lang: Annotated[Language | None, typer.Option("--lang", help="What the doctor speaks; as the locale says if left out.")] = None,
) -> None:
    """Set up a tenant: ask for its app's keys, examine them, make the connection and the stanza, show what a sync would bring."""
    from orgsync.onboarding.asking import make_connection

    settings = read_settings()
    ask = Asker(is_asking=not yes)
    platform = ask.choose("Platform", platform, PLATFORM_NAMES)
    tenant_id = ask.text("Id of the tenant", tenant_id, default=platform)
    stanza = {"id": tenant_id, "platform": platform, "conn_id": conn_id or tenant_id}
    _refuse_known(settings, stanza, with_connection=not no_connection)
    given = {"login": login, "agent_id": agent_id, "corp_id": corp_id, "host": host}
    given |= {
        "password": _read_secret(secret_file, "--secret-file"),
        "contact_secret": _read_secret(contact_secret_file, "--contact-secret-file"),
    }
    language = lang or read_language(os.environ)
    while True:
        connection = make_connection(platform, ask.fields(platform, given))
        checks = _examine(stanza["conn_id"], connection)
        show_checks(stanza["conn_id"], checks, language)
        if worst_of(checks) != "broken":
            break
        if yes:
            raise ConfigurationError("nothing was written: what is broken has to be mended first")
        if not ask.confirm("Something is broken. Type the keys in again? No goes on with these", default=True):
            break
        given = {}
    if no_connection or not ask.confirm("Make the connection in Airflow? No prints it, with its secrets", default=True):
        from orgsync.onboarding.airflow_connections import write_variable
        from orgsync.onboarding.stanza_writing import add_stanza

        file = add_stanza(settings.tenants_file, stanza)
        _print(Text(write_variable(stanza["conn_id"], connection)))
        _print(Text(f"tenant {tenant_id} is in {file}; set the variable above where Airflow and the command run"))
    else:
        _write(settings, stanza, connection)
    if not yes and ask.confirm("Read it now, and show what would be loaded? Nothing is changed", default=True):
        _dry_run(stanza["conn_id"], connection, tenant_id)


class Asker:
    """Asks a person, or takes what was given."""

    def __init__(self, *, is_asking: bool) -> None:
        self._is_asking = is_asking

    def text(self, label: str, given: str, *, default: str = "", is_secret: bool = False, is_needed: bool = True, option: str = "") -> str:
        if given:
            return given
        if not self._is_asking:
            if default or not is_needed:
                return default
            raise typer.BadParameter(f"{option or label} is needed with --yes")
        answer: str = typer.prompt(
            label, default="" if not is_needed else default or None, hide_input=is_secret and sys.stdin.isatty(), show_default=bool(default)
        )
        return answer

    def choose(self, label: str, given: str, known: Sequence[str]) -> str:
        while (answer := self.text(f"{label} ({', '.join(known)})", given, option="--platform")) not in known:
            if given or not self._is_asking:
                raise typer.BadParameter(f"{answer!r} is none of {', '.join(known)}", param_hint="--platform")
        return answer

    def fields(self, platform: str, given: Mapping[str, str]) -> dict[str, str]:
        from orgsync.onboarding.asking import list_questions

        options = {"login": "--login", "password": "--secret-file"}
        return {
            each.name: self.text(
                each.label,
                given.get(each.name, ""),
                is_secret=each.is_secret,
                is_needed=each.is_needed,
                option=options.get(each.name, ""),
            )
            for each in list_questions(platform)
        }

    def confirm(self, question: str, *, default: bool) -> bool:
        return typer.confirm(question, default=default) if self._is_asking else default


def _refuse_known(settings: Settings, stanza: Mapping[str, str], *, with_connection: bool) -> None:
    """Before a secret is asked for."""
    from orgsync.connections.finding import has_connection
    from orgsync.onboarding.stanza_writing import refuse_stanza

    refuse_stanza(settings.tenants_file, stanza)
    if with_connection and has_connection(stanza["conn_id"]):
        raise ConfigurationError(f"there is a connection {stanza['conn_id']!r} already; choose another --conn-id")


def _read_secret(file: str, option: str) -> str:
    return read_text(file, option).strip() if file else ""


def _examine(conn_id: str, connection: Mapping[str, Any]) -> list[Check]:
    """By the environment of this process alone, before it is anywhere else."""
    from orgsync.doctor.examining import examine_connection

    with _in_environment(conn_id, connection):
        return examine_connection(conn_id)


def _dry_run(conn_id: str, connection: Mapping[str, Any], tenant_id: str) -> None:
    """As `orgsync sync --dry-run`, in a process of its own: this one may have looked for the connection where it was not yet."""
    with _in_environment(conn_id, connection):
        subprocess.run([sys.argv[0], "sync", tenant_id, "--dry-run"], check=False)


@contextmanager
def _in_environment(conn_id: str, connection: Mapping[str, Any]) -> Iterator[None]:
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    before = os.environ.get(name)
    os.environ[name] = json.dumps(dict(connection))
    try:
        yield
    finally:
        os.environ.pop(name, None)
        if before is not None:
            os.environ[name] = before
