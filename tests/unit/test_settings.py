"""The knobs: their defaults, and what they say when set wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.settings import HOME, Settings, read_settings

DEFAULTS = Settings(
    tenants_file=HOME / "include" / "tenants.yaml",
    landing_zone=f"file://{HOME}/.orgsync/landing",
    report_folder=HOME / ".orgsync" / "reports",
    templates_folder=HOME / "include" / "templates" / "messages",
)


def test_nothing_has_to_be_set() -> None:
    assert read_settings({}) == DEFAULTS
    assert DEFAULTS.tenants_file.exists()
    assert DEFAULTS.templates_folder.is_dir()


def test_variable_set_to_nothing_counts_as_not_set() -> None:
    names = ("STATE", "TENANTS", "TEMPLATES", "LANDING_ZONE", "REPORTS", "STATEMENT_TIMEOUT_SECONDS", "FOLDERS_ARE_SHARED")
    assert read_settings({f"ORGSYNC_{name}": " " for name in names} | {"ORGSYNC_STATE": ""}) == DEFAULTS


def test_state_folder_holds_landing_zone_and_reports() -> None:
    settings = read_settings({"ORGSYNC_STATE": "/srv/orgsync"})
    assert settings.landing_zone == "file:///srv/orgsync/landing"
    assert settings.report_folder == Path("/srv/orgsync/reports")


def test_each_knob_can_be_set() -> None:
    environ = {
        "ORGSYNC_STATE": "/srv/orgsync",
        "ORGSYNC_TENANTS": "/etc/tenants.yaml",
        "ORGSYNC_LANDING_ZONE": "s3://bucket/orgsync",
        "ORGSYNC_REPORTS": "/var/reports",
        "ORGSYNC_TEMPLATES": "/etc/templates",
        "ORGSYNC_STATEMENT_TIMEOUT_SECONDS": "60",
        "ORGSYNC_FOLDERS_ARE_SHARED": "True",
    }
    assert read_settings(environ) == Settings(
        tenants_file=Path("/etc/tenants.yaml"),
        landing_zone="s3://bucket/orgsync",
        report_folder=Path("/var/reports"),
        templates_folder=Path("/etc/templates"),
        statement_timeout_seconds=60,
        folders_are_shared=True,
    )


@pytest.mark.parametrize(
    ("zone", "reports", "expected"),
    [
        ("s3://store@bucket/orgsync/", None, "s3://store@bucket/orgsync/.reports"),
        ("s3://bucket", None, "s3://bucket/.reports"),
        ("file:///srv/zone", None, Path("/srv/orgsync/reports")),
        ("s3://bucket", "/var/reports", Path("/var/reports")),
        ("file:///srv/zone", "file:///var/reports", Path("/var/reports")),
        ("file:///srv/zone", "gs://bucket/reports", "gs://bucket/reports"),
    ],
)
def test_reports_are_where_they_are_said_to_be_else_below_an_object_store(zone: str, reports: str | None, expected: Path | str) -> None:
    environ = {"ORGSYNC_STATE": "/srv/orgsync", "ORGSYNC_LANDING_ZONE": zone, "ORGSYNC_REPORTS": reports or ""}
    assert read_settings(environ).report_folder == expected


def test_answer_that_is_neither_yes_nor_no_is_named() -> None:
    with pytest.raises(ConfigurationError, match="ORGSYNC_FOLDERS_ARE_SHARED is 'yes'; set it to true or false"):
        read_settings({"ORGSYNC_FOLDERS_ARE_SHARED": "yes"})


@pytest.mark.parametrize("text", ["an hour", "-1", "1.5", "60s"])
def test_timeout_that_is_no_number_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"ORGSYNC_STATEMENT_TIMEOUT_SECONDS is '{text}'; set it to a number of seconds"):
        read_settings({"ORGSYNC_STATEMENT_TIMEOUT_SECONDS": text})


def test_every_knob_has_its_line_in_the_example() -> None:
    example = (HOME / ".env.example").read_text(encoding="utf-8")
    for name in ("TENANTS", "TEMPLATES", "LANDING_ZONE", "REPORTS", "STATEMENT_TIMEOUT_SECONDS", "FOLDERS_ARE_SHARED"):
        assert f"\nORGSYNC_{name}=" in example
