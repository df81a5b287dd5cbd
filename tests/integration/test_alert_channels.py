"""What is told by mail, by robots of groups, by a webhook and to people, through real servers: a mail server and the sandbox."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgsync.alerts.channels import open_channels
from orgsync.alerts.notices import Event, Notice
from orgsync.alerts.problems import Outcome, Problem
from orgsync.doctor.configuration import check_configuration
from orgsync.errors import (
    ConfigurationError,
    CredentialError,
    NoConnectionError,
    OrgsyncError,
    PermissionDeniedError,
    PlatformBusyError,
    RefusedError,
    ThrottledError,
    UnreachableError,
)
from orgsync.outbox.sending import push
from orgsync.settings import Settings
from orgsync.tenants import read_stanzas
from orgsync.words import Words
from sandbox.testing import RunningSandbox
from tests.integration.mail_server import MailServer, serve_mail
from tests.integration.world import TENANT, Command, World

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
STANZA = "tenants:\n  - {{id: acme, platform: dingtalk, conn_id: acme_dingtalk, {}}}\n"
ROBOTS = ("dingtalk", "wecom", "feishu", "json")
SIGNING = ("dingtalk", "feishu", "json")
HOSTILE = "no\r\nBcc: all@example.com\r\n\r\n<script>x</script> [a](http://evil.example) **b** <@all> 字" * 3


def notice(
    reason: str = "no good sync for 26 hours", *, event: Event = "new", tenant_id: str = "acme", outcome: Outcome = "broken"
) -> Notice:
    words = Words(reason, f"26 小时没有成功同步 {reason}")
    fix = Words("Look at the newest run", "查看最近一次运行")
    link = "https://airflow.example.com/plugin/organization/acme/runs"
    return Notice(Problem(tenant_id, "stale", reason, outcome, words, fix, link, NOW - timedelta(hours=26)), event, NOW)


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with serve_mail() as server:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection())
        yield server


@pytest.fixture
def robots(shared_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """A connection for a robot of each kind, without security settings."""
    shared_sandbox.control("DELETE", "robots")
    for name in ROBOTS:
        set_robot(monkeypatch, shared_sandbox, name)
    return shared_sandbox


def set_robot(monkeypatch: pytest.MonkeyPatch, sandbox: RunningSandbox, name: str, **extra: Any) -> None:
    """Such a URL tells no format: on this machine all are."""
    url = sandbox.control("GET", f"robots/{name}/sandbox-robot")["url"]
    fields = {"conn_type": "orgsync_webhook", "password": url, "extra": {"format": name} | extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_ROBOT_{name.upper()}", json.dumps(fields))


def settings_with(tmp_path: Path, alerts: str, *, text: str = "") -> Settings:
    """Whose tenants file has such alerts."""
    path = tmp_path / "tenants.yaml"
    path.write_text(text or STANZA.format(f"language: both, alerts: {alerts}"), encoding="utf-8")
    return Settings(tenants_file=path, landing_zone=f"file://{tmp_path / 'landing'}", report_folder=tmp_path)


def tell(settings: Settings, *notices: Notice, tenant_id: str = "acme") -> None:
    for channel in open_channels(settings, read_stanzas(settings.tenants_file))[tenant_id]:
        channel.tell(notices)


def received_by(sandbox: RunningSandbox, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.control("GET", f"robots/{name}/sandbox-robot")["received"]
    return found


def test_each_address_gets_one_mail_of_all_that_is_told_at_once(mail_server: MailServer, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "{mail: [it@example.com, boss@example.com]}")
    tell(settings, notice(), notice("the last run failed", outcome="degraded"), notice("quota", event="over"))
    assert [receivers for receivers, _ in mail_server.taken] == [["it@example.com"], ["boss@example.com"]]
    _, mail = mail_server.taken[0]
    assert mail["Subject"] == "[orgsync] acme: 2 problems, 1 over / 2 个问题，1 个已恢复"
    assert (mail["From"], mail["To"], mail["Auto-Submitted"]) == ("orgsync@example.com", "it@example.com", "auto-generated")
    plain, html = (part.get_content() for part in mail.iter_parts())
    for text in (plain, html):
        for said in ("no good sync for 26 hours", "26 小时没有成功同步", "2026-11-29 10:00 (Asia/Shanghai)", "查看最近一次运行", "已恢复"):
            assert said in text
    assert "https://airflow.example.com/plugin/organization/acme/runs" in plain
    assert '<a href="https://airflow.example.com/plugin/organization/acme/runs">' in html


def test_hostile_words_write_no_header_and_no_markup(mail_server: MailServer, tmp_path: Path) -> None:
    tell(settings_with(tmp_path, "{mail: [it@example.com]}"), notice(HOSTILE))
    [(receivers, mail)] = mail_server.taken
    assert (receivers, mail["Bcc"]) == (["it@example.com"], None)
    assert "\n" not in mail["Subject"]
    _, html = (part.get_content() for part in mail.iter_parts())
    assert "<script" not in html


@pytest.mark.parametrize(
    ("refusal", "kind", "said"),
    [
        ("550 5.1.1 <it@example.com> unknown", RefusedError, "does not take the mail: 5.1.1 <…@…> unknown"),
        ("451 4.7.1 greylisted", ThrottledError, "greylisted. It may be taken later"),
    ],
)
def test_what_the_mail_server_says_is_told_without_addresses(
    mail_server: MailServer, tmp_path: Path, refusal: str, kind: type[OrgsyncError], said: str
) -> None:
    mail_server.refusal = refusal
    with pytest.raises(kind) as told:
        tell(settings_with(tmp_path, "{mail: [it@example.com]}"), notice())
    assert said in str(told.value)
    assert "it@example.com" not in str(told.value)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_wrong_password_and_server_that_is_away_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with(tmp_path, "{mail: [it@example.com]}")
    with serve_mail(login=(b"orgsync", b"right")) as server:
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection(login="orgsync", password="right"))
        tell(settings, notice())
        assert len(server.taken) == 1
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection(login="orgsync", password="wrong"))
        with pytest.raises(CredentialError, match="login and password of connection 'smtp_default' anew"):
            tell(settings, notice())
        # It speaks no TLS.
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", server.connection(extra={"disable_ssl": False}))
        with pytest.raises(UnreachableError, match="port 465 speaks TLS at once"):
            tell(settings, notice())
        closed = server.connection()
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", closed)
    with pytest.raises(NoConnectionError, match="Check host, port"):
        tell(settings, notice())


@pytest.mark.parametrize("name", ROBOTS)
def test_robot_takes_what_is_signed_and_holds_its_keyword(
    name: str, robots: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "SEC+/=secret" if name in SIGNING else ""
    robots.control("PUT", f"robots/{name}/sandbox-robot", {"secret": secret, "keywords": ["orgsync"]})
    set_robot(monkeypatch, robots, name, **({"signing_secret": secret} if secret else {}))
    tell(settings_with(tmp_path, f"{{webhooks: [robot_{name}]}}"), notice(), notice("the last run failed"))
    [message] = received_by(robots, name)
    assert "no good sync for 26 hours" in message["text"]
    assert "查看最近一次运行" in message["text"]
    assert "https://airflow.example.com/plugin/organization/acme/runs" in message["text"]


@pytest.mark.parametrize("name", ROBOTS)
def test_twenty_kilobytes_are_cut_within_what_a_robot_takes(name: str, robots: RunningSandbox, tmp_path: Path) -> None:
    many = [notice(f"{number} {'*字😀' * 7000}") for number in range(40)]
    tell(settings_with(tmp_path, f"{{webhooks: [robot_{name}]}}"), *many)
    [message] = received_by(robots, name)
    assert "\ufffd" not in message["text"]
    if name != "json":
        assert "more; `orgsync check` lists all" in message["text"].replace("\\", "").replace("｀", "`")


@pytest.mark.parametrize("name", ["dingtalk", "wecom", "feishu"])
def test_hostile_words_are_no_marks_and_mention_nobody(name: str, robots: RunningSandbox, tmp_path: Path) -> None:
    tell(settings_with(tmp_path, f"{{webhooks: [robot_{name}]}}"), notice(HOSTILE))
    [message] = received_by(robots, name)
    if name == "feishu":  # whose texts are plain: nothing in them is read
        paragraphs = message["content"]["content"]["post"]["zh_cn"]["content"]
        assert {node["tag"] for paragraph in paragraphs for node in paragraph} == {"text", "a"}
        return
    text = message["text"].replace("\\<", "").replace("\\[", "").replace("\\*", "")
    assert not any(mark in text for mark in ("<@all>", "[a](", "**b**", "<script"))
    assert "at" not in message["content"]


@pytest.mark.parametrize(
    ("name", "changes", "kind", "said", "zh"),
    [
        ("dingtalk", {"secret": "SECother"}, CredentialError, "the signature does not match", "签名不匹配"),
        ("dingtalk", {"keywords": ["监控"]}, PermissionDeniedError, "Make orgsync one of them", "把 orgsync 加入自定义关键词"),
        ("dingtalk", {"allowed_ips": ["192.0.2.1"]}, PermissionDeniedError, "not on the robot's list", "不在机器人的白名单中"),
        ("dingtalk", {"state": "off"}, RefusedError, "switched off", "机器人已停用"),
        ("dingtalk", {"state": "removed"}, RefusedError, "not in the group", "机器人不在群里"),
        ("dingtalk", {"state": "dissolved"}, RefusedError, "dissolved", "群已被解散"),
        ("dingtalk", {"code": 400101}, CredentialError, "Copy the robot's Webhook again", "重新复制到连接的 password"),
        ("dingtalk", {"code": 310000, "message": "description:机器人发送签名不匹配;solution:时间戳"}, CredentialError, "signature", "签名"),
        ("dingtalk", {"code": 310000, "message": "?"}, PermissionDeniedError, "security settings refuse", "未通过机器人的安全设置"),
        ("dingtalk", {"code": 99, "message": "new it@example.com"}, RefusedError, "not a code orgsync knows (new …@…)", "不认识的错误码"),
        ("wecom", {"state": "removed"}, CredentialError, "was taken out of the group", "已被移出群"),
        ("wecom", {"state": "off"}, RefusedError, "switched off", "机器人被停用"),
        ("wecom", {"code": -1, "message": "system busy"}, PlatformBusyError, "busy", "系统繁忙"),
        ("feishu", {"secret": "other"}, CredentialError, "look at the clock", "签名不匹配"),
        ("feishu", {"keywords": ["监控"]}, PermissionDeniedError, "Make orgsync one of them", "把 orgsync 加入自定义关键词"),
        ("feishu", {"allowed_ips": ["192.0.2.1"]}, PermissionDeniedError, "not on the robot's list", "IP 白名单"),
        ("feishu", {"state": "removed"}, CredentialError, "the URL is no robot's", "地址无效"),
        ("feishu", {"code": 11232}, ThrottledError, "overloaded", "整点、半点"),
        ("json", {"secret": "own"}, CredentialError, "does not let us in", "拒绝了请求"),
        ("json", {"state": "off"}, RefusedError, "HTTP 410", "没有收下"),
        ("json", {"status": 302, "location": "http://127.0.0.1:9/"}, RefusedError, "is not followed", "不会跟随跳转"),
        ("json", {"status": 503}, PlatformBusyError, "failed on its side", "对方自身出错"),
        ("wecom", {"status": 429}, ThrottledError, "too many", "过于频繁"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_refusals_name_what_the_administrator_does_in_both_languages(
    name: str, changes: dict[str, Any], kind: type[OrgsyncError], said: str, zh: str, robots: RunningSandbox, tmp_path: Path
) -> None:
    robots.control("PUT", f"robots/{name}/sandbox-robot", changes)
    with pytest.raises(kind) as told:
        tell(settings_with(tmp_path, f"{{webhooks: [robot_{name}]}}"), notice())
    assert said in str(told.value)
    assert zh in told.value.tell("zh")
    assert received_by(robots, name) == []


def test_robot_of_a_minute_that_is_full_is_throttled(robots: RunningSandbox, tmp_path: Path) -> None:
    robots.control("PUT", "robots/dingtalk/sandbox-robot", {"per_minute": 1})
    settings = settings_with(tmp_path, "{webhooks: [robot_dingtalk]}")
    tell(settings, notice())
    with pytest.raises(ThrottledError) as told:
        tell(settings, notice("another"))
    assert told.value.wait_seconds == 600


def test_what_dingtalk_is_told_twice_after_a_crash_is_shown_once(robots: RunningSandbox, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "{webhooks: [robot_dingtalk]}")
    for _ in range(2):
        tell(settings, notice())
    assert len(received_by(robots, "dingtalk")) == 1
    tell(settings, notice(event="over"))
    assert len(received_by(robots, "dingtalk")) == 2


def test_json_holds_what_programs_read(robots: RunningSandbox, tmp_path: Path) -> None:
    tell(settings_with(tmp_path, "{webhooks: [robot_json]}"), notice(event="still"))
    [message] = received_by(robots, "json")
    body = message["content"]
    [told] = body["notices"]
    assert (body["source"], body["version"], message["headers"]["x-orgsync-delivery"]) == ("orgsync", 1, body["key"])
    assert (told["event"], told["tenant"], told["kind"], told["outcome"]) == ("still", "acme", "stale", "broken")
    assert told["reason"]["en"] == "no good sync for 26 hours"
    assert told["reason"]["zh"].startswith("26 小时没有成功同步")


def test_no_secret_of_a_webhook_is_in_an_error_or_a_log(
    robots: RunningSandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    robots.control("PUT", "robots/feishu/sandbox-robot", {"secret": "other"})
    set_robot(monkeypatch, robots, "feishu", signing_secret="hush-hush")
    settings = settings_with(tmp_path, "{webhooks: [robot_feishu]}")
    [channel] = open_channels(settings, read_stanzas(settings.tenants_file))["acme"]
    with pytest.raises(CredentialError) as told:
        channel.tell([notice()])
    for text in (str(told.value), repr(channel), repr(vars(channel)), caplog.text):
        assert "sandbox-robot" not in text
        assert "hush-hush" not in text


def test_person_is_told_once_through_the_outbox_however_often_it_is_repeated(world: World, tmp_path: Path) -> None:
    world.sync()
    [(user_id,)] = world.query("select min(user_id) from org.users")
    settings = settings_with(tmp_path, f"{{people: [{user_id}]}}")
    for _ in range(2):
        tell(settings, notice_now(), notice_now("the last run failed"))
    assert world.query("select count(*) from notify.message") == [(2,)]
    push(world.settings, TENANT, run_for=timedelta(seconds=30))
    messages = world.control("GET", f"inbox?user={user_id}")["messages"]
    assert sorted("failed" in message["title"] for message in messages) == [False, True]
    assert all("查看最近一次运行" in message["text"] and "orgsync" in message["title"] for message in messages)


def test_person_reads_one_message_of_many_problems(world: World, tmp_path: Path) -> None:
    world.sync()
    [(user_id,)] = world.query("select min(user_id) from org.users")
    settings = settings_with(tmp_path, f"{{people: [{user_id}]}}")
    tell(settings, *(notice_now(f"{number} {'字' * 400}") for number in range(60)))
    [(title,)] = world.query("select title from notify.message")
    assert title == "[orgsync] acme: 60 problems / 60 个问题"


def test_people_of_a_tenant_that_is_not_there_are_not_told(world: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no tenant 'gone'"):
        tell(settings_with(tmp_path, "{people: ['gone:u1']}"), notice())


def notice_now(reason: str = "no good sync for 26 hours") -> Notice:
    """What is old is not sent any more."""
    told = notice(reason)
    return Notice(told.problem, told.event, datetime.now(UTC))


def test_command_tries_each_way_and_says_what_came_of_it(
    command: Command, world: World, mail_server: MailServer, robots: RunningSandbox
) -> None:
    world.sync()
    [(user_id,)] = world.query("select min(user_id) from org.users")
    alerts = f"{{mail: [it@example.com], webhooks: [robot_dingtalk, robot_feishu], people: [{user_id}]}}"
    world.settings.tenants_file.write_text(STANZA.format(f"alerts: {alerts}"), encoding="utf-8")
    listed = command("alerts")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "mail:it@example.com  is told of acme, what concerns all tenants" in listed.stdout
    assert (mail_server.taken, received_by(robots, "dingtalk")) == ([], [])
    robots.control("PUT", "robots/feishu/sandbox-robot", {"keywords": ["监控"]})
    done = command("alerts", "--test")
    assert done.returncode == 2, done.stderr
    for said in ("ok      mail:it@example.com: taken", "ok      webhook:robot_dingtalk: taken", f"ok      person:acme/{user_id}: queued"):
        assert said in done.stdout
    assert "failed  webhook:robot_feishu: feishu bot/v2/hook answered 19024" in done.stdout
    assert "this is a test" in mail_server.taken[0][1]["Subject"]
    assert len(received_by(robots, "dingtalk")) == 1
    told = json.loads(command("alerts", "acme", "--test", "--json").stdout)
    assert [(way["way"], bool(way["error"])) for way in told["ways"]][1:3] == [
        ("webhook:robot_dingtalk", False),
        ("webhook:robot_feishu", True),
    ]


def test_check_finds_people_who_are_not_there(world: World) -> None:
    text = STANZA.format("alerts: {mail_conn_id: x, people: [nobody]}")
    world.settings.tenants_file.write_text(text, encoding="utf-8")
    assert [check for check in check_configuration(world.settings) if "nobody" in check.subject] == []  # nothing is loaded yet
    world.sync()
    [(user_id,)] = world.query("select min(user_id) from org.users")
    world.settings.tenants_file.write_text(text.replace("nobody", f"nobody, {user_id}, 'later:u1'"), encoding="utf-8")
    found = [check for check in check_configuration(world.settings) if check.name == "alerts" and ":" in check.subject]
    assert [(check.subject, check.outcome) for check in found] == [("acme:nobody", "broken")]


def test_check_says_what_keeps_somebody_from_being_told(world: World, robots: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps({"conn_type": "smtp", "host": "mail.example.com"}))
    monkeypatch.setenv("AIRFLOW_CONN_PLAIN", json.dumps({"conn_type": "orgsync_webhook", "password": "http://192.0.2.1/hook"}))
    alerts = "{mail: [it@example.com], webhooks: [robot_wecom, nowhere, acme_dingtalk, plain], people: [u1, 'gone:u2']}"
    other = "  - {id: quiet, platform: dingtalk, conn_id: acme_dingtalk}\n"
    text = "defaults: {alerts: {people: [u3]}}\n" + STANZA.format(f"alerts: {alerts}") + other.replace("}", ", alerts: {people: []}}")
    world.settings.tenants_file.write_text(text, encoding="utf-8")
    found = [check for check in check_configuration(world.settings, offline=True) if check.name == "alerts" or "people of" in check.reason]
    told = {(check.subject, check.tenant_id): check for check in found}
    assert "set from_email" in told["smtp_default", ""].reason
    assert told["robot_wecom", ""].outcome == "ok"
    assert "there is no Airflow connection 'nowhere'" in told["nowhere", ""].reason
    assert "is of type 'dingtalk', and what uses it needs 'orgsync_webhook'" in told["acme_dingtalk", ""].reason
    assert "is not https" in told["plain", ""].reason
    assert told["gone", "acme"].outcome == "broken"
    assert told["", "quiet"].reason == "nobody is told of what goes wrong"
    [mistake] = [check for check in found if check.name == "tenants file"]
    assert (mistake.line, "acme:u3" in mistake.reason) == (1, True)
