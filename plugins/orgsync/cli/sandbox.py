"""The commands `orgsync sandbox …`: they steer the practice platform."""

from __future__ import annotations

import json
import os
from typing import Annotated, Any
from urllib.parse import quote

import typer

from orgsync.cli.console import JsonOption, print_json, results
from orgsync.cli.local_stack import LOOPBACK, read_ports
from orgsync.platforms.speaking.bounds import MOST_ANSWER_BYTES

app = typer.Typer(help="Steer the sandbox: the practice platform that `make demo` starts.", no_args_is_help=True)

ANSWER_SECONDS = 60.0
MOST_SHOWN = 2000

PlatformOption = Annotated[str | None, typer.Option("--platform", help="One of the platforms it plays; all if left out.")]


@app.command("status")
def sandbox_status(platform: PlatformOption = None, as_json: JsonOption = False) -> None:
    """Show what the sandbox holds and how often it was called."""
    from orgsync.cli.sandbox_report import show_status

    found = {
        name: {"organization": control("GET", f"{name}/organization?summary=1"), "calls": control("GET", f"{name}/calls")}
        for name in list_played(platform)
    }
    print_json(found) if as_json else show_status(results, found)


@app.command("evolve")
def sandbox_evolve(
    rate: Annotated[float, typer.Option(help="Part of the people that something happens to.", min=0, max=1)] = 0.02,
    platform: PlatformOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let some time pass: people join, leave, move; says what happened."""
    from orgsync.cli.sandbox_report import show_evolutions

    happened = {name: control("POST", f"{name}/evolve", {"rate": rate}) for name in list_played(platform)}
    print_json(happened) if as_json else show_evolutions(results, happened)


@app.command("hide")
def sandbox_hide(
    share: Annotated[float, typer.Argument(help="Part of the people, to be in no list and no count; 0 shows all again.", min=0, max=1)],
    platform: PlatformOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hide people as a broken platform may: for trying what a sync does when many seem to have left."""
    from orgsync.cli.sandbox_report import show_hidden

    hidden = {name: len(control("PUT", f"{name}/hidden", {"share": share})["hidden"]) for name in list_played(platform)}
    print_json(hidden) if as_json else show_hidden(results, hidden)


@app.command("fault")
def sandbox_fault(
    kind: Annotated[str, typer.Argument(help="For example throttle, http_500, html, lost_rows; `none` removes all.")],
    interface: Annotated[
        str, typer.Option(help="The interface that misbehaves: its path, or `people` or `departments` for the one that lists them.")
    ] = "people",
    platform: PlatformOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the sandbox misbehave."""
    from orgsync.cli.sandbox_report import show_faults, show_removed_faults

    if kind == "none":
        removed = {name: control("DELETE", f"{name}/faults") for name in list_played(platform)}
        print_json(removed) if as_json else show_removed_faults(results, removed)
    else:
        fault = {"interface": interface, "kind": kind}
        added = {name: control("POST", f"{name}/faults", fault) for name in list_played(platform)}
        print_json(added) if as_json else show_faults(results, added)


@app.command("inbox")
def inbox(
    user: Annotated[str, typer.Argument(metavar="USER", help="A person's id, as it is in the warehouse.")],
    platform: Annotated[str, typer.Option("--platform", help="One of the platforms it plays.")],
    as_json: JsonOption = False,
) -> None:
    """Show what a person has received, newest first."""
    from orgsync.cli.sandbox_report import show_inbox

    inbox = control("GET", f"{platform}/inbox?user={quote(user, safe='')}")
    print_json(inbox) if as_json else show_inbox(results, inbox)


def list_played(platform: str | None) -> list[str]:
    """The platform asked for, or all that the sandbox plays."""
    return [platform] if platform else list(control("GET", "health")["platforms"])


def control(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the sandbox's control API; `path` begins with the platform. Raises `ConfigurationError` where none answers, or it refuses."""
    import requests

    from orgsync.errors import ConfigurationError
    from orgsync.platforms.speaking.receiving import TooLargeError, open_session, receive

    url = os.environ.get("ORGSYNC_SANDBOX_URL") or _local_sandbox_url()
    if not url:
        raise ConfigurationError("no sandbox is running; start one with `make demo` or `make up`, or set ORGSYNC_SANDBOX_URL")
    try:
        session = open_session(1)
        environment = session.merge_environment_settings(url, {}, True, None, None)
        request = requests.Request(method, f"{url}/_sandbox/{path}", json=body).prepare()
        answer = receive(
            session,
            request,
            connect_seconds=ANSWER_SECONDS,
            seconds=ANSWER_SECONDS,
            environment=environment,
            most_bytes=MOST_ANSWER_BYTES,
        )
        content = json.loads(answer.body or b"{}") if answer.status < 400 else None
    except (requests.Timeout, TooLargeError):
        raise ConfigurationError(f"what answers at {url} does not come to an end; ORGSYNC_SANDBOX_URL is to name a sandbox") from None
    except requests.RequestException:
        raise ConfigurationError(f"no sandbox answers at {url}; start one with `make demo` or `make up`") from None
    except ValueError:
        raise ConfigurationError(f"what answers at {url} is no sandbox; ORGSYNC_SANDBOX_URL is to name one") from None
    if answer.status >= 400:
        raise ConfigurationError(f"the sandbox refused: {answer.body[:MOST_SHOWN].decode(errors='replace')}")
    return content


def _local_sandbox_url() -> str | None:
    port = read_ports().get("sandbox")
    return f"http://{LOOPBACK}:{port}" if port else None
