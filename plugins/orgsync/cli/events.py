"""The command's part for events that platforms push: receive, listen."""

from __future__ import annotations

import json
import os
import threading
from typing import Annotated

import typer

from orgsync.cli.console import log_progress, read_tenant, read_text
from orgsync.errors import ConfigurationError
from orgsync.settings import read_settings

app = typer.Typer()

MOST_AT_ONCE = 500
PREFIX = "AIRFLOW_CONN_"


@app.command()
def receive(
    host: Annotated[str, typer.Option(help="The address to listen at; a reverse proxy with TLS stands before it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen at.", min=0, max=65535)] = 8092,
    connections: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Take connections from this file too: JSON, as `airflow connections export` writes it."),
    ] = None,
    trusted_proxies: Annotated[
        str, typer.Option(metavar="ADDRESSES", help="Whose X-Forwarded-For is believed, with commas between.")
    ] = "127.0.0.1",
) -> None:
    """Receive what the platforms push over HTTP: at /TENANT, for each tenant with `events: {receive: http}`."""
    import uvicorn

    if connections is not None:
        take_connections(read_text(connections, "--connections"))
    log_progress(quiet=False)
    from orgsync.events.app import create_app

    uvicorn.run(
        create_app(),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # its lines would hold signatures
        server_header=False,
        forwarded_allow_ips=trusted_proxies,
        limit_concurrency=MOST_AT_ONCE,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        ws="none",
    )


@app.command()
def listen(
    tenants: Annotated[list[str] | None, typer.Argument(metavar="[TENANT]...", help="These alone; all if left out.")] = None,
) -> None:
    """Hold connections to the platforms over which they push: for each tenant with `events: {receive: stream}`."""
    settings = read_settings()
    for tenant_id in tenants or ():
        if read_tenant(settings, tenant_id).events.receive != "stream":
            raise ConfigurationError(f"tenant {tenant_id!r} listens to no stream; set `events: {{receive: stream}}` in its stanza")
    log_progress(quiet=False)

    from orgsync.events.streams.listening import Listeners

    Listeners(settings, only=tenants or ()).work(threading.Event())


def take_connections(text: str) -> None:
    """For a process that should know these and no others; what the environment has stays as it is."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, dict | str) for each in found.values()):
        raise ConfigurationError("the file of connections must be a JSON object: ids, and for each its fields or its URI")
    for conn_id, fields in found.items():
        os.environ.setdefault(f"{PREFIX}{conn_id.upper()}", fields if isinstance(fields, str) else json.dumps(_keep_known(fields)))


def _keep_known(fields: dict[str, object]) -> dict[str, object]:
    """What `airflow connections export` adds is left out: a connection of JSON may not hold it."""
    known = ("conn_type", "description", "host", "schema", "login", "password", "port", "extra")
    return {name: value for name, value in fields.items() if name in known and value is not None}
