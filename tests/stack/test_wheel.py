"""orgsync as a package in an Airflow of somebody's own: what a checkout has beside the package, a wheel brings along."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path
from zipfile import ZipFile

import pytest

from orgsync.warehouse.migrations import list_migrations
from stack.layout import CHECKOUT
from tests.dags.conftest import airflow_home, run_script  # noqa: F401

TENANTS = "tenants:\n  - {id: acme, platform: wecom, conn_id: c}\n  - {id: beta, platform: feishu, conn_id: d}\n"
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
TELL = """
import json
from orgsync import settings
from orgsync.pages.rendering import FOLDER
from orgsync.warehouse.migrations import list_migrations
read = settings.read_settings()
print(json.dumps({
    "package": str(settings.PACKAGE),
    "migrations": [migration.name for migration in list_migrations()],
    "pages": sorted(path.name for path in (FOLDER / "static").iterdir()),
    "templates": str(read.templates_folder),
    "tenants": str(read.tenants_file),
    "landing": read.landing_zone,
}))
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel as `pip` unpacks it."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=CHECKOUT, check=True, capture_output=True, text=True)
    with ZipFile(folder / done.stdout.splitlines()[-1]) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_all_sql_templates_pages_and_dags_of_the_checkout_are_in_it(package: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "dags", "include", "plugins/orgsync"], cwd=CHECKOUT, check=True, capture_output=True, text=True
    )
    for_others = re.compile(r"include/(access\.yaml|tenants\.yaml|domain_files/.*|pages/dingtalk/.*)$")
    wanted = {name.removeprefix("plugins/orgsync/") for name in listed.stdout.split("\n") if name and not for_others.match(name)}
    held = {str(path.relative_to(package / "orgsync")) for path in (package / "orgsync").rglob("*") if path.is_file()}
    assert wanted == held


def test_installed_package_finds_its_own_files_and_keeps_the_installations_below_airflows_home(package: Path, tmp_path: Path) -> None:
    environ = os.environ | {"PYTHONPATH": str(package), "AIRFLOW_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", TELL], cwd=tmp_path, env=environ, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["package"] == str(package / "orgsync")
    assert told["migrations"] == [migration.name for migration in list_migrations()]
    assert {"pages.css", "pages.js"} <= set(told["pages"])
    assert told["templates"] == str(package / "orgsync" / "include" / "templates" / "messages")
    assert told["tenants"] == str(tmp_path / "orgsync" / "include" / "tenants.yaml")
    assert told["landing"] == f"file://{tmp_path}/orgsync/.orgsync/landing"


def test_one_import_line_gives_airflow_all_dags(package: Path, airflow_home: Path, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "tenants.yaml").write_text(TENANTS, encoding="utf-8")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "ours.py").write_text(
        "# Airflow: DAGs of orgsync\nfrom orgsync.airflow_parts.all_dags import *\n", encoding="utf-8"
    )
    environment = {"PYTHONPATH": str(package), "ORGSYNC_TENANTS": str(tmp_path / "tenants.yaml")}
    found, output = run_script(airflow_home, "describe_dags.py", str(tmp_path / "dags"), is_fresh=True, **environment)
    assert found["import_errors"] == {}, output
    assert set(found["dags"]) == {
        "org_sync_acme",
        "org_sync_beta",
        "org_notify",
        "org_notify_send",
        "org_doctor",
        "org_housekeeping",
        "org_watch",
    }


def test_what_a_package_asks_for_is_what_a_checkout_installs() -> None:
    """The names; a package allows newer versions."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.match(r"[a-z0-9-]+", line)[0] for line in project["dependencies"]}  # type: ignore[index]
    lines = (line.split("#")[0].strip() for line in (CHECKOUT / "requirements.txt").read_text(encoding="utf-8").splitlines())
    assert declared == {re.match(r"[a-z0-9-]+", line)[0] for line in lines if line}  # type: ignore[index]
    assert {re.match(r"[a-z0-9-]+", line)[0] for line in requires("orgsync") or ()} == declared  # type: ignore[index]
