"""What all commands of `orgsync` share: where results go, and the arguments they have in common."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from orgsync.settings import Settings

if TYPE_CHECKING:
    from orgsync.tenants import Tenant

WIDTH_OF_A_FILE = 160

results = Console()
if not results.is_terminal:
    results.width = WIDTH_OF_A_FILE

TenantArgument = Annotated[str, typer.Argument(help="The tenant's id in the tenants file.")]
OneTenantArgument = Annotated[str | None, typer.Argument(help="One tenant; all if left out.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def read_tenant(settings: Settings, tenant_id: str) -> Tenant:
    return read_tenants(settings, tenant_id)[0]


def read_tenants(settings: Settings, tenant_id: str | None) -> list[Tenant]:
    """The tenant of that id, or all."""
    from orgsync.tenants import find_tenant, load_tenants

    tenants = load_tenants(settings.tenants_file, settings.templates_folder)
    return tenants if tenant_id is None else [find_tenant(tenants, tenant_id)]


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=_encode, indent=2), file=results.file)


def _encode(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def log_progress(*, quiet: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", datefmt="%H:%M:%S"))
    progress = logging.getLogger("orgsync")
    progress.handlers = [handler]
    progress.propagate = False
    progress.setLevel(logging.WARNING if quiet else logging.INFO)


def print_error(text: str) -> None:
    error = Text.assemble(("error:", "bold red"), f" {text}")
    Console(stderr=True).print(error, highlight=False, soft_wrap=True)
