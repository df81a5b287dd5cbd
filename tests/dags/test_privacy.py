"""Secrets and people stay where they belong: whatever a run meets, none of them is told to logs, Airflow's database or errors."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orgsync.platforms import PLATFORM_NAMES
from tests.dags.conftest import DAGS, run_script
from tests.integration.world import World, set_platform, world_on

WRONG_SECRET = "Wrong0Secret0Of0A0Test"
# What Airflow's runner for tests writes of each secret that it is told to mask; where tasks run in earnest it leaves the secret out.
MASKING = re.compile(r"Sending request .*MaskSecret\(")
# Values that the warehouse holds on purpose, for orgsync_pii alone.
PERSONAL_TABLES = {"ops.plan_change"}
OUTCOMES = ["success", "success", "success", "failed", "failed", "failed", "failed"]

Places = Mapping[str, list[str]]


@dataclass(frozen=True)
class Aftermath:
    """What a row of runs on one platform left behind: texts by the place they were found in."""

    platform: str
    states: list[str]
    run_ids: list[str]
    places: Places
    secrets: frozenset[str]
    people: frozenset[str]


@pytest.fixture(scope="module")
def aftermaths() -> dict[str, Aftermath]:
    return {}


@pytest.fixture(params=PLATFORM_NAMES)
def aftermath(
    request: pytest.FixtureRequest,
    world: World,
    airflow_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    aftermaths: dict[str, Aftermath],
) -> Aftermath:
    """Runs of one platform that end well, with quarantined rows, and in every way that says the most; made once."""
    if request.param not in aftermaths:
        aftermaths[request.param] = run_into_trouble(world_on(world, monkeypatch, request.param), airflow_home, monkeypatch)
    return aftermaths[request.param]


def run_into_trouble(world: World, home: Path, monkeypatch: pytest.MonkeyPatch) -> Aftermath:
    extra = other_secrets(world)
    set_platform(monkeypatch, world.sandbox, world.platform, extra=extra)
    known = json.loads(os.environ[f"AIRFLOW_CONN_ACME_{world.platform.upper()}"])
    wrong = known | {"password": WRONG_SECRET, "extra": known["extra"] | dict.fromkeys(extra, WRONG_SECRET)}
    monkeypatch.setenv("AIRFLOW_CONN_WRONG", json.dumps(wrong))
    world.settings.tenants_file.write_text(
        "tenants:\n"
        f"  - {{id: acme, platform: {world.platform}, conn_id: acme_{world.platform}}}\n"
        f"  - {{id: wrong, platform: {world.platform}, conn_id: wrong}}\n",
        encoding="utf-8",
    )
    everybody = list(people_of(world))
    ended, output = run_script(home, "run_steps.py", str(DAGS), told=json.dumps(list(steps(world))), **environment(world))
    everybody += people_of(world)
    return Aftermath(
        platform=world.platform,
        states=[run["state"] for run in ended],
        run_ids=[run["run_id"] for run in ended],
        places={
            "output": [line for line in output.splitlines() if not MASKING.search(line)],
            "files of Airflow": list(files_below(home)),
            "metadata database": list(read_metadata(home / "airflow.db")),
            "warehouse": list(read_operations(world)),
            "manifests": list(files_below(landing_of(world), "*/*/manifest.json")),
            "validation pages": list(files_below(world.settings.report_folder, "*/*.html")),
        },
        secrets=frozenset([WRONG_SECRET, known["password"], *extra.values(), *tokens_of(world, known), warehouse_password()]),
        people=frozenset(everybody),
    )


def steps(world: World) -> Iterator[dict[str, Any]]:
    """Seven runs: a first read, one with changes, one with damaged names; the platform failing, a page, a wrong secret, a row refused."""

    def control(method: str, path: str, body: Any = None) -> dict[str, Any]:
        return {"control": [method, f"{world.sandbox.url}/_sandbox/{world.platform}/{path}", body]}

    sync = {"dag": "org_sync_acme"}
    yield sync
    yield control("POST", "evolve", {"joined": 3, "left": 2, "moved": 3, "renamed": 2})
    yield sync
    yield control("POST", "faults", {"interface": "people", "kind": "nul_in_name", "rows": 2})
    yield sync
    for kind in ("http_500", "html"):
        yield control("DELETE", "faults")
        yield control("POST", "faults", {"interface": "people", "kind": kind})
        yield sync
    yield control("DELETE", "faults")
    yield {"dag": "org_sync_wrong"}
    # PostgreSQL's own words about a row it refuses hold the whole row.
    yield {"sql": [world.dsn, "alter table stage.user add constraint of_a_test check (user_id is null) not valid"]}
    yield sync


def environment(world: World) -> dict[str, str]:
    connections = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
    return connections | {
        "ORGSYNC_TENANTS": str(world.settings.tenants_file),
        "ORGSYNC_LANDING_ZONE": world.settings.landing_zone,
        "ORGSYNC_REPORTS": str(world.settings.report_folder),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
    }


def other_secrets(world: World) -> dict[str, str]:
    """What beside the password opens the organization, as extras: WeCom has a secret of its own for the address book."""
    found = world.control("GET", "settings").items()
    return {name: value for name, value in found if name.endswith("_secret") and name != "client_secret"}


def tokens_of(world: World, connection: dict[str, Any]) -> Iterator[str]:
    """The tokens of the runs: while they live, each platform gives the same again."""
    base, login, password = world.sandbox.url, connection["login"], connection["password"]
    if world.platform == "dingtalk":
        yield fetch_json(f"{base}/gettoken?appkey={login}&appsecret={password}")["access_token"]
    elif world.platform == "wecom":
        for secret in (password, *other_secrets(world).values()):
            yield fetch_json(f"{base}/cgi-bin/gettoken?corpid={login}&corpsecret={secret}")["access_token"]
    else:
        body = {"app_id": login, "app_secret": password}
        yield fetch_json(f"{base}/open-apis/auth/v3/tenant_access_token/internal", body)["tenant_access_token"]


def fetch_json(url: str, body: Any = None) -> dict[str, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def warehouse_password() -> str:
    return str(json.loads(os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"])["password"])


def people_of(world: World) -> Iterator[str]:
    """Numbers, addresses and names. One too short or too plain would be found in any text, and departments are told on purpose."""
    truth = world.truth()
    departments = {part for row in truth["departments"] for part in (row["name"], row["name_en"]) if part}
    for user in truth["users"]:
        yield from (user[field] for field in ("mobile", "email", "work_email", "telephone") if user[field])
        yield from (re.sub(r"^\+\d+-", "", user["mobile"]),) if user["mobile"] else ()
        for name in (user["name"], user["name_en"]):
            told = (name or "").strip()
            if len(told) >= (8 if told.isascii() else 3) and not any(told in department for department in departments):
                yield told


def landing_of(world: World) -> Path:
    return Path(urllib.parse.urlsplit(world.settings.landing_zone).path)


def files_below(folder: Path, pattern: str = "**/*") -> Iterator[str]:
    """Names count too."""
    for path in folder.glob(pattern):
        if path.is_file():
            yield f"{path}\n{path.read_bytes().decode('utf-8', 'replace')}"


def read_metadata(path: Path) -> Iterator[str]:
    """Every value of every table, what is compressed or pickled too."""
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
    for table in tables:
        for row in connection.execute(f'select * from "{table}"'):
            yield from (text_of(value) for value in row if isinstance(value, str | bytes))
    connection.close()


def text_of(value: str | bytes) -> str:
    if isinstance(value, str):
        return value
    try:
        return zlib.decompress(value).decode("utf-8", "replace")
    except zlib.error:
        return value.decode("utf-8", "replace")


def read_operations(world: World) -> Iterator[str]:
    """All that is told of runs: errors, reasons, counts, problems."""
    tables = world.query("select schemaname || '.' || tablename from pg_tables where schemaname in ('ops', 'orgsync')")
    for (table,) in tables:
        if table not in PERSONAL_TABLES:
            yield from (text for (text,) in world.query(f"select row::text from {table} as row"))


def ways_to_write(value: str) -> set[str]:
    """As it is, as JSON with and without escapes, as Python shows it, as a page and a URL write it."""
    escaped = json.dumps(value)[1:-1]
    return {value, escaped, escaped.replace("\\", "\\\\"), repr(value)[1:-1], urllib.parse.quote(value, safe="")}


def find(values: Iterable[str], places: Places) -> list[str]:
    """Where each value is told, with what stands before it: `output: 13800000000 after …`."""
    told = []
    texts = {place: "\0".join(found) for place, found in places.items()}
    for value in values:
        for written in ways_to_write(value):
            told += [f"{place}: {written!r} after {text[max(0, text.index(written) - 80) : text.index(written)]!r}"
                     for place, text in texts.items() if written in text]  # fmt: skip
    return told


def test_runs_ended_as_meant(aftermath: Aftermath) -> None:
    """Else the tests below would search in vain."""
    assert aftermath.states == OUTCOMES
    assert len(aftermath.people) > 150
    assert len(aftermath.secrets) >= 4


@pytest.mark.parametrize("place", ["output", "metadata database", "files of Airflow", "warehouse"])
def test_search_finds_what_is_told_on_purpose(aftermath: Aftermath, place: str) -> None:
    assert find([aftermath.run_ids[0]], {place: aftermath.places[place]}) != []


@pytest.mark.parametrize("words", ["nul_character", "HTTP 500", "text/html", "of_a_test"])
def test_every_trouble_is_on_record(aftermath: Aftermath, words: str) -> None:
    assert find([words], {"warehouse": aftermath.places["warehouse"]}) != []


def test_manifests_and_pages_were_searched(aftermath: Aftermath) -> None:
    assert all(find(["acme"], {place: aftermath.places[place]}) for place in ("manifests", "validation pages"))


def test_no_secret_is_told(aftermath: Aftermath) -> None:
    assert find(aftermath.secrets, aftermath.places) == []


def test_nobody_is_told_of(aftermath: Aftermath) -> None:
    assert find(aftermath.people, aftermath.places) == []


def test_search_would_find_a_person_however_written() -> None:
    name = '  O\'Brien "Bob" 阿'
    texts: Callable[[str], Places] = lambda text: {"output": [text]}  # noqa: E731
    assert all(find([name], texts(f"x{written}y")) for written in (name, json.dumps(name), repr(name), urllib.parse.quote(name)))
