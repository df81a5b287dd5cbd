"""The few knobs, read from the environment once and passed down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """`landing_zone` is any URL that Airflow's ObjectStoragePath opens: file://, s3://, gs://, oss://."""

    tenants_file: Path
    landing_zone: str
    report_folder: Path
    warehouse_conn_id: str = "orgsync_warehouse"
    statement_timeout_seconds: int = 3600


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    state = Path(environ.get("ORGSYNC_STATE", str(HOME / ".orgsync")))
    return Settings(
        tenants_file=Path(environ.get("ORGSYNC_TENANTS", str(HOME / "include" / "tenants.yaml"))),
        landing_zone=environ.get("ORGSYNC_LANDING_ZONE", f"file://{state / 'landing'}"),
        report_folder=Path(environ.get("ORGSYNC_REPORTS", str(state / "reports"))),
        statement_timeout_seconds=int(environ.get("ORGSYNC_STATEMENT_TIMEOUT_SECONDS", "3600")),
    )
