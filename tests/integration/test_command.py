"""The command `orgsync` as a person meets it: a process, its output, its exit code."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from orgsync.platforms import PLATFORM_NAMES
from orgsync.sync.extracting import extract_snapshot
from tests.integration.world import TENANTS, Command, World, set_platform


def test_sync_prints_its_own_run_as_one_json_object(command: Command, world: World) -> None:
    done = command("sync", "acme", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["outcome"] == "succeeded"
    assert result["totals"]["users"] == len(world.truth()["users"])
    assert result["changes"]["user"] == {"joined": len(world.truth()["users"])}


def test_sync_and_status_read_well(command: Command, world: World) -> None:
    done = command("sync", "acme")
    assert done.returncode == 0, done.stderr
    people = len(world.truth()["users"])
    for words in ("acme", "succeeded", f"{people} people", f"{people} joined", "API calls", "Seconds"):
        assert words in done.stdout
    assert "…" not in command("status").stdout


def test_wrong_secret_is_one_line_with_the_fix_and_exit_code_1(command: Command, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, world.sandbox, password="not-the-secret")
    done = command("sync", "acme")
    assert done.returncode == 1
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "40096" in line
    assert "Traceback" not in done.stderr
    assert "not-the-secret" not in done.stderr + done.stdout


def test_typo_in_the_tenants_file_is_exit_code_2_and_names_the_line(command: Command, world: World) -> None:
    world.settings.tenants_file.write_text(TENANTS.replace("platform", "platfrom"), encoding="utf-8")
    done = command("sync", "acme")
    assert done.returncode == 2
    assert "line 2" in done.stderr
    assert "platfrom" in done.stderr


@pytest.mark.parametrize("arguments", [("sync",), ("sync", "acme", "--full", "--frequent"), ("nonsense",), ("sync", "nobody")], ids=str)
def test_wrong_usage_is_exit_code_2(command: Command, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_gate_is_exit_code_3(command: Command, world: World) -> None:
    world.sync()
    [(department,)] = world.query("select department_id from org.departments where parent_id = '1' order by 1 limit 1")
    world.sandbox.control("PUT", "dingtalk/settings", {"visible_departments": [int(department)]})
    world.sandbox.control("POST", "dingtalk/faults", {"interface": "topapi/v2/user/list", "kind": "empty"})
    before = world.history()
    done = command("sync", "acme")
    assert done.returncode == 3, done.stderr
    assert "nothing was changed" in done.stderr
    assert world.history() == before


def test_sql_shows_rows_and_cannot_write(command: Command, world: World) -> None:
    world.sync()
    shown = command("sql", "select name from org.departments where parent_id is null")
    assert shown.returncode == 0
    assert world.query("select name from org.departments where parent_id is null")[0][0] in shown.stdout
    refused = command("sql", "delete from org.user_version")
    assert refused.returncode == 2
    assert "one query that only reads" in refused.stderr


def test_sandbox_is_steered_from_the_command(command: Command, world: World) -> None:
    evolved = command("sandbox", "evolve", "--rate", "0.1", "--json")
    assert evolved.returncode == 0, evolved.stderr
    happened = json.loads(evolved.stdout)
    assert set(happened) == set(PLATFORM_NAMES)
    assert happened["dingtalk"]["step"] == world.truth()["step"]


def test_sandbox_is_steered_on_one_platform(command: Command, world: World) -> None:
    broken = command("sandbox", "fault", "http_500", "--platform", "dingtalk", "--json")
    assert broken.returncode == 0, broken.stderr
    assert [fault["interface"] for fault in json.loads(broken.stdout)["dingtalk"]["faults"]] == ["topapi/v2/user/list"]
    mended = command("sandbox", "fault", "none", "--platform", "dingtalk")
    assert mended.stdout == "dingtalk  1 fault removed; it behaves again\n"
    assert world.control("GET", "faults") == {"faults": []}


def test_sandbox_tells_of_changes_as_the_command_says(command: Command, world: World) -> None:
    on_dingtalk = ("--platform", "dingtalk")
    assert command("sandbox", "callback", "stream", *on_dingtalk).stdout == "dingtalk  it tells of changes over a connection that is open\n"
    struck = command("sandbox", "event-fault", "lost", *on_dingtalk, "--json")
    assert [fault["kind"] for fault in json.loads(struck.stdout)["dingtalk"]["faults"]] == ["lost"]
    world.control("POST", "evolve", {"renamed": 2})
    assert command("sandbox", "events", *on_dingtalk).stdout == "dingtalk  2 events: 2 lost as ordered\n"
    assert command("sandbox", "stream", "restart", *on_dingtalk).stdout == "dingtalk  0 connections broken off\n"
    assert command("sandbox", "event-fault", "none", *on_dingtalk).stdout == "dingtalk  1 fault of events removed\n"
    nowhere = command("sandbox", "callback", "http://127.0.0.1:9/", *on_dingtalk)
    assert nowhere.returncode == 2
    assert "the check of the URL failed" in nowhere.stderr
    assert command("sandbox", "callback", "off", *on_dingtalk).stdout == "dingtalk  it tells nobody of changes\n"


def test_pools_are_listed_for_airflow(command: Command) -> None:
    pools = json.loads(command("pools").stdout)
    assert set(pools) == set(PLATFORM_NAMES)
    assert all(set(pool) == {"slots", "description", "include_deferred"} for pool in pools.values())


def test_housekeeping_lists_what_stays_and_what_goes(command: Command, world: World) -> None:
    month_ago = datetime.now(UTC).replace(hour=1) - timedelta(days=30)
    for minutes in (0, 1):
        extract_snapshot(world.run_at(month_ago + timedelta(minutes=minutes)), mode="full")
    planned = json.loads(command("housekeeping", "acme", "--dry-run", "--json").stdout)
    assert len(world.landed()) == 2
    done = command("housekeeping")
    assert done.returncode == 0, done.stderr
    assert [word for word in done.stdout.split() if word in ("acme", "cleaned")] == ["acme", "cleaned"]
    assert len(world.landed()) == 1
    assert [(each["outcome"], each["kept"], each["removed"]) for each in planned] == [("planned", 1, 1)]


def test_stanza_that_is_wrong_is_named_and_nothing_of_its_tenant_is_touched(command: Command, world: World) -> None:
    for minutes in (0, 1):
        extract_snapshot(world.run_at(datetime.now(UTC).replace(hour=1) - timedelta(days=30, minutes=minutes)), mode="full")
    wrong = TENANTS.replace("platform", "platfrom") + "  - {id: beta, platform: wecom, conn_id: acme_wecom}\n"
    world.settings.tenants_file.write_text(wrong, encoding="utf-8")
    done = command("housekeeping", "--json")
    assert [(each["tenant_id"], each["outcome"]) for each in json.loads(done.stdout)] == [("beta", "cleaned"), ("acme", "skipped")]
    assert (done.returncode, "tenant acme is left out, for its stanza is wrong" in done.stderr) == (2, True)
    assert len(world.landed()) == 2
    status = command("status")
    assert (status.returncode, "acme" in status.stdout, "has no key 'platfrom'" in status.stderr) == (0, True, True)
    for verb in ("sync", "plan", "report", "housekeeping", "rebuild"):
        refused = command(verb, "acme")
        assert (refused.returncode, "has no key 'platfrom'" in refused.stderr) == (2, True), verb


def test_housekeeping_that_fails_is_exit_code_1_and_says_where(command: Command, world: World) -> None:
    zone = Path(urlsplit(world.settings.landing_zone).path)
    zone.mkdir()
    (zone / "acme").write_text("not a folder")
    done = command("housekeeping")
    assert done.returncode == 1
    assert "acme: its snapshots could not be listed or removed" in done.stdout
    assert command("housekeeping", "nobody").returncode == 2


def test_output_never_fails_on_a_name_or_a_terminal(command: Command, world: World) -> None:
    """A name may hold what a terminal obeys, and a terminal may know few letters; times are the tenant's."""
    world.settings.tenants_file.write_text(TENANTS.replace("}", ", timezone: Asia/Tokyo}"), encoding="utf-8")
    world.sync()
    world.query("update org.user_version set name = %s, content_hash = 'x'", "王\x1b[2J五🦊\u202e")
    planned = command("sync", "acme", "--dry-run", PYTHONIOENCODING="gbk")
    assert planned.returncode == 0, planned.stderr
    for encoding in ("gbk", "latin-1", "ascii"):
        for arguments in (("plan", "acme"), ("status",), ("sql", "select name, now() from org.users limit 1"), ("--help",)):
            done = command(*arguments, PYTHONIOENCODING=encoding)
            assert done.returncode == 0, done.stderr
            assert "\x1b" not in done.stdout
            assert "Traceback" not in done.stderr
            assert all(line == line.rstrip(" ") for line in done.stdout.splitlines() if arguments != ("--help",))
    assert "Asia/Tokyo" in command("plan", "acme").stdout
    assert "times in Asia/Tokyo" in command("sql", "select now()").stdout
    assert command("sql", "select now() as at", "--csv").stdout.rstrip().endswith("+00:00")
    header, first, *_ = command("plan", "acme", "--csv").stdout.splitlines()
    assert header == "kind,entity,user_id,department_id,name,department_path,column_name,value_from,value_to,names_from,names_to"
    assert first.startswith("renamed,user,")
    missing = command("plan", "acme", "--id", "99")
    assert "there is no plan 99 of tenant acme; its newest: 2 (planned), 1 (applied)" in missing.stderr
    assert command("--version").stdout.startswith("orgsync 0.")
