"""`orgsync check` finds what is wrong before it counts, each thing by itself, and changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orgsync.check import Check
from orgsync.doctor.configuration import check_configuration
from orgsync.errors import ConfigurationError
from tests.integration.world import TENANTS, Command, World, set_platform

RULE = "  - {id: told, platform: dingtalk, conn_id: acme_dingtalk, change_messages: [{template: %s, %s}]}\n"


@pytest.fixture
def written(world: World) -> World:
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    return world


def find_wrong(checks: list[Check]) -> list[tuple[str, str, str]]:
    return [(check.name, check.tenant_id, check.subject) for check in checks if check.outcome == "broken"]


def test_what_is_right_is_told_and_nothing_is_changed(command: Command, written: World) -> None:
    done = command("check")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("the stanza of acme is right", "template joined", "has the schema of this version", "Connected; the app sees", "0 wrong"):
        assert words in done.stdout
    assert written.query("select count(*) from ops.sync_run") == [(0,)]
    assert written.query("select count(*) from notify.channel") == [(0,)]


def test_mistakes_of_another_file_are_named_with_file_line_and_fix(command: Command, tmp_path: Path) -> None:
    other = tmp_path / "new-tenants.yaml"
    other.write_text("tenants:\n  - {id: acme, platform: dingtalk, conn_id: nowhere}\n  - {id: beta, platform: dingtalk, con_id: x}\n")
    done = command("check", "--file", str(other), "--offline", "--json")
    assert done.returncode == 2, done.stderr
    told = json.loads(done.stdout)
    assert told["is_right"] is False
    wrong = [each for each in told["checks"] if each["outcome"] == "broken"]
    assert [(each["name"], each["tenant_id"], each["file"], each["line"]) for each in wrong] == [
        ("tenants file", "beta", str(other), 3),
        ("tenants file", "beta", str(other), 3),
        ("connection", "acme", "", None),
    ]
    assert "(is 'conn_id' meant?)" in wrong[0]["reason"]
    assert "add one of type dingtalk (Admin → Connections)" in wrong[2]["reason"]


def test_folder_is_tried_file_by_file(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new-tenants"
    folder.mkdir()
    (folder / "a.yaml").write_text("tenants:\n  - {id: acme, platform: dingtalk, conn_id: acme_dingtalk}\n")
    (folder / "b.yaml").write_text("tenants:\n  - id: beta\n   conn_id: b\n")
    (folder / "c.yaml").write_text("tenants:\n  - {id: gamma, platform: dingtalk, con_id: x}\n")
    done = command("check", "--file", str(folder), "--offline", "--json")
    assert done.returncode == 2, done.stderr
    told = {
        (each["tenant_id"], each["outcome"], each["file"], each["line"]) for each in json.loads(done.stdout)["checks"] if each["tenant_id"]
    }
    assert told >= {
        ("acme", "ok", "", None),
        ("beta", "broken", str(folder / "b.yaml"), 3),
        ("gamma", "broken", str(folder / "c.yaml"), 2),
    }


def test_platform_and_warehouse_are_asked_unless_offline(written: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, written.sandbox, password="not-the-secret")
    written.control("DELETE", "calls")
    assert find_wrong(check_configuration(written.settings, offline=True)) == []
    assert written.control("GET", "calls")["total"] == 0
    checks = check_configuration(written.settings)
    assert find_wrong(checks) == [("platform", "acme", "acme_dingtalk")]
    assert "40096" in checks[-1].reason
    assert "not-the-secret" not in str(checks)


def test_warehouse_without_its_schema_keeps_no_other_thing_from_being_tried(written: World) -> None:
    written.query("delete from orgsync.migration where version > 10")
    checks = check_configuration(written.settings)
    assert find_wrong(checks) == [("warehouse", "", "orgsync_warehouse")]
    assert checks[-1].name == "platform"


def test_connection_of_another_type_or_without_its_secret_is_not_used(written: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for conn in ({"conn_type": "wecom", "login": "a", "password": "b"}, {"conn_type": "dingtalk", "login": "a"}):
        monkeypatch.setenv("AIRFLOW_CONN_ACME_DINGTALK", json.dumps(conn))
        assert find_wrong(check_configuration(written.settings)) == [("connection", "acme", "acme_dingtalk")]


def test_templates_and_audiences_are_tried(written: World, tmp_path: Path) -> None:
    written.sync()
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "joined.yaml").write_text("kind: text\nbody: '{{ name }}'\nvariables: {name: who}\n", encoding="utf-8")
    (folder / "broken.yaml").write_text("kind: text\nbody: '{{ name'\n", encoding="utf-8")
    settings = replace(written.settings, templates_folder=folder)
    saved = "insert into notify.audience_query (tenant_id, name, statement) values ('acme', %s, %s)"
    written.query(saved, "all", "select user_id from org.users")
    written.query(saved, "lost", "select user_id from nowhere")
    rules = RULE % ("joined", "query: nobody") + RULE.replace("told", "silent") % ("lost", "everyone: true")
    settings.tenants_file.write_text(TENANTS + rules, encoding="utf-8")
    checks = check_configuration(settings)
    assert find_wrong(checks) == [
        ("tenants file", "silent", str(settings.tenants_file)),
        ("template", "", "broken"),
        ("audience", "told", "nobody"),
        ("audience", "acme", "lost"),
    ]
    [template] = [check for check in checks if check.subject == "broken"]
    assert (template.file, template.line) == (str(folder / "broken.yaml"), 2)
    people = len(written.truth()["users"])
    assert [check.reason for check in checks if check.subject == "all"] == [f"{people} people"]


def test_one_tenant_is_tried_alone(written: World) -> None:
    others = "  - {id: beta, platform: dingtalk, conn_id: nowhere}\n  - {id: gamma, platform: slack, conn_id: a}\n"
    written.settings.tenants_file.write_text(TENANTS + others, encoding="utf-8")
    assert find_wrong(check_configuration(written.settings, "acme", offline=True)) == []
    assert find_wrong(check_configuration(written.settings, "beta", offline=True)) == [("connection", "beta", "nowhere")]
    assert [name for what, name, _ in find_wrong(check_configuration(written.settings, "gamma", offline=True))] == ["gamma"]
    with pytest.raises(ConfigurationError, match="no tenant 'delta'"):
        check_configuration(written.settings, "delta", offline=True)


def test_folder_of_one_machine_is_a_finding_where_tasks_run_on_several(written: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "KubernetesExecutor")
    [found] = [check for check in check_configuration(written.settings, "acme", offline=True) if check.outcome == "broken"]
    assert (found.name, "KubernetesExecutor" in found.reason) == ("landing zone", True)


def test_file_that_is_no_list_is_one_finding_among_others(written: World) -> None:
    written.settings.tenants_file.write_text("tenants: [", encoding="utf-8")
    checks = check_configuration(written.settings)
    assert [what for what, _, _ in find_wrong(checks)] == ["tenants file"]
    assert {check.name for check in checks} == {"tenants file", "template", "landing zone", "connection", "warehouse"}


FAILS = "update ops.sync_run set outcome = 'failed', error = 'the secret is wrong', finished_at = now() + interval '1 hour'"


def test_problem_of_operation_ends_with_an_exit_code_of_its_own(command: Command, written: World) -> None:
    written.sync()
    written.query(FAILS)
    done = command("check")
    assert done.returncode == 1, done.stdout
    assert "0 wrong, of " in done.stdout
    assert "broken     failed: the last run failed: the secret is wrong [acme]" in done.stdout
    assert "operation: 1 broken, 1 degraded" in done.stdout, "org_watch has never run"
    assert written.query("select count(*) from ops.problem") == [(0,)], "nothing is stored"


def test_monitor_asks_operation_alone_and_no_platform(command: Command, written: World) -> None:
    written.sync()
    written.query("insert into ops.heartbeat select '', part, now(), now() from unnest(array['watch', 'housekeeping', 'doctor']) as part")
    written.control("DELETE", "calls")
    done = command("check", "--operation")
    assert (done.returncode, done.stdout, done.stderr) == (0, "operation: all is well\n", "")
    written.query("update ops.heartbeat set last_at = now() - interval '1 hour' where part = 'watch'")
    told = command("check", "--operation", "--json")
    assert told.returncode == 1
    found = json.loads(told.stdout)
    assert found.keys() == {"is_well", "problems"}
    assert [(each["name"], each["subject"]) for each in found["problems"]] == [("silent", "org_watch")]
    assert found["problems"][0]["reason_zh"].startswith("DAG org_watch 最近一次工作")
    assert "停止工作 org_watch" in command("check", "--operation", "--lang", "zh").stdout
    assert written.control("GET", "calls")["total"] == 0


def test_warehouse_that_is_down_is_said_plainly(command: Command, written: World, free_port: int) -> None:
    away = {"conn_type": "postgres", "host": "127.0.0.1", "port": free_port, "login": "a", "password": "b", "schema": "c"}
    done = command("check", "--operation", AIRFLOW_CONN_ORGSYNC_WAREHOUSE=json.dumps(away))
    assert done.returncode == 1
    assert "broken     warehouse: the warehouse at 127.0.0.1" in done.stdout
    assert "operation: 1 broken, 0 degraded" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_operation_of_a_tenant_that_there_is_not_is_a_mistake_of_the_call(command: Command, written: World) -> None:
    done = command("check", "--operation", "cedar")
    assert done.returncode == 2
    assert "there is no tenant 'cedar'" in done.stderr
    assert command("check", "--operation", "--offline").returncode == 2


def test_other_file_and_offline_ask_nothing_of_operation(command: Command, written: World) -> None:
    written.sync()
    written.query(FAILS)
    done = command("check", "--offline")
    assert done.returncode == 0
    assert "operation" not in done.stdout
