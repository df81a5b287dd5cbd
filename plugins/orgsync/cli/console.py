"""What all commands of `orgsync` share: where results go, and the arguments they have in common."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from orgsync.errors import ConfigurationError
from orgsync.log_fields import find_log_fields
from orgsync.settings import Settings
from orgsync.sheets import BYTE_ORDER_MARK, encode_value, write_rows
from orgsync.templates.values import readable

if TYPE_CHECKING:
    from orgsync.tenants import Stanzas, Tenant

WIDTH_OF_A_FILE = 10_000
"""Nothing is folded there: whoever looks for a line finds it whole."""
TRAILING_BLANKS = re.compile(r" +$", re.MULTILINE)


class Screen(Console):
    """A console on which data is text: it is no markup, moves no cursor, turns no direction of writing, and no line ends in blanks."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, highlight=False, emoji=False, **options)
        if not self.is_terminal:
            self.width = WIDTH_OF_A_FILE

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(readable(segment.text), segment.style)

    def print(self, *objects: Any, **options: Any) -> None:
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as printed:
            super().print(*objects, **options)
        self.file.write(TRAILING_BLANKS.sub("", printed.get()))
        self.file.flush()


def never_fail(*streams: Any) -> None:
    """What a terminal has no letters for is written as their numbers."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


results = Screen()

TenantArgument = Annotated[str, typer.Argument(help="The tenant's id in the tenants file.")]
OneTenantArgument = Annotated[str | None, typer.Argument(help="One tenant; all if left out.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV, for programs: in UTF-8, every value as it is.")]
SheetOption = Annotated[
    bool, typer.Option("--sheet", help="Print CSV, for spreadsheets: what one would compute or cut has an apostrophe in front.")
]

Form = Literal["json", "csv", "sheet"]


def read_tenant(settings: Settings, tenant_id: str) -> Tenant:
    return read_tenants(settings, tenant_id).tenants[0]


def read_tenants(settings: Settings, tenant_id: str | None) -> Stanzas:
    """All that the tenants file holds, or the tenant of that id alone; ConfigurationError where its stanza is wrong."""
    from orgsync.tenants import Stanzas, read_stanzas, read_tenant

    if tenant_id is None:
        return read_stanzas(settings.tenants_file)
    return Stanzas((read_tenant(settings.tenants_file, tenant_id),))


def name_broken(stanzas: Stanzas) -> bool:
    """Say which stanzas were left out, and why; returns whether there is one."""
    for stanza in stanzas.broken:
        left_out = f"tenant {stanza.tenant_id} is left out, for its stanza is wrong" if stanza.tenant_id else "a stanza is left out"
        print_error(f"{left_out}: {stanza}")
    return bool(stanzas.broken)


class Zones:
    """The time zones of the tenants; UTC for a tenant that is in the file no more, and for all while the file cannot be read."""

    def __init__(self, settings: Settings) -> None:
        try:
            self._names = {tenant.id: tenant.timezone for tenant in read_tenants(settings, None).tenants}
        except ConfigurationError:
            self._names = {}

    def of(self, tenant_id: str) -> tzinfo:
        return ZoneInfo(self._names[tenant_id]) if tenant_id in self._names else UTC

    def of_all(self) -> tzinfo:
        """The one that all tenants are in, or UTC."""
        names = set(self._names.values())
        return ZoneInfo(names.pop()) if len(names) == 1 else UTC


def in_local_time(settings: Settings, rows: Any, tenant_id: str | None = None) -> Any:
    """The same with every instant in the zone of its row's tenant, or of the tenant given: it keeps the zone it is in."""
    zones = Zones(settings)
    return _localize(rows, zones, zones.of(tenant_id) if tenant_id else UTC)


def _localize(value: Any, zones: Zones, zone: tzinfo) -> Any:
    match value:
        case datetime() if value.tzinfo:
            return value.astimezone(zone)
        case dict():
            own = zones.of(value["tenant_id"]) if isinstance(value.get("tenant_id"), str) else zone
            return {key: _localize(each, zones, own) for key, each in value.items()}
        case list() | tuple():
            return [_localize(each, zones, zone) for each in value]
    return value


def print_json(value: Any) -> None:
    """In UTF-8; where the terminal speaks something else, every letter beyond ASCII as its number."""
    is_unicode = (getattr(results.file, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    typer.echo(json.dumps(value, ensure_ascii=not is_unicode, default=encode_value, indent=2), file=results.file)


def choose_form(*, as_json: bool, as_csv: bool, as_sheet: bool) -> Form | None:
    """What is printed instead of text."""
    given: dict[Form, bool] = {"json": as_json, "csv": as_csv, "sheet": as_sheet}
    wanted = [form for form, is_wanted in given.items() if is_wanted]
    if len(wanted) > 1:
        raise typer.BadParameter("--json, --csv and --sheet exclude each other")
    return wanted[0] if wanted else None


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, for_sheet: bool) -> None:
    """In UTF-8 whatever the terminal speaks. A spreadsheet takes it for that only with a mark in front."""
    content = write_rows([columns, *rows], for_sheet=for_sheet)
    results.file.flush()
    typer.echo(((BYTE_ORDER_MARK if for_sheet else "") + content).encode(), file=results.file, nl=False)


def read_text(file: str, option: str) -> str:
    """What a file holds, in UTF-8, without the line end at its end; - is the input."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint=option) from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not written in UTF-8", param_hint=option) from error
    if "\0" in text:
        raise typer.BadParameter(f"{file} holds the character NUL: it is no text", param_hint=option)
    return text.replace("\r\n", "\n").rstrip("\n")


LogFormat = Literal["text", "json"]


class _ReadableFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return readable(super().format(record))


class _JsonFormatter(logging.Formatter):
    """One object a line, its fields named as Airflow names them, with what is known of the work: tenant, run, step, snapshot."""

    def format(self, record: logging.LogRecord) -> str:
        told = write_log_line(record.levelname.lower(), record.getMessage(), record.created)
        error = {"exception": self.formatException(record.exc_info)} if record.exc_info else {}
        return json.dumps(told | {"logger": record.name} | error, ensure_ascii=False)


def write_log_line(level: str, event: str, seconds: float) -> dict[str, str]:
    instant = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"timestamp": instant, "level": level, "event": readable(event), **find_log_fields()}


_log_format: LogFormat = "text"


def choose_log_format(log_format: LogFormat) -> None:
    """Of all that the command says beside its results."""
    global _log_format
    _log_format = log_format


def log_progress(*, quiet: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if _log_format == "json" else _ReadableFormatter("%(asctime)s  %(message)s", datefmt="%H:%M:%S"))
    progress = logging.getLogger("orgsync")
    progress.handlers = [handler]
    progress.propagate = False
    progress.setLevel(logging.WARNING if quiet else logging.INFO)


def print_error(text: str) -> None:
    if _log_format == "json":
        print(json.dumps(write_log_line("error", text, time.time()), ensure_ascii=False), file=sys.stderr)
        return
    error = Text.assemble(("error:", "bold red"), f" {text}")
    Screen(stderr=True).print(error, soft_wrap=True)
