"""The command `orgsync`. Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 stopped by a gate (nothing changed)."""

from __future__ import annotations

import getpass
import os
import signal
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from orgsync.cli import alerting as cli_alerting
from orgsync.cli import checking as cli_checking
from orgsync.cli import events as cli_events
from orgsync.cli import onboarding as cli_onboarding
from orgsync.cli import previewing as cli_previewing
from orgsync.cli import removal as cli_removal
from orgsync.cli import sandbox as cli_sandbox
from orgsync.cli import sandbox_events as cli_sandbox_events
from orgsync.cli import sending as cli_sending
from orgsync.cli.console import (
    CsvOption,
    Form,
    JsonOption,
    LogFormat,
    OneTenantArgument,
    SheetOption,
    TenantArgument,
    Zones,
    choose_form,
    choose_log_format,
    in_local_time,
    log_progress,
    name_broken,
    never_fail,
    print_csv,
    print_error,
    print_json,
    read_tenant,
    read_tenants,
    read_text,
    results,
)
from orgsync.cli.local_stack import explain
from orgsync.errors import ConfigurationError, OrgsyncError, explain_files
from orgsync.settings import Settings, read_settings, state_folder

if TYPE_CHECKING:
    from orgsync.sync.extracting import RequestedMode
    from orgsync.sync.run import Run

INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]

NewCompanyOption = Annotated[
    str,
    typer.Option(
        "--new-company",
        metavar="NAME",
        help="Let the tenant's history go on with this other company, once; NAME is what the error about it says.",
    ),
]

app = typer.Typer(
    help="Keep a PostgreSQL warehouse equal to a company's directory, and send its people messages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_alerting.app)
app.add_typer(cli_checking.app)
app.add_typer(cli_events.app)
app.add_typer(cli_onboarding.app)
app.add_typer(cli_previewing.app)
app.add_typer(cli_removal.app)
app.add_typer(cli_sending.app)
cli_sandbox.app.add_typer(cli_sandbox_events.app)
app.add_typer(cli_sandbox.app, name="sandbox")


def main() -> None:
    """Run the command; an error of ours is one line and an exit code, not a traceback."""
    never_fail(sys.stdout, sys.stderr)
    prepare_environment()
    signal.signal(signal.SIGTERM, _end)
    try:
        app()
    except OrgsyncError as error:
        _fail(error)
    except BrokenPipeError:
        raise  # nobody reads on: no file is wrong
    except OSError as error:
        _fail(explain_files(error))


def _fail(error: OrgsyncError) -> NoReturn:
    print_error(explain(error))
    sys.exit(error.exit_code)


def _end(number: int, _: object) -> NoReturn:
    """In an orderly way: what was begun is closed, and what was held is given back."""
    sys.exit(128 + number)


def prepare_environment() -> None:
    """Let connections come from Airflow's metadata database too: the one named, else the local stack's, else the user's own."""
    os.environ.setdefault("AIRFLOW_HOME", str(_find_airflow_home()))
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING")


def _find_airflow_home() -> Path:
    """Airflow makes a home wherever it is pointed to; where there is none yet, one of our own keeps the user's folder clean."""
    homes = [state_folder() / "airflow", Path.home() / "airflow"]
    return next((home for home in homes if home.exists()), state_folder() / "airflow-of-the-command")


def _say_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        typer.echo(f"orgsync {version('orgsync')}")
        raise typer.Exit


@app.callback()
def keep_results_apart(
    _version: Annotated[bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")] = False,
    log_format: Annotated[
        LogFormat,
        typer.Option(
            envvar="ORGSYNC_LOG_FORMAT", help="What is said while it works, and of errors: as text, or as one JSON object a line."
        ),
    ] = "text",
) -> None:
    """Airflow logs to the standard output; here that is for results alone."""
    choose_log_format(log_format)
    results.file = sys.stdout
    sys.stdout = sys.stderr


@app.command()
def migrate() -> None:
    """Bring the warehouse to the schema this version needs, with its roles and what they may."""
    from orgsync.warehouse.migrations import migrate_warehouse

    applied = migrate_warehouse(read_settings())
    results.print("\n".join(f"applied {name}" for name in applied) or "the warehouse is up to date", highlight=False)


@app.command()
def sync(
    tenant: TenantArgument,
    full: Annotated[bool, typer.Option("--full", help="Read everything, also what is dear and rarely changes.")] = False,
    frequent: Annotated[bool, typer.Option("--frequent", help="Leave out what is dear and rarely changes.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Read only the people and departments that events name which wait.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    approve: Annotated[
        int | None, typer.Option(metavar="PLAN_ID", help="Apply this plan that exceeded the budget, as it is; nothing is read.")
    ] = None,
    new_company: NewCompanyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read one organization and merge it into history."""
    if full + frequent + events > 1:
        raise typer.BadParameter("--full, --frequent and --events exclude each other")
    if approve is not None and (full or frequent or events or dry_run or new_company):
        raise typer.BadParameter(
            "--approve applies a plan that is there already: it goes without --full, --frequent, --events, --dry-run and --new-company"
        )
    settings = read_settings()
    run = _make_run(settings, tenant, new_company=new_company)

    from orgsync.sync.deciding import decide_plan
    from orgsync.sync.following import follow_events
    from orgsync.sync.merging import merge_plan
    from orgsync.sync.pipeline import load_extracted
    from orgsync.sync.pipeline import sync as run_sync

    log_progress(quiet=as_json)

    if approve is not None:
        decide_plan(run, approve, is_approved=True, decided_by=getpass.getuser())
        merge_plan(run, approve)
    else:
        mode: RequestedMode = "full" if full else "frequent" if frequent else "auto"
        snapshot_id = follow_events(run) if events else None
        if events and snapshot_id is None:
            print_json(None) if as_json else results.print(f"no event of {run.tenant.id} waits", highlight=False)
            return
        outcome = load_extracted(run, snapshot_id, dry_run=dry_run) if snapshot_id else run_sync(run, mode=mode, dry_run=dry_run)
        if dry_run and not as_json:
            _print_plan(settings, run.tenant.id, outcome["plan_id"], form=None)
    _print_run(settings, run.tenant.id, run_id=run.run_id, as_json=as_json)


@app.command()
def plan(
    tenant: TenantArgument,
    plan_id: Annotated[
        int | None,
        typer.Option("--id", metavar="PLAN_ID", help="Which plan; the newest if left out. Ids are in ops.plan."),
    ] = None,
    as_csv: CsvOption = False,
    as_sheet: SheetOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a plan changes: who joins, leaves, moves, by department; long lists in part, all of it with --csv and --json."""
    form = choose_form(as_json=as_json, as_csv=as_csv, as_sheet=as_sheet)
    settings = read_settings()
    _print_plan(settings, read_tenant(settings, tenant).id, plan_id, form=form)


@app.command()
def events(tenant: OneTenantArgument = None, as_json: JsonOption = False) -> None:
    """Show what the platforms pushed, how soon it was acted on, and what the last full read found that no event had named."""
    from orgsync.sync.lookups import summarize_events

    settings = read_settings()
    rows = summarize_events(settings, read_tenant(settings, tenant).id if tenant else None)
    if as_json:
        print_json(rows)
    elif rows:
        from orgsync.cli.report import show_events

        show_events(results, in_local_time(settings, rows))
    else:
        results.print("no event was received", highlight=False)


@app.command()
def quarantine(tenant: OneTenantArgument = None, as_json: JsonOption = False) -> None:
    """List the rows that are kept out, with the reasons, since when, and for how many loads in a row."""
    from orgsync.sync.lookups import list_quarantine

    settings = read_settings()
    rows = list_quarantine(settings, read_tenant(settings, tenant).id if tenant else None)
    if as_json:
        print_json(rows)
    elif rows:
        from orgsync.cli.report import show_quarantine

        show_quarantine(results, in_local_time(settings, rows))
    else:
        results.print("nothing is in quarantine")


@app.command()
def replay(
    tenant: TenantArgument,
    after: Annotated[
        datetime, typer.Option("--from", help="Snapshots taken at this instant or later; UTC unless it names a zone.", formats=INSTANTS)
    ],
    until: Annotated[datetime | None, typer.Option("--to", help="… and not after this one; now if left out.", formats=INSTANTS)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    new_company: NewCompanyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Load the stored snapshots of a time again, with the mapping and the rules of now. The platform is not asked."""
    settings = read_settings()
    run = _make_run(settings, tenant, new_company=new_company)

    from orgsync.cli.report import show_replay
    from orgsync.sync.replaying import replay as run_replay

    log_progress(quiet=as_json)
    start, end = _in_utc(after), _in_utc(until) if until else None
    done = run_replay(run, after=start - timedelta(microseconds=1), until=end, dry_run=dry_run)
    if as_json:
        print_json(done)
    elif done:
        show_replay(results, in_local_time(settings, done, run.tenant.id))
    else:
        from orgsync.cli.report import at

        asked = in_local_time(settings, {"tenant_id": run.tenant.id, "start": start, "end": end})
        till = at(asked["end"]) if end else "now"
        results.print(f"no snapshot of {run.tenant.id} was taken from {at(asked['start'])} to {till}", highlight=False)


@app.command()
def rebuild(
    tenant: TenantArgument,
    undecided: Annotated[
        bool, typer.Option("--undecided", help="Also what only landed: dry runs, failed runs, all from before decisions were noted.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be loaded, and change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Load what the landing zone has of a lost or restored warehouse's history. The platform is not asked."""
    settings = read_settings()
    run = _make_run(settings, tenant)

    from orgsync.cli.report import show_rebuild
    from orgsync.sync.rebuilding import rebuild as run_rebuild

    log_progress(quiet=as_json)
    result = run_rebuild(run, with_undecided=undecided, dry_run=dry_run)
    if as_json:
        print_json(result)
    else:
        show_rebuild(results, run.tenant.id, result)
    if result["outcome"] == "failed":
        raise typer.Exit(1)


@app.command()
def retract(
    snapshot_ids: Annotated[
        list[str], typer.Argument(metavar="SNAPSHOT_ID...", help="As in ops.snapshot, for example acme/20261128T030705.123456Z.")
    ],
    undo: Annotated[bool, typer.Option("--undo", help="Let a retracted snapshot in again; it is loaded if it was.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take snapshots out of history, as if they had never been loaded; their files may be gone. The platform is not asked."""
    tenants = {snapshot_id.partition("/")[0] for snapshot_id in snapshot_ids}
    if len(tenants) > 1:
        raise typer.BadParameter("snapshots of one tenant at a time")
    if undo and dry_run:
        raise typer.BadParameter("--undo has no --dry-run")
    settings = read_settings()
    run = _make_run(settings, tenants.pop())

    from orgsync.cli.report import show_replay, show_retractions
    from orgsync.sync import retracting

    log_progress(quiet=as_json)
    if undo:
        done = [retracting.undo_retraction(run, snapshot_id, decided_by=getpass.getuser()) for snapshot_id in snapshot_ids]
    else:
        done = retracting.retract(run, snapshot_ids, decided_by=getpass.getuser(), dry_run=dry_run)
    if as_json:
        print_json(done)
    else:
        (show_replay if undo else show_retractions)(results, in_local_time(settings, done, run.tenant.id))


@app.command()
def report(tenant: TenantArgument, as_json: JsonOption = False) -> None:
    """Show the newest run of a tenant in full."""
    settings = read_settings()
    _print_run(settings, read_tenant(settings, tenant).id, run_id=None, as_json=as_json)


@app.command()
def status(
    tenant: OneTenantArgument = None,
    limit: Annotated[int, typer.Option(help="How many runs, newest first.", min=1)] = 10,
    as_json: JsonOption = False,
) -> None:
    """List the newest runs: outcome, seconds per step, calls."""
    from orgsync.sync.lookups import find_runs

    settings = read_settings()
    runs = find_runs(settings, tenant, limit=limit)
    if tenant is not None and not runs:
        read_tenant(settings, tenant)  # a name that is nowhere is a mistake, not an empty list
    if as_json:
        print_json(runs)
    elif runs:
        from orgsync.cli.report import show_runs

        show_runs(results, in_local_time(settings, runs))
    else:
        results.print("no run yet")
    if tenant is None:
        if not as_json:
            _name_retired_ones(settings)
        _name_broken_ones(settings)


@app.command()
def housekeeping(
    tenant: OneTenantArgument = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would go, and remove nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove what a tenant's retention does not keep; of all tenants, also forget whom somebody asked to be forgotten on a page."""
    settings = read_settings()

    from orgsync.removal.duties import look_after, tell_undone
    from orgsync.sync.housekeeping import clean_tenants, list_left_out

    stanzas = read_tenants(settings, tenant)
    undone = None if dry_run or tenant else tell_undone(look_after(settings))
    cleanings = [*clean_tenants(settings, stanzas.tenants, dry_run=dry_run), *list_left_out(stanzas)]
    if as_json:
        print_json([asdict(cleaning) for cleaning in cleanings])
    else:
        from orgsync.cli.report import show_cleanings

        show_cleanings(results, [asdict(cleaning) for cleaning in cleanings])
    is_any_broken = name_broken(stanzas)
    if undone:
        raise undone
    if any(cleaning.outcome == "failed" for cleaning in cleanings):
        raise typer.Exit(1)
    if is_any_broken:
        raise typer.Exit(2)


class Statement(TyperCommand):
    """An argument that begins with a comment of SQL is no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        commented = [arg for arg in args if arg.startswith("--") and ("\n" in arg or arg[2:3].isspace())]
        others = [arg for arg in args if arg not in commented]
        return super().parse_args(ctx, [*others, "--", *commented] if commented else args)


@app.command(cls=Statement)
def sql(
    statement: Annotated[
        str | None, typer.Argument(help='One query, for example "select tenant_id, count(*) from org.users group by tenant_id".')
    ] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="FILE", help="Ask what this file holds; - reads the input.")] = None,
    as_csv: CsvOption = False,
    as_sheet: SheetOption = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the warehouse something: one query, which can only read."""
    if (statement is None) == (file is None):
        raise typer.BadParameter("it takes one statement, or --file")
    form = choose_form(as_json=as_json, as_csv=as_csv, as_sheet=as_sheet)
    asked = statement if file is None else read_text(file, "--file")

    from orgsync.cli.report import show_table
    from orgsync.sync.lookups import query_warehouse

    settings = read_settings()
    answer = query_warehouse(settings, asked or "")
    if form == "json":
        print_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    elif form:
        print_csv(answer.columns, answer.rows, for_sheet=form == "sheet")
    else:
        show_table(results, answer.columns, _in_one_zone(settings, answer.rows))


@app.command()
def pools() -> None:
    """Print Airflow's pools, one for each platform, as `airflow pools import` takes them."""
    from orgsync.airflow_parts.pools import list_pools

    print_json(list_pools())


def _make_run(settings: Settings, tenant_id: str, *, new_company: str = "") -> Run:
    """A run of the command's own, named after the moment."""
    from orgsync.companies.ownership import Takeover
    from orgsync.sync.run import Run

    found, run_id = read_tenant(settings, tenant_id), f"cli__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}+00:00"
    takeover = Takeover(new_company, word_of=getpass.getuser()) if new_company else Takeover()
    return Run(found, run_id=run_id, run_type="cli", settings=settings, takeover=takeover)


def _name_retired_ones(settings: Settings) -> None:
    from orgsync.cli.report import at
    from orgsync.sync.lookups import list_retired

    for row in in_local_time(settings, list_retired(settings)):
        line = f"{row['tenant_id']} is retired: it is in the tenants file no more, since {at(row['retired_at'])}; its history stays"
        results.print(line, highlight=False, style="dim", soft_wrap=True)


def _name_broken_ones(settings: Settings) -> None:
    """What was run is known without the tenants file; that nothing more will be, its mistakes say."""
    try:
        name_broken(read_tenants(settings, None))
    except ConfigurationError as error:
        print_error(str(error))


def _in_one_zone(settings: Settings, rows: list[list[Any]]) -> list[list[Any]]:
    """A row of somebody's own query may be of any tenant, or of none."""
    zone = Zones(settings).of_all()
    return [[value.astimezone(zone) if isinstance(value, datetime) and value.tzinfo else value for value in row] for row in rows]


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _print_plan(settings: Settings, tenant_id: str, plan_id: int | None, *, form: Form | None) -> None:
    from orgsync.cli.report import CHANGE_COLUMNS, LISTED, show_plan
    from orgsync.sync.lookups import find_plan

    found = find_plan(settings, tenant_id, plan_id, limit=None if form else LISTED)
    if form == "json":
        print_json(found)
    elif form:
        rows = [[change[column] for column in CHANGE_COLUMNS] for change in found["changes"]]
        print_csv(CHANGE_COLUMNS, rows, for_sheet=form == "sheet")
    else:
        show_plan(results, in_local_time(settings, found))


def _print_run(settings: Settings, tenant_id: str, *, run_id: str | None, as_json: bool) -> None:
    """One run, or the newest of the tenant."""
    from orgsync.cli.report import show_run
    from orgsync.sync.lookups import find_runs

    runs = find_runs(settings, tenant_id, run_id=run_id, limit=1)
    if as_json:
        print_json(runs[0] if runs else None)
    elif runs:
        show_run(results, in_local_time(settings, runs[0]))
        _print_pages(settings, tenant_id, runs[0]["snapshot_id"])
    else:
        results.print(f"no run of {tenant_id} yet", highlight=False)


def _print_pages(settings: Settings, tenant_id: str, snapshot_id: str | None) -> None:
    """Where more is to be seen; pages in Airflow where it is known where people reach that."""
    from orgsync.connections.site import address_page, find_site
    from orgsync.landing.reports import has_report, place_report

    if snapshot_id and has_report(settings.report_folder, snapshot_id):
        page = place_report(settings.report_folder, snapshot_id)
        results.print(f"What validation found, as a page: {page}", highlight=False, soft_wrap=True)
    if find_site():
        results.print(f"The organization, on a page of Airflow: {address_page(tenant_id, 'tree')}", highlight=False, soft_wrap=True)
