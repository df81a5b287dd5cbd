"""The commands `orgsync sandbox …` for events: whither the practice platform tells of changes, what became of them, what is to go wrong."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from orgsync.cli.console import JsonOption, print_json, results
from orgsync.cli.sandbox import PlatformOption, control, list_played

app = typer.Typer()

StreamEnd = Literal["disconnect", "silence", "restart"]
OnePlatformOption = Annotated[str, typer.Option("--platform", help="One of the platforms it plays.")]


@app.command("callback")
def sandbox_callback(
    target: Annotated[str, typer.Argument(metavar="URL", help="Whither it tells of changes; `stream` for connections of ours, `off`.")],
    platform: OnePlatformOption,
    token: Annotated[str | None, typer.Option(help="Whereby what it sends is signed; Feishu's verification token.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Whereby it is encrypted: the EncodingAESKey; Feishu's Encrypt Key, which may be empty.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Set whither the sandbox tells of changes; a URL must answer its check at once."""
    from orgsync.cli.sandbox_report import show_callback

    wish: dict[str, Any] = {"mode": target} if target in ("off", "stream") else {"url": target}
    named = {name: value for name, value in (("token", token), ("key", key)) if value is not None}
    found = control("PUT", f"{platform}/callback", wish | named)
    print_json(found) if as_json else show_callback(results, platform, found)


@app.command("events")
def sandbox_events(platform: PlatformOption = None, as_json: JsonOption = False) -> None:
    """Show what the sandbox told of changes, and what of it was acknowledged."""
    from orgsync.cli.sandbox_report import show_events

    found = {name: control("GET", f"{name}/events") for name in list_played(platform)}
    print_json(found) if as_json else show_events(results, {name: each["counts"] for name, each in found.items()})


@app.command("event-fault")
def sandbox_event_fault(
    kind: Annotated[str, typer.Argument(help="For example lost, duplicated, reordered, delayed, forged, silence; `none` removes all.")],
    event_type: Annotated[str, typer.Option("--type", help="Of which events, in the platform's words; `*`: of any.")] = "*",
    share: Annotated[float, typer.Option(help="Part of them that is struck.", min=0, max=1)] = 1,
    seed: Annotated[int, typer.Option(help="The same events each time for a seed.")] = 0,
    times: Annotated[int | None, typer.Option(help="Strike so often at most.", min=1)] = None,
    seconds: Annotated[float, typer.Option(help="How late what is delayed or overtaken is at most.", min=0)] = 1,
    platform: PlatformOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let something happen to events on their way."""
    from orgsync.cli.sandbox_report import show_event_faults, show_removed_event_faults

    if kind == "none":
        removed = {name: control("DELETE", f"{name}/event_faults") for name in list_played(platform)}
        print_json(removed) if as_json else show_removed_event_faults(results, removed)
    else:
        fault = {"kind": kind, "type": event_type, "share": share, "seed": seed, "times": times, "seconds": seconds}
        added = {name: control("POST", f"{name}/event_faults", fault) for name in list_played(platform)}
        print_json(added) if as_json else show_event_faults(results, added)


@app.command("stream")
def sandbox_stream(
    what: Annotated[StreamEnd, typer.Argument(help="End connections as planned, let them fall silent, or break them off.")],
    platform: PlatformOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let something happen to the connections that are open."""
    from orgsync.cli.sandbox_report import show_streams

    found = {name: control("POST", f"{name}/streams/{what}") for name in list_played(platform)}
    counts = {name: sum(len(ids) for ids in each.values()) for name, each in found.items()}
    print_json(found) if as_json else show_streams(results, what, counts)
