"""The few knobs, read from the environment once and passed down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from orgsync.errors import ConfigurationError

PACKAGE = Path(__file__).resolve().parent
IS_CHECKOUT = not (PACKAGE / "include").is_dir()
"""A wheel brings along what lies beside the package in a checkout."""

SHIPPED = PACKAGE.parents[1] if IS_CHECKOUT else PACKAGE
"""Where what belongs to this version is: its SQL and templates in `include`, its DAG files in `dags`."""

HOME = SHIPPED if IS_CHECKOUT else Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser() / "orgsync"
"""Where what belongs to the installation is, unless a variable says otherwise: its tenants file, its templates, its state."""

INCLUDE, DAGS = SHIPPED / "include", SHIPPED / "dags"

REPORTS = ".reports"
"""Below a landing zone that is an object store, where no other place is named for reports; no tenant can be called so."""


@dataclass(frozen=True)
class Settings:
    """`landing_zone` is any URL that Airflow's ObjectStoragePath opens: file://, s3://, gs://, oss://.

    `report_folder` is a folder of this machine, or such a URL. `folders_are_shared`: folders named here are the same on all machines.
    `owner_conn_id` is a connection as the warehouse's owner, for migrating alone; where it is missing, `warehouse_conn_id` migrates too.
    `pages_conn_id` is the connection by which the pages read it, `receiver_conn_id` the one by which events are written
    that were received. `access_file` says who sees whose personal data there.
    `domain_files` is the folder of the files by which WeCom makes sure of a domain.
    """

    tenants_file: Path
    landing_zone: str
    report_folder: Path | str
    templates_folder: Path = HOME / "include" / "templates" / "messages"
    domain_files: Path = HOME / "include" / "domain_files"
    warehouse_conn_id: str = "orgsync_warehouse"
    owner_conn_id: str = "orgsync_warehouse_owner"
    pages_conn_id: str = "orgsync_pages"
    receiver_conn_id: str = "orgsync_receiver"
    access_file: Path = HOME / "include" / "access.yaml"
    statement_timeout_seconds: int = 3600
    folders_are_shared: bool = False
    claim_seconds: float = 30.0
    """So long after a process was killed its tenant is free again; a living one renews its claim six times in that."""


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """A variable that is set to nothing counts as not set: compose files pass on every name they know."""
    given = {name: value for name, value in environ.items() if value.strip()}
    state = state_folder(given)
    zone = given.get("ORGSYNC_LANDING_ZONE", f"file://{state / 'landing'}")
    return Settings(
        tenants_file=Path(given.get("ORGSYNC_TENANTS", HOME / "include" / "tenants.yaml")),
        landing_zone=zone,
        report_folder=_read_folder(given.get("ORGSYNC_REPORTS") or _beside(zone) or str(state / "reports")),
        domain_files=Path(given.get("ORGSYNC_DOMAIN_FILES", HOME / "include" / "domain_files")),
        access_file=Path(given.get("ORGSYNC_ACCESS", HOME / "include" / "access.yaml")),
        templates_folder=Path(given.get("ORGSYNC_TEMPLATES", _find_templates())),
        statement_timeout_seconds=_read_seconds(given, "ORGSYNC_STATEMENT_TIMEOUT_SECONDS", default=3600),
        folders_are_shared=_read_answer(given, "ORGSYNC_FOLDERS_ARE_SHARED"),
    )


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where a laptop keeps what is not in the repository: landing zone, reports, the local stack's data."""
    return Path(environ.get("ORGSYNC_STATE") or HOME / ".orgsync")


def is_folder(uri: str) -> bool:
    """Whether it is one of this machine, as a path or a `file://` URL, and not an object store."""
    return urlsplit(uri).scheme in ("", "file", "local")


def _read_folder(uri: str) -> Path | str:
    return Path(uri.removeprefix("file://").removeprefix("local://")) if is_folder(uri) else uri


def _beside(zone: str) -> str | None:
    """Where reports are that nobody named a place for: where all machines see them, if they see the landing zone."""
    return None if is_folder(zone) else f"{zone.rstrip('/')}/{REPORTS}"


def _find_templates() -> Path:
    """Those of the installation; where it has none of its own, the examples."""
    own, examples = (place / "templates" / "messages" for place in (HOME / "include", INCLUDE))
    return own if own.is_dir() else examples


def _read_seconds(environ: Mapping[str, str], name: str, *, default: int) -> int:
    text = environ.get(name, str(default))
    if not text.isascii() or not text.isdecimal():
        raise ConfigurationError(f"{name} is {text!r}; set it to a number of seconds")
    return int(text)


def _read_answer(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "false").strip().lower()
    if text not in ("true", "false"):
        raise ConfigurationError(f"{name} is {text!r}; set it to true or false")
    return text == "true"
