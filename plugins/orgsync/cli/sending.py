"""The commands about messages: queue, change, take back, send, and see what became of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orgsync.cli.console import (
    JsonOption,
    OneTenantArgument,
    TenantArgument,
    in_local_time,
    log_progress,
    name_broken,
    print_error,
    print_json,
    read_tenant,
    read_tenants,
    read_text,
    results,
)
from orgsync.outbox.quota import MOST_URGENT
from orgsync.outbox.states import MessageState
from orgsync.platforms.sending.messages import KINDS
from orgsync.settings import Settings, read_settings

if TYPE_CHECKING:
    from orgsync.outbox.reach import Reach
    from orgsync.outbox.sending import Pushed
    from orgsync.tenants import Tenant

PANEL = "Messages"
PUSH_SECONDS = 60
LISTED = 20

ANSWERS = {
    "asked": "message {id} is to be taken back, as soon as {tenant} is pushed",
    "not sent yet": "message {id} was not sent yet: it is not going to be",
    "nothing was sent": "nothing was sent of message {id}, so there is nothing to take back",
    "recalled": "message {id} was recalled already",
}

RETRIES = {
    "again": "message {id} goes with the next delivery of {tenant}; whatever shares its calls goes with it",
    "partly": "what surely was not sent of message {id} goes with the next delivery of {tenant}; the rest may have gone out",
    "under way": "message {id} goes with the next delivery of {tenant} anyway, or is being sent now",
    "not yet": "message {id} waits for its time",
    "in doubt": "nobody knows whether message {id} went out, so it is not sent again; queue it anew if some may get it twice",
    "refused": "message {id} was refused for good; mend what its reason says, and queue it anew",
    "expired": "message {id} has expired; queue it anew",
    "overtaken": "message {id} changes a todo that was changed since; change it anew",
    "taken back": "message {id}, or another that shares its calls, was taken back; queue it anew",
    "nothing failed": "nothing of message {id} failed",
}

app = typer.Typer()


def _check_text(text: str | None) -> str | None:
    """What the terminal gave that is no UTF-8 comes as halves of characters, which nobody can send."""
    if text is not None and not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise typer.BadParameter("it is not written in UTF-8; set the terminal to it, or use --body-file")
    return text


MessageArgument = Annotated[int, typer.Argument(metavar="MESSAGE_ID", help="As `orgsync outbox` lists it.", min=1)]
PushOption = Annotated[bool, typer.Option("--push", help="Send at once what may go, instead of leaving it to the DAG org_notify.")]


def _said(help_text: str, *, metavar: str = "TEXT") -> Any:
    return typer.Option(metavar=metavar, rich_help_panel="What it says", callback=_check_text, help=help_text)


def _reaching(help_text: str, *, metavar: str | None = None) -> Any:
    return typer.Option(metavar=metavar, rich_help_panel="Who gets it", help=help_text)


def _timed(help_text: str) -> Any:
    return typer.Option(metavar="TIME", rich_help_panel="When", help=help_text)


@app.command(rich_help_panel=PANEL)
def notify(
    tenant: TenantArgument,
    kind: Annotated[str | None, _said(f"{', '.join(KINDS)}; text if left out.", metavar="KIND")] = None,
    title: Annotated[str | None, _said("Its title; a text may be without.")] = None,
    body: Annotated[str | None, _said("Its text; of kind markdown, the platform's Markdown.")] = None,
    body_file: Annotated[str | None, _said("The body is what this file holds, in UTF-8; - reads the input.", metavar="FILE")] = None,
    url: Annotated[str | None, _said("What it opens.", metavar="URL")] = None,
    due_at: Annotated[str | None, _said("When a todo is due; a day alone ends at 23:59.", metavar="TIME")] = None,
    template: Annotated[str | None, _said("A message template says all of this instead.", metavar="NAME")] = None,
    var: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", rich_help_panel="What it says", help="A variable of the template; may be repeated."),
    ] = None,
    everyone: Annotated[bool, typer.Option("--everyone", rich_help_panel="Who gets it", help="Everybody in the tenant.")] = False,
    user: Annotated[list[str] | None, _reaching("A person; may be repeated.", metavar="ID")] = None,
    department: Annotated[
        list[str] | None, _reaching("Id, name or path of a department, with all below; may be repeated.", metavar="ID")
    ] = None,
    query: Annotated[str | None, _reaching("A saved audience: a row of notify.audience_query.", metavar="NAME")] = None,
    not_before: Annotated[str | None, _timed("Not sent before.")] = None,
    expires_at: Annotated[str | None, _timed("Not sent after; a day alone ends at 23:59.")] = None,
    priority: Annotated[int, typer.Option(rich_help_panel="When", help="9 is the most urgent.", min=0, max=MOST_URGENT)] = 5,
    dedupe_key: Annotated[str | None, typer.Option(metavar="KEY", help="Where a message has this key already, none is queued.")] = None,
    source: Annotated[str, typer.Option(metavar="TEXT", help="Who or what it comes from.")] = "cli",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a message to everybody.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Show what would be sent, and to how many; queue nothing.")] = False,
    push: PushOption = False,
    as_json: JsonOption = False,
) -> None:
    """Queue a message to people, departments or everybody.

    Times are in the tenant's timezone unless they name a zone: 2026-03-01T18:00, 2026-03-01T18:00+08:00.
    """
    if preview and push:
        raise typer.BadParameter("--preview and --push exclude each other")
    settings = read_settings()
    found = read_tenant(settings, tenant)

    from orgsync.outbox.composing import compose

    message = compose(
        settings,
        found,
        kind=kind,
        title=title,
        body=_read_body(body, body_file),
        url=url,
        due_at=due_at,
        template=template,
        variables=_read_variables(var or []),
        # What a message says can be seen before it is known who gets it.
        everyone=everyone or (preview and not (user or department or query)),
        users=user,
        departments=department,
        query=query,
        priority=priority,
        not_before=not_before,
        expires_at=expires_at,
        dedupe_key=dedupe_key,
        source=source,
    )
    from orgsync.outbox.sending import enqueue, measure_reach

    if preview:
        reach = measure_reach(settings, found, message) if everyone or user or department or query else None
        _print_preview(found, message.content, reach, as_json=as_json)
        return
    if everyone and not yes and sys.stdin.isatty():
        people = measure_reach(settings, found, message).people
        typer.confirm(f"This goes to everybody of {tenant}, {people:,} people. Queue it?", abort=True, err=True)

    message_id = enqueue(settings, found, message)
    if user and not everyone and not as_json and (told := _say_missing(measure_reach(settings, found, message))):
        typer.echo(told, err=True)
    _follow(settings, found, message_id, f"message {message_id} is queued for {tenant}", push=push, as_json=as_json)


@app.command(rich_help_panel=PANEL)
def todo(
    message_id: MessageArgument,
    complete: Annotated[bool, typer.Option("--complete", help="Mark it as done, for all who have it.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Change what it says: what is given of title, body and due time.")] = False,
    title: Annotated[str | None, typer.Option(metavar="TEXT", callback=_check_text, help="Its new title.")] = None,
    body: Annotated[str | None, typer.Option(metavar="TEXT", callback=_check_text, help="Its new text.")] = None,
    due_at: Annotated[str | None, typer.Option(metavar="TIME", help="When it is due now; a day alone ends at 23:59.")] = None,
    push: PushOption = False,
    as_json: JsonOption = False,
) -> None:
    """Complete, remove or change a todo that was sent.

    A time is in the tenant's timezone unless it names a zone: 2026-03-01T18:00, 2026-03-01T18:00+08:00.
    """
    actions = [name for name, is_wanted in (("complete", complete), ("delete", delete), ("update", update)) if is_wanted]
    if len(actions) != 1:
        raise typer.BadParameter("one of --complete, --delete and --update says what is done to it")
    if update != any(text is not None for text in (title, body, due_at)):
        raise typer.BadParameter("--update goes with --title, --body or --due-at, and they with it")
    settings = read_settings()
    tenant = _tenant_of(settings, message_id)

    from zoneinfo import ZoneInfo

    from orgsync.outbox.composing import DAY_ENDS, read_instant
    from orgsync.outbox.sending import change_todo

    due = read_instant("due_at", due_at, ZoneInfo(tenant.timezone), of_a_day=DAY_ENDS)
    change_id = change_todo(settings, message_id, actions[0], title=title, body=body, due_at=due)
    said = f"message {change_id} is queued for {tenant.id}: {actions[0]} todo {message_id}"
    _follow(settings, tenant, change_id, said, push=push, as_json=as_json)


@app.command(rich_help_panel=PANEL)
def recall(message_id: MessageArgument, push: PushOption = False, as_json: JsonOption = False) -> None:
    """Take a message back, as far as its platform still does that."""
    settings = read_settings()
    tenant = _tenant_of(settings, message_id)

    from orgsync.outbox.sending import recall as ask_back

    answer = ask_back(settings, message_id)
    said = ANSWERS[answer].format(id=message_id, tenant=tenant.id)
    if answer == "asked":
        _follow(settings, tenant, message_id, said, push=push, as_json=as_json, answer=answer)
    elif as_json:
        print_json({"answer": answer} | _find_message(settings, message_id))
    else:
        results.print(said, highlight=False, markup=False)


@app.command(rich_help_panel=PANEL)
def retry(message_id: MessageArgument, push: PushOption = False, as_json: JsonOption = False) -> None:
    """Try a message again: what waits because something failed, and what was given up.

    What may have gone out is not sent a second time, and what a platform refused stays refused.
    """
    settings = read_settings()
    tenant = _tenant_of(settings, message_id)

    from orgsync.outbox.sending import retry as try_again

    answer = try_again(settings, message_id)
    said = RETRIES[answer].format(id=message_id, tenant=tenant.id)
    if answer in ("again", "partly", "under way"):
        _follow(settings, tenant, message_id, said, push=push, as_json=as_json, answer=answer)
    elif as_json:
        print_json({"answer": answer} | _find_message(settings, message_id))
    else:
        results.print(said, highlight=False, markup=False)


@app.command(rich_help_panel=PANEL)
def push(
    tenant: OneTenantArgument = None,
    seconds: Annotated[float, typer.Option("--for", metavar="SECONDS", help="How long to go on for each tenant.", min=0)] = PUSH_SECONDS,
    as_json: JsonOption = False,
) -> None:
    """Send what waits and may go, take back what is to be, ask what became of the rest."""
    settings = read_settings()
    stanzas = read_tenants(settings, tenant)

    from orgsync.outbox.sending import list_unsendable, make_known

    if tenant is None:
        make_known(settings, stanzas)
    done = _push(settings, stanzas.tenants, seconds, quiet=as_json)
    shown = [asdict(each) for each in (*done, *list_unsendable(settings, stanzas))]
    if as_json:
        print_json(shown)
    else:
        from orgsync.cli.sending_report import show_pushes

        show_pushes(results, shown)
    is_any_broken = name_broken(stanzas)
    _fail_if_one_failed(done)
    if is_any_broken:
        raise typer.Exit(2)


@app.command(rich_help_panel=PANEL)
def quota(tenant: OneTenantArgument = None, as_json: JsonOption = False) -> None:
    """Show what is used of the platforms' quotas, when they are renewed, and what waits and why."""
    from orgsync.outbox.sending import read_quota

    settings = read_settings()
    rows = read_quota(settings, read_tenant(settings, tenant).id if tenant else None)
    if as_json:
        print_json(rows)
    elif rows:
        from orgsync.cli.sending_report import show_quota

        show_quota(results, in_local_time(settings, rows))
    else:
        results.print("nothing was queued or pushed yet")


@app.command(rich_help_panel=PANEL)
def outbox(
    tenant: OneTenantArgument = None,
    state: Annotated[MessageState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(help="How many messages; with --id, how many of the people who did not get it.", min=1)] = LISTED,
    message_id: Annotated[int | None, typer.Option("--id", metavar="MESSAGE_ID", help="This message alone, in full.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest messages and what became of them; with --id one of them: who did not get it and why, and every attempt."""
    if message_id is not None and (tenant or state):
        raise typer.BadParameter("--id names one message: it goes without TENANT and --state")
    settings = read_settings()
    if message_id is not None:
        _print_message(settings, _find_message(settings, message_id, most=limit), as_json=as_json)
        return

    from orgsync.outbox.sending import list_messages

    rows = list_messages(settings, tenant_id=read_tenant(settings, tenant).id if tenant else None, state=state, most=limit)
    if as_json:
        print_json(rows)
    elif rows:
        from orgsync.cli.sending_report import show_messages

        show_messages(results, in_local_time(settings, rows))
    else:
        results.print(f"no message is {state}" if state else "no message yet")


def _read_body(body: str | None, file: str | None) -> str | None:
    """A file ends with a line end that is not meant."""
    if file is None:
        return body
    if body is not None:
        raise typer.BadParameter("--body and --body-file exclude each other")
    return read_text(file, "--body-file")


def _read_variables(given: Sequence[str]) -> dict[str, object]:
    variables: dict[str, object] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{text!r} has no =; write NAME=VALUE", param_hint="--var")
        if name in variables:
            raise typer.BadParameter(f"{name!r} is given twice", param_hint="--var")
        variables[name] = _check_text(value)
    return variables


def _tenant_of(settings: Settings, message_id: int) -> Tenant:
    return read_tenant(settings, _find_message(settings, message_id)["tenant_id"])


def _find_message(settings: Settings, message_id: int, *, most: int = LISTED) -> dict[str, Any]:
    from orgsync.outbox.sending import find_message

    return find_message(settings, message_id, most=most)


def _follow(settings: Settings, tenant: Tenant, message_id: int, said: str, *, push: bool, as_json: bool, **told: str) -> None:
    """Say what was done, and how to see what becomes of it; or push, and show it."""
    if not as_json:
        results.print(said, highlight=False, markup=False)
    done = _push(settings, [tenant], PUSH_SECONDS, quiet=True) if push else []
    if as_json:
        print_json(told | _find_message(settings, message_id))
    elif push:
        _print_message(settings, _find_message(settings, message_id), as_json=False)
    else:
        results.print(f"follow it with: orgsync outbox --id {message_id}; push it now with: orgsync push {tenant.id}", highlight=False)
    _fail_if_one_failed(done)


def _push(settings: Settings, tenants: Sequence[Tenant], seconds: float, *, quiet: bool) -> list[Pushed]:
    from orgsync.outbox.sending import push_each

    log_progress(quiet=quiet)
    return push_each(settings, tenants, run_for=timedelta(seconds=seconds))


def _fail_if_one_failed(done: Sequence[Pushed]) -> None:
    failed = [each for each in done if each.error]
    for each in failed:
        print_error(f"tenant {each.tenant_id}: {each.error}")
    if failed:
        raise typer.Exit(1)


def _say_missing(reach: Reach) -> str:
    """Which of the people named get nothing."""
    missing = [(reach.unknown, "not in the organization"), (reach.resigned, "resigned")]
    parts = [f"{what}: {', '.join(ids)}" for ids, what in missing if ids]
    parts += [f"{reach.strangers:,} ids of the saved audience are nobody's"] if reach.strangers else []
    return "; ".join(parts)


def _print_preview(tenant: Tenant, content: Any, reach: Reach | None, *, as_json: bool) -> None:
    from orgsync.outbox.sending import preview
    from orgsync.templates.preview import describe

    shown = preview(tenant, content)
    if as_json:
        print_json(asdict(shown) | {"reach": asdict(reach) if reach else None})
    else:
        if reach:
            results.print(f"Reaches {reach.people:,} people", highlight=False, markup=False)
            if told := _say_missing(reach):
                results.print(f"Does not reach all: {told}", style="yellow", highlight=False, markup=False)
        results.print(describe(shown.content, shown.problems, shown.body))
        results.print("(to one receiver; ids between < >, and the app's own, are put in when it is sent)", style="dim", highlight=False)
    if shown.problems:
        raise typer.Exit(2)


def _print_message(settings: Settings, message: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(message)
    else:
        from orgsync.cli.sending_report import show_message

        show_message(results, in_local_time(settings, message))
