"""The few knobs, read from the environment once and passed down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orgsync.errors import ConfigurationError

PACKAGE = Path(__file__).resolve().parent
IS_CHECKOUT = not (PACKAGE / "include").is_dir()
"""A wheel brings along what lies beside the package in a checkout."""

SHIPPED = PACKAGE.parents[1] if IS_CHECKOUT else PACKAGE
"""Where what belongs to this version is: its SQL and templates in `include`, its DAG files in `dags`."""

HOME = SHIPPED if IS_CHECKOUT else Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser() / "orgsync"
"""Where what belongs to the installation is, unless a variable says otherwise: its tenants file, its templates, its state."""

INCLUDE, DAGS = SHIPPED / "include", SHIPPED / "dags"


@dataclass(frozen=True)
class Settings:
    """`landing_zone` is any URL that Airflow's ObjectStoragePath opens: file://, s3://, gs://, oss://.

    `owner_conn_id` is a connection as the warehouse's owner, for migrating alone; where it is missing, `warehouse_conn_id` migrates too.
    `pages_conn_id` is the connection by which the pages read it. `access_file` says who sees whose personal data there.
    `domain_files` is the folder of the files by which WeCom makes sure of a domain.
    """

    tenants_file: Path
    landing_zone: str
    report_folder: Path
    templates_folder: Path = HOME / "include" / "templates" / "messages"
    domain_files: Path = HOME / "include" / "domain_files"
    warehouse_conn_id: str = "orgsync_warehouse"
    owner_conn_id: str = "orgsync_warehouse_owner"
    pages_conn_id: str = "orgsync_pages"
    access_file: Path = HOME / "include" / "access.yaml"
    statement_timeout_seconds: int = 3600
    claim_seconds: float = 30.0
    """So long after a process was killed its tenant is free again; a living one renews its claim six times in that."""


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """A variable that is set to nothing counts as not set: compose files pass on every name they know."""
    given = {name: value for name, value in environ.items() if value.strip()}
    state = state_folder(given)
    return Settings(
        tenants_file=Path(given.get("ORGSYNC_TENANTS", HOME / "include" / "tenants.yaml")),
        landing_zone=given.get("ORGSYNC_LANDING_ZONE", f"file://{state / 'landing'}"),
        report_folder=Path(given.get("ORGSYNC_REPORTS", state / "reports")),
        domain_files=Path(given.get("ORGSYNC_DOMAIN_FILES", HOME / "include" / "domain_files")),
        access_file=Path(given.get("ORGSYNC_ACCESS", HOME / "include" / "access.yaml")),
        templates_folder=Path(given.get("ORGSYNC_TEMPLATES", _find_templates())),
        statement_timeout_seconds=_read_seconds(given, "ORGSYNC_STATEMENT_TIMEOUT_SECONDS", default=3600),
    )


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where a laptop keeps what is not in the repository: landing zone, reports, the local stack's data."""
    return Path(environ.get("ORGSYNC_STATE") or HOME / ".orgsync")


def report_path(folder: Path, snapshot_id: str) -> Path:
    """The page on which a snapshot's validation is shown."""
    return folder / f"{snapshot_id}.html"


def _find_templates() -> Path:
    """Those of the installation; where it has none of its own, the examples."""
    own, examples = (place / "templates" / "messages" for place in (HOME / "include", INCLUDE))
    return own if own.is_dir() else examples


def _read_seconds(environ: Mapping[str, str], name: str, *, default: int) -> int:
    text = environ.get(name, str(default))
    if not text.isascii() or not text.isdecimal():
        raise ConfigurationError(f"{name} is {text!r}; set it to a number of seconds")
    return int(text)
