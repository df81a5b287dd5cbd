"""`orgsync doctor` says what is wrong around a tenant, keeps it, and knows since when; nothing else is changed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orgsync.check import Check
from orgsync.doctor.configuration import check_configuration
from orgsync.doctor.examining import examine_all, examine_tenant
from orgsync.doctor.recording import record_checks
from orgsync.outbox import store
from orgsync.outbox.quota import Usage
from orgsync.settings import Settings
from orgsync.words import say
from tests.integration.world import TENANTS, Command, World, set_platform

KEPT = (
    "select name, subject, outcome, outcome_before, since = checked_at "
    "from ops.doctor_check where tenant_id = 'acme' and outcome not in ('ok', 'skipped')"
)
NOW = "select outcome, outcome_before from ops.doctor_check where tenant_id = 'acme' and name = 'app'"
ALL = {"tenants file", "credentials", "range", "company", "quota", "warehouse", "roles", "landing zone"}
SAID = {
    "en": ("broken", "credentials: the key pair is not accepted (40096)", "To do: Copy Client ID", "Until then: nothing", "1 broken"),
    "zh": ("故障", "凭证：Client ID 与 Client Secret 不被接受（40096）", "处理：把应用的 Client ID", "在此之前：无法读取", "故障 1"),
}


@pytest.fixture
def written(world: World) -> World:
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    return world


def wrong_of(checks: list[Check]) -> list[tuple[str, str]]:
    return [(check.name, check.outcome) for check in checks if check.outcome in ("broken", "degraded")]


def told(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(done.stdout)["checks"]
    return found


def test_healthy_tenant_is_all_ok_and_nothing_but_that_is_written(command: Command, written: World) -> None:
    written.sync()
    history, runs = written.history(), written.query("select count(*) from ops.sync_run")
    done = command("doctor", "acme", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    checks = told(done)
    assert {check["outcome"] for check in checks} == {"ok"}, [check for check in checks if check["outcome"] != "ok"]
    assert {each["name"] for each in checks} >= ALL
    assert (written.history(), written.query("select count(*) from ops.sync_run")) == (history, runs)
    assert written.control("GET", "outbox")["sent"] == []
    assert not list(written.zone().glob(".doctor*"))


@pytest.mark.parametrize(("language", "words"), SAID.items())
def test_broken_tenant_is_told_in_words_with_an_exit_code(
    command: Command, written: World, monkeypatch: pytest.MonkeyPatch, language: str, words: tuple[str, ...]
) -> None:
    set_platform(monkeypatch, written.sandbox, password="not-the-secret")
    done = command("doctor", "acme", "--lang", language)
    assert done.returncode == 2
    assert not [each for each in words if each not in done.stdout], done.stdout
    assert "not-the-secret" not in done.stdout + done.stderr


def test_language_is_the_locales(command: Command, written: World) -> None:
    assert "正常" in command("doctor", "acme", LC_ALL="zh_CN.UTF-8").stdout
    assert "正常" not in command("doctor", "acme", LC_ALL="en_US.UTF-8").stdout


def test_what_was_found_is_kept_with_since_when(written: World) -> None:
    def examine() -> None:
        record_checks(written.settings, "acme", examine_tenant(written.settings, "acme"))

    examine()
    assert written.query(KEPT) == []
    written.control("PUT", "settings", {"app_enabled": False})
    examine()
    assert written.query(KEPT) == [("app", "", "broken", "ok", True)]
    examine()
    assert written.query(KEPT) == [("app", "", "broken", "ok", False)]
    kept = dict(written.query("select name, outcome from ops.doctor_check where tenant_id = 'acme' and name in ('range', 'messages')"))
    assert kept == {"range": "ok", "messages": "ok"}, "what could not be tried keeps what was found before"
    written.control("PUT", "settings", {"app_enabled": True})
    examine()
    assert written.query(NOW) == [("ok", "broken")]


def test_kept_words_are_in_both_languages(written: World) -> None:
    written.control("PUT", "settings", {"field_permissions": ["fieldEmail"]})
    record_checks(written.settings, "acme", examine_tenant(written.settings, "acme"))
    [row] = written.query("select subject, reason, reason_zh, fix_zh, lost_zh from ops.doctor_check where outcome = 'degraded'")
    assert row[:3] == ("mobile", "the mobile number is withheld from the app", "应用读不到手机号")
    assert "fieldMobile" in row[3]
    assert "mobile" in row[4]


def test_another_company_behind_the_connection_is_told_before_a_sync(written: World, monkeypatch: pytest.MonkeyPatch) -> None:
    written.sync()
    written.control("PUT", "settings", {"client_id": "another-app"})
    set_platform(monkeypatch, written.sandbox, login="another-app")
    assert wrong_of(examine_tenant(written.settings, "acme")) == [("company", "degraded")]


def test_warehouse_that_is_wrong_keeps_the_rest_from_nothing(written: World) -> None:
    written.query("delete from orgsync.migration where version > 10")
    found = examine_all(written.settings)
    assert wrong_of(found[""]) == [("warehouse", "broken")]
    assert wrong_of(found["acme"]) == []
    for tenant_id, checks in found.items():
        record_checks(written.settings, tenant_id, checks)


def test_reader_who_sees_mobile_numbers_is_told(written: World) -> None:
    written.query("grant select on org.user_version to orgsync_reader")
    try:
        assert wrong_of(examine_all(written.settings)[""]) == [("roles", "broken")]
    finally:
        written.query("revoke select on org.user_version from orgsync_reader")


@pytest.fixture
def make_login(written: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Points the pages to a login that is made with what follows `create role`."""
    parts = json.loads(os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"])
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_PAGES", json.dumps(parts | {"login": "of_the_pages", "password": "of-a-test"}))
    yield lambda options: written.query(f"create role of_the_pages login password 'of-a-test' {options}") and None
    written.query("drop role if exists of_the_pages")


def find_pages(settings: Settings) -> Check:
    [shared] = [check for check in examine_all(settings)[""] if check.name == "pages"]
    [checked] = [check for check in check_configuration(settings, offline=False) if check.name == "pages"]
    assert checked == shared, "`orgsync check` says the same"
    return shared


def test_pages_without_a_connection_are_not_spoken_of(written: World) -> None:
    assert [check for check in examine_all(written.settings)[""] if check.name == "pages"] == []


def test_login_of_the_pages_is_told_to_be_right(written: World, make_login: Callable[[str], None]) -> None:
    make_login("in role orgsync_pages")
    assert (find_pages(written.settings).outcome, find_pages(written.settings).subject) == ("ok", "orgsync_pages")


@pytest.mark.parametrize(
    ("options", "reason", "reason_zh", "fix"),
    [
        ("", "no member of orgsync_pages", "不是 orgsync_pages 的成员", "grant orgsync_pages to of_the_pages"),
        ("in role orgsync_reader", "no member of orgsync_pages", "不是 orgsync_pages 的成员", "grant orgsync_pages to of_the_pages"),
        ("in role orgsync_pages, orgsync_pii", "sees personal values in clear", "未屏蔽", "of no other role"),
        ("in role orgsync_pages, orgsync_loader", "sees personal values in clear", "未屏蔽", "of no other role"),
        ("superuser", "sees personal values in clear", "未屏蔽", "of no other role"),
        ("in role orgsync_pages, orgsync", "sees personal values in clear", "未屏蔽", "of no other role"),
    ],
)
def test_login_that_the_pages_cannot_use_is_told(
    written: World, make_login: Callable[[str], None], options: str, reason: str, reason_zh: str, fix: str
) -> None:
    make_login(options)
    found = find_pages(written.settings)
    assert (found.outcome, reason in found.reason, reason_zh in say(found.reason, "zh"), fix in found.fix) == ("broken", True, True, True)
    assert say(found.lost, "zh") == "组织架构页面无法显示任何内容"


def test_login_of_the_pages_that_is_not_there_is_told_without_its_password(written: World, make_login: Callable[[str], None]) -> None:
    found = find_pages(written.settings)
    assert (found.outcome, "does not take connections" in found.reason) == ("broken", True)
    assert "of-a-test" not in str(found)


def test_broken_warehouse_is_told_once(written: World, make_login: Callable[[str], None]) -> None:
    make_login("in role orgsync_pages")
    written.query("delete from orgsync.migration where version > 10")
    assert wrong_of(examine_all(written.settings)[""]) == [("warehouse", "broken")]


def test_landing_zone_that_cannot_be_written_is_told(written: World) -> None:
    written.zone().parent.joinpath("landing").write_text("a file", encoding="utf-8")
    [found] = [check for check in examine_all(written.settings)[""] if check.outcome == "broken"]
    assert (found.name, "ORGSYNC_LANDING_ZONE" in found.fix) == ("landing zone", True)
    assert "无法写入" in say(found.reason, "zh")


def test_folders_of_one_machine_are_told_where_tasks_run_on_several(written: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    found = {check.name: check for check in examine_all(written.settings)[""]}
    assert (found["landing zone"].outcome, found["reports"].outcome) == ("broken", "degraded")
    assert "CeleryExecutor" in say(found["landing zone"].reason, "zh")
    shared = {check.name: check.outcome for check in examine_all(replace(written.settings, folders_are_shared=True))[""]}
    assert (shared["landing zone"], shared["reports"]) == ("ok", "ok")


def test_quota_is_told_and_that_it_runs_out(written: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_quota() -> Check:
        [found] = [check for check in examine_tenant(written.settings, "acme") if check.subject == "billable calls this month"]
        return found

    written.sync()
    assert (find_quota().outcome, find_quota().reason) == ("ok", "5,000 of 5,000 are left")
    used_up = Usage(calls_this_month=4_990)
    monkeypatch.setattr(store, "read_usage", lambda *_, **__: used_up)
    assert (find_quota().outcome, find_quota().reason) == ("degraded", "10 of 5,000 are left")
    assert "larger edition" in find_quota().fix


def test_mistake_in_the_tenants_file_is_that_tenants(command: Command, written: World) -> None:
    written.settings.tenants_file.write_text(TENANTS + "  - {id: beta, platform: dingtalk, con_id: x}\n", encoding="utf-8")
    done = command("doctor", "--json")
    assert done.returncode == 2
    broken = [(each["tenant_id"], each["name"], each["line"]) for each in told(done) if each["outcome"] == "broken"]
    assert broken == [("beta", "tenants file", 3)]


def test_connection_of_no_tenant_is_examined(command: Command, written: World) -> None:
    done = command("doctor", "--conn", "acme_dingtalk", "--json")
    assert done.returncode == 0, done.stdout
    assert {check["name"] for check in told(done)} >= {"connection", "credentials", "range"}
    missing = command("doctor", "--conn", "nowhere")
    assert (missing.returncode, "there is no Airflow connection 'nowhere'" in missing.stderr) == (2, True)
    both = command("doctor", "acme", "--conn", "acme_dingtalk")
    assert both.returncode == 2


def test_file_of_no_use_is_told_with_the_rest(command: Command, written: World, tmp_path: Path) -> None:
    done = command("doctor", "--json", ORGSYNC_TENANTS=str(tmp_path / "nowhere.yaml"))
    assert done.returncode == 2
    assert [each["name"] for each in told(done) if each["outcome"] == "broken"] == ["tenants file"]
