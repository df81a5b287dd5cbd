"""The commands that erase a person or a tenant everywhere, and that give out what is held of a person."""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orgsync.cli.console import JsonOption, log_progress, print_json, results
from orgsync.settings import Settings, read_settings
from orgsync.sheets import encode_value

if TYPE_CHECKING:
    from orgsync.removal.forgetting import Erasing
    from orgsync.sync.run import Run

app = typer.Typer()

KEPT = (
    "Not touched, since they are yours: the tenants file (approvers, rules of change_messages), include/access.yaml, saved audiences "
    "(notify.audience_query), backups. After restoring a backup: `orgsync forget {tenant} --again`"
)


@app.command()
def forget(
    tenant: Annotated[str, typer.Argument(help="The tenant's id; all of it goes unless a person is named.")],
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="Forget this person of it alone, by the user id.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase. Without it, only what would go is shown.")] = False,
    even_if_present: Annotated[
        bool,
        typer.Option(
            "--even-if-present",
            help="Also somebody who is in the company: what is held until now goes, and the next read knows them as somebody new.",
        ),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="After a backup was restored: forget whom it brought back of those who were forgotten before.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase a person, or a tenant that has left the tenants file, everywhere: history, snapshots, messages, audit. There is no undoing."""
    if again and (user is not None or even_if_present):
        raise typer.BadParameter("--again is about all who were forgotten before: it goes without --user and --even-if-present")
    if even_if_present and user is None:
        raise typer.BadParameter("--even-if-present is about a person: it needs --user")
    settings = read_settings()
    log_progress(quiet=as_json)
    done = _forget(settings, tenant, user, is_meant=yes, is_present_welcome=even_if_present, again=again)
    if as_json:
        print_json([asdict(each) for each in done] if again else asdict(done[0]))
    else:
        for each in done:
            _show(each)
        if not done:
            results.print(f"nobody who was forgotten before is held of {tenant}", highlight=False)
        results.print(KEPT.format(tenant=tenant), highlight=False, soft_wrap=True)
        if not yes and done:
            results.print("Nothing was changed. With --yes it is erased; it cannot be undone.", highlight=False)
    if any(each.warnings for each in done):
        raise typer.Exit(1)


@app.command("export-person")
def export_person(
    tenant: Annotated[str, typer.Argument(help="The tenant's id.")],
    user: Annotated[str, typer.Argument(metavar="ID", help="The user id.")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE.json", help="Write it here, or into this folder; else it is printed.")
    ] = None,
) -> None:
    """Give out everything that is held of a person, as JSON: history, changes, messages, who looked, and in which snapshots they are."""
    from orgsync.removal.exporting import export_person as export

    content = json.dumps(export(_open_run(read_settings(), tenant)[0], user), ensure_ascii=False, default=encode_value, indent=2)
    if to is None:
        results.print(content, highlight=False, soft_wrap=True)
        return
    file = to / f"{tenant}_{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json" if to.is_dir() else to
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(content, encoding="utf-8")
    results.print(f"written to {file}, which only you can read", highlight=False, soft_wrap=True)


def _forget(settings: Settings, tenant: str, user: str | None, *, is_meant: bool, is_present_welcome: bool, again: bool) -> list[Erasing]:
    from orgsync.removal.again import forget_again
    from orgsync.removal.forgetting import forget_person, plan_forgetting
    from orgsync.removal.tenants import forget_tenant, plan_forgetting_tenant

    asked_by = getpass.getuser()
    if user is None and not again:
        if not is_meant:
            return [plan_forgetting_tenant(settings, tenant)]
        return [forget_tenant(settings, tenant, asked_by=asked_by, run_id=_name_run())]
    run, may_replay = _open_run(settings, tenant)
    if again:
        return forget_again(run, asked_by=asked_by, dry_run=not is_meant, may_replay=may_replay)
    if not is_meant:
        return [plan_forgetting(run, user or "")]
    return [forget_person(run, user or "", asked_by=asked_by, is_present_welcome=is_present_welcome, may_replay=may_replay)]


def _open_run(settings: Settings, tenant: str) -> tuple[Run, bool]:
    from orgsync.removal.duties import open_run
    from orgsync.tenants import read_stanzas

    return open_run(settings, read_stanzas(settings.tenants_file), tenant, run_id=_name_run(), run_type="cli")


def _name_run() -> str:
    return f"cli__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}+00:00"


def _show(erasing: Erasing) -> None:
    from rich.text import Text

    from orgsync.cli.report import plain_table

    heads: dict[str, Any] = {
        "planned": f"What is held, of tenant {erasing.tenant_id}",
        "forgotten": f"Forgotten, of tenant {erasing.tenant_id} (erasure {erasing.erasure_id})",
    }
    results.print(heads.get(erasing.outcome, f"{erasing.outcome}, of tenant {erasing.tenant_id}"), highlight=False)
    table = plain_table(["where"])
    table.add_column("how many", justify="right")
    for place, count in erasing.counts.items():
        table.add_row(Text(place), f"{count:,}")
    results.print(table if erasing.counts else "  nothing", highlight=False)
    if erasing.is_present and erasing.outcome == "planned":
        results.print(
            "They are in the company as of the newest read: the next one would bring them back. Let the company remove them first, or "
            "add --even-if-present",
            highlight=False,
            soft_wrap=True,
        )
    if erasing.vague:
        results.print(
            f"{erasing.vague} of their names are too short, or not theirs alone, to be looked for in what others' messages and notes say",
            highlight=False,
            soft_wrap=True,
        )
    for warning in erasing.warnings:
        results.print(f"  {warning}", style="yellow", highlight=False, soft_wrap=True)
