"""A platform is one folder and one line: a made-up fourth one runs through Airflow without another file being touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orgsync.platforms import PLATFORM_NAMES
from tests.dags.conftest import CHECKOUT, run_script
from tests.integration.world import World

VILLAGE = """
from orgsync.platforms.forms import build_form
from orgsync.platforms.platform import Answer, CallCount, Platform, Reading

FORM = build_form(
    "village", title="Village", hook="orgsync.platforms.village.Hook", login="Name", password="Password",
    base_url="nowhere", pace="Ask as often as you like", parallel=1, fields={},
)
HOUSES = b'[{"id": "hall", "name": "Town hall"}, {"id": "mill", "name": "Mill", "in": "hall"}]'
PEOPLE = b'[{"id": "anna", "name": "Anna", "at": "hall"}, {"id": "bert", "name": "Bert", "at": "mill"}]'


def connect(conn_id):
    return conn_id


def extract(client, wanted, record):
    record("departments", Answer("houses", {}, HOUSES))
    record("users", Answer("people", {}, PEOPLE))
    calls = {name: CallCount(expected=1, read=1) for name in ("houses", "people")}
    return Reading(mode=wanted.mode, calls=calls, tops=("hall",), platform_counts={"users": 2})


def tidy(answers, *, mode, mapping):
    import json

    from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, TidySet
    from orgsync.platforms.reading.columns import build_table

    houses = [house for answer in answers("departments") for house in json.loads(answer.body)]
    people = [person for answer in answers("users") for person in json.loads(answer.body)]
    departments = {
        "department_id": [house["id"] for house in houses],
        "parent_id": [house.get("in") for house in houses],
        "name": [house["name"] for house in houses],
    }
    users = {"user_id": [person["id"] for person in people], "name": [person["name"] for person in people]}
    memberships = {"user_id": users["user_id"], "department_id": [person["at"] for person in people]}
    return TidySet(
        departments=build_table(DEPARTMENTS, departments, len(houses)).rows,
        users=build_table(USERS, users, len(people)).rows,
        memberships=build_table(MEMBERSHIPS, memberships, len(people)).rows,
    )


PLATFORM = Platform(name="village", title="Village", form=FORM, connect=connect, extract=extract, tidy=tidy)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what runs in production, with one folder and one line more."""
    for name in ("plugins", "dags", "include"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    platforms = tmp_path / "plugins" / "orgsync" / "platforms"
    (platforms / "village").mkdir()
    (platforms / "village" / "__init__.py").write_text(VILLAGE, encoding="utf-8")
    names = platforms / "__init__.py"
    old, new = (f"PLATFORM_NAMES = {found!r}".replace("'", '"') for found in (PLATFORM_NAMES, (*PLATFORM_NAMES, "village")))
    text = names.read_text(encoding="utf-8")
    assert old in text
    names.write_text(text.replace(old, new), encoding="utf-8")
    return tmp_path


def test_fourth_platform_runs_through_airflow(checkout: Path, world: World, airflow_home: Path) -> None:
    world.settings.tenants_file.write_text("tenants:\n  - {id: village, platform: village, conn_id: village}\n", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_ORGSYNC")} | {
        "PYTHONPATH": str(checkout / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(checkout / "dags"),
        "ORGSYNC_TENANTS": str(world.settings.tenants_file),
        "ORGSYNC_LANDING_ZONE": world.settings.landing_zone,
        "ORGSYNC_REPORTS": str(world.settings.report_folder),
    }
    result, output = run_script(airflow_home, "run_dag.py", str(checkout / "dags"), "org_sync_village", "{}", is_fresh=True, **environment)
    assert result["state"] == "success", output
    assert world.query("select user_id, name from org.users order by 1") == [("anna", "Anna"), ("bert", "Bert")]
    assert world.query("select department_id, parent_id from org.departments order by 1") == [("hall", None), ("mill", "hall")]
    assert world.query("select platform, outcome from ops.sync_run") == [("village", "succeeded")]


def test_fourth_platform_has_its_form_and_its_pool(checkout: Path) -> None:
    code = (
        "import json; from orgsync.airflow_parts.provider_info import get_provider_info; "
        "from orgsync.airflow_parts.pools import list_pools; "
        "print(json.dumps([[each['connection-type'] for each in get_provider_info()['connection-types']], list(list_pools())]))"
    )
    environment = os.environ | {"PYTHONPATH": str(checkout / "plugins")}
    printed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
    types, pools = json.loads(printed)
    expected: Any = [*PLATFORM_NAMES, "village"]
    assert (types, pools) == ([*expected, "orgsync_webhook"], expected)
