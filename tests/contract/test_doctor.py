"""For each planted mistake the doctor names exactly that one, with its fix in both languages; where nothing is wrong it says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest

from orgsync.check import TITLES, Check, worst_of
from orgsync.platforms.connector import Connector
from orgsync.platforms.examining import Needs
from orgsync.platforms.platform import Scope
from orgsync.settings import HOME
from orgsync.words import LANGUAGES, Language, say
from tests.contract.conftest import Organization

Plant = Callable[[Organization], None]
BY_KEY = {"dingtalk": "", "wecom": "", "feishu": "user_id"}


@dataclass(frozen=True)
class Mistake:
    """`settings` change the platform, `fields` the connection, `fault` damages answers. `code` is what the platform says of it."""

    id: str
    name: str
    outcome: str = "broken"
    settings: dict[str, Any] | None = None
    fields: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None
    fault: str = ""
    code: str = ""
    says: str = ""
    fix: str = ""
    subject: str | None = None


def without(known: str, *names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda settings: {known: [each for each in settings[known] if each not in names]}


KEY = "a" * 43

SHARED = [
    Mistake("nobody listens", "host", fields={"host": "http://127.0.0.1:9"}, says="refused", fix="Check the host of connection"),
    Mistake("a page instead of the platform", "host", fault="html", says="not JSON", fix="login page"),
    Mistake("cut answers", "host", fault="truncated_json", says="cut or damaged JSON"),
    Mistake("clock", "clock", "degraded", settings={"clock_ahead_seconds": 700}, says="seconds behind", fix="NTP"),
    Mistake("clock ahead", "clock", "degraded", settings={"clock_ahead_seconds": -700}, says="seconds ahead", fix="NTP"),
    Mistake("no secret", "connection", fields={"password": None}, extra={"contact_secret": ""}, says="has no"),
    Mistake("not the secret", "credentials", fields={"password": "not-the-secret"}, fix="login and password"),
    Mistake("a blank after the key", "connection", "degraded", fields={"login": "{login} "}, says="login has a blank", fix="anew"),
    Mistake("a blank inside the secret", "connection", fields={"password": "not the-secret"}, says="password holds a blank", fix="anew"),
    Mistake("an invisible end", "connection", fields={"password": "{password}\u200b"}, says="password has a blank or an invisible"),
    Mistake("another address", "address", settings={"allowed_ips": ["10.0.0.1"]}, says="IP address", fix="Add 127.0.0.1 to"),
    Mistake("switched off", "app", settings={"app_enabled": False}, says="disabled", fix="nable"),
    Mistake("key without token", "callback", extra={"callback_aes_key_secret": KEY}, says="callback_token is missing"),
    Mistake("token without key", "callback", extra={"callback_token": "Token123"}, says="callback_aes_key_secret is missing"),
]

MISTAKES: dict[str, list[Mistake]] = {
    "dingtalk": [
        Mistake("a path too many", "host", fields={"host": "{host}/topapi"}, code="22", fix="Check the host"),
        Mistake("AgentId for Client ID", "connection", fields={"login": "3000000001"}, says="login holds an AgentId"),
        Mistake(
            "CorpId for Client ID",
            "connection",
            fields={"login": "dingsandbox"},
            extra={"corp_id": "dingsandbox"},
            says="login holds the CorpId",
        ),
        Mistake(
            "SSOsecret",
            "credentials",
            fields={"password": "sandbox-dingtalk-sso-secret"},
            extra={"corp_id": "dingsandbox"},
            code="40096",
            says="holds the SSOsecret",
        ),
        Mistake("key of another app", "credentials", fields={"login": "another-app"}, code="40096", fix="Client ID (AppKey)"),
        *(
            Mistake(point, "permission", settings={"permissions": ("-", point)}, code="60011", fix=f"Grant {point} under", subject=point)
            for point in ("qyapi_base", "qyapi_get_department_list", "qyapi_get_department_member", "qyapi_get_member")
        ),
        Mistake(
            "mobile withheld", "fields", "degraded", settings={"field_permissions": ["fieldEmail"]}, fix="fieldMobile", subject="mobile"
        ),
        Mistake("mail withheld", "fields", "degraded", settings={"field_permissions": ["fieldMobile"]}, fix="fieldEmail", subject="email"),
        Mistake("nobody visible", "range", settings={"visible_departments": []}, says="sees nobody", fix="授权范围"),
        Mistake("a part visible", "range", "degraded", settings={"visible_departments": ("top",)}, says="1 departments", fix="授权范围"),
        Mistake("no AgentId", "messages", "degraded", extra={"agent_id": ""}, says="agent_id is empty", fix="Set agent_id"),
        Mistake("no number", "messages", "degraded", extra={"agent_id": "cli_x"}, says="agent_id is no number"),
        Mistake("AgentId of another app", "messages", "degraded", extra={"agent_id": "17"}, code="40056", fix="Set agent_id"),
        Mistake("no todos", "permission", "degraded", settings={"permissions": ("-", "Todo.Todo.Read")}, fix="Grant Todo.Todo.Read"),
        Mistake("quota", "quota", "degraded", settings={"billable_calls_per_month": 1}, says="quota", fix="Upgrade"),
        Mistake(
            "short key", "callback", extra={"callback_token": "Token123", "callback_aes_key_secret": "1"}, says="aes_key_secret is not"
        ),
        Mistake("odd token", "callback", extra={"callback_token": "a-b", "callback_aes_key_secret": KEY}, says="callback_token is not"),
    ],
    "wecom": [
        Mistake("a path too many", "host", fields={"host": "{host}/cgi-bin"}, fix="Check the host"),
        Mistake("AgentId for corp id", "connection", fields={"login": "1000002"}, says="login holds an AgentId", fix="企业ID"),
        Mistake("another company", "credentials", fields={"login": "wwanother"}, code="40013", fix="企业ID"),
        Mistake(
            "contact secret for the app's",
            "credentials",
            fields={"password": "{contact_secret}"},
            extra={"contact_secret": ""},
            code="48009",
            says="password holds the Secret of 管理工具",
            fix="应用管理",
        ),
        Mistake("one secret twice", "connection", fields={"password": "{contact_secret}"}, says="the same secret", fix="应用管理"),
        Mistake(
            "the app's for the contact secret",
            "credentials",
            "broken",
            fields={"password": ""},
            extra={"contact_secret": "{password}"},
            code="48002",
            says="contact_secret holds an app's Secret",
            fix="通讯录同步",
        ),
        Mistake("not the contact secret", "credentials", extra={"contact_secret": "not-the-one"}, code="40001", fix="contact_secret"),
        Mistake("agent says it is off", "app", settings={"agent_closed": True}, says="disabled", fix="应用管理"),
        Mistake("no right to contacts", "permission", settings={"permissions": []}, code="48002", fix="Secret of a self-built app"),
        Mistake("nobody visible", "range", settings={"visible_departments": []}, says="sees nobody", fix="可见范围"),
        Mistake("a part visible", "range", "degraded", settings={"visible_departments": ("top",)}, says="departments", fix="可见范围"),
        Mistake("withheld", "fields", "degraded", settings={"field_permissions": []}, says="withholds", fix="2022-06-20"),
        Mistake("withheld as empty", "fields", "degraded", settings={"field_permissions": [], "withheld_style": "empty"}, fix="2022-06-20"),
        Mistake("no AgentId", "messages", "degraded", extra={"agent_id": ""}, says="agent_id is empty", fix="Set agent_id"),
        Mistake("no number", "messages", "degraded", extra={"agent_id": "ww12"}, says="agent_id is no number"),
        Mistake("AgentId of another app", "messages", "degraded", extra={"agent_id": "17"}, code="301002", fix="Set agent_id"),
        Mistake("unknown way", "connection", extra={"read_by": "magic"}, says="read_by='magic'"),
        Mistake(
            "short key", "callback", extra={"callback_token": "Token123", "callback_aes_key_secret": "1"}, says="aes_key_secret is not"
        ),
    ],
    "feishu": [
        Mistake("a path too many", "host", fields={"host": "{host}/open-apis"}, fix="Check the host"),
        Mistake("no App ID", "connection", fields={"login": "ding123"}, says="login holds no App ID", fix="App ID"),
        Mistake("unknown app", "credentials", fields={"login": "cli_another"}, code="10003", fix="larksuite"),
        Mistake("not installed", "app", settings={"app_installed": False}, code="99991673", fix="Install"),
        Mistake(
            "no scope for contacts",
            "permission",
            settings={
                "permissions": ("-", "contact:contact.base:readonly"),
                "field_permissions": ("-", "contact:department.organize:readonly"),
            },
            code="99991672",
            fix="Grant",
        ),
        Mistake(
            "no user_id",
            "permission",
            settings={"field_permissions": ("-", "contact:user.employee_id:readonly")},
            code="99991672",
            fix="user_key: open_id",
        ),
        *(
            Mistake(
                scope, "fields", outcome, settings={"field_permissions": ("-", scope)}, says="withheld", fix=f"Grant {scope}", subject=scope
            )
            for scope, outcome in {
                "contact:user.base:readonly": "broken",
                "contact:user.department:readonly": "broken",
                "contact:user.phone:readonly": "degraded",
                "contact:user.email:readonly": "degraded",
                "contact:user.gender:readonly": "degraded",
                "contact:user.employee:readonly": "degraded",
                "contact:department.base:readonly": "broken",
                "contact:department.organize:readonly": "broken",
            }.items()
        ),
        Mistake("nobody visible", "range", settings={"visible_departments": []}, says="sees nobody", fix="可访问的数据范围"),
        Mistake(
            "a part visible", "range", "degraded", settings={"visible_departments": ("top",)}, says="1 departments", fix="可访问的数据范围"
        ),
        Mistake("no bot", "messages", "degraded", settings={"bot_enabled": False}, code="230006", fix="机器人"),
        Mistake(
            "may not send",
            "permission",
            "degraded",
            settings={"permissions": ("-", "im:message:send_as_bot")},
            fix="im:message",
            subject="send",
        ),
        Mistake(
            "no batches",
            "permission",
            "degraded",
            settings={"permissions": ("-", "im:message:send_multi_users", "im:message:send_multi_depts")},
            subject="batch",
            fix="send_multi",
        ),
        Mistake(
            "no readers", "permission", "degraded", settings={"permissions": ("-", "im:message:readonly")}, subject="read", fix="readonly"
        ),
        Mistake("no tasks", "permission", "degraded", settings={"permissions": ("-", "task:task:write")}, fix="Grant task:task:write"),
        Mistake("quota", "quota", settings={"quota_used_up": True}, code="99991403", fix="Upgrade"),
    ],
}

CASES = [
    pytest.param(platform, mistake, id=f"{platform}-{mistake.id}") for platform in MISTAKES for mistake in (*SHARED, *MISTAKES[platform])
]


def hook_of(organization: Organization, fields: dict[str, Any], extra: dict[str, Any]) -> Connector:
    known = organization.sandbox.connection(organization.name)
    values = known | organization.secrets()
    fill = lambda given: {name: value.format(**values) if isinstance(value, str) else value for name, value in given.items()}  # noqa: E731
    secrets = organization.secrets() if organization.name == "wecom" else {}
    conn_id = organization.connection(**fill(fields), extra=secrets | fill(extra))
    module, _, name = organization.platform.form["hook-class-name"].rpartition(".")
    hook: Connector = getattr(import_module(module), name)(conn_id)
    return hook


def examine(organization: Organization, mistake: Mistake | None = None, needs: Needs | None = None) -> list[Check]:
    plant = mistake or Mistake("nothing", "")
    settings = plant.settings or {}
    organization.set(**{name: planted(organization, name, value) for name, value in settings.items()})
    if plant.fault:
        organization.fault(plant.fault)
    return list(hook_of(organization, plant.fields or {}, plant.extra or {}).examine(needs or Needs(BY_KEY[organization.name])))


def planted(organization: Organization, name: str, value: Any) -> Any:
    """What is there but for some, or the first department below the root."""
    if isinstance(value, tuple) and value[0] == "-":
        return [each for each in organization.control("GET", "settings")[name] if each not in value[1:]]
    if value == ("top",):
        return [top_of(organization)]
    return value


def top_of(organization: Organization) -> Any:
    departments = organization.truth()["departments"]
    return next(each["id"] for each in departments if str(each["parent_id"]) in ("0", "1"))


def wrong_of(checks: list[Check]) -> list[Check]:
    return [check for check in checks if check.outcome in ("broken", "degraded")]


def test_nothing_is_wrong_with_a_healthy_tenant(organization: Organization) -> None:
    checks = examine(organization)
    assert {check.outcome for check in checks} == {"ok"}
    assert worst_of(checks) == "ok"
    assert {"connection", "host", "clock", "credentials", "address", "app", "permission", "range", "fields", "messages"} <= {
        c.name for c in checks
    }


@pytest.mark.parametrize(("organization", "mistake"), CASES, indirect=["organization"])
def test_exactly_the_planted_mistake_is_named_with_its_fix(organization: Organization, mistake: Mistake) -> None:
    checks = examine(organization, mistake)
    assert [(check.name, check.outcome) for check in wrong_of(checks)] == [(mistake.name, mistake.outcome)], checks
    found = wrong_of(checks)[0]
    assert mistake.says in found.reason
    assert mistake.fix in found.fix
    assert found.code == mistake.code or not mistake.code
    assert mistake.subject in (None, found.subject)
    assert found.lost
    secrets = [organization.sandbox.connection(organization.name)["password"], *organization.secrets().values(), "not-the-secret"]
    assert [secret for secret in secrets if secret in str(checks)] == []


def test_path_of_a_scope_that_leads_nowhere_is_told_before_the_sync_meets_it(organization: Organization) -> None:
    departments = organization.truth()["departments"]
    company = next(each["name"] for each in departments if each["kind"] == "company" and each["parent_id"] is None)
    name = next(each["name"] for each in departments if each["id"] == top_of(organization))
    paths = {"right": f"{company} / {name}", "wrong": f"{company} / {name}旧名"}
    found = {
        key: examine(organization, needs=Needs(BY_KEY[organization.name], Scope(exclude_paths=(path,)))) for key, path in paths.items()
    }
    assert wrong_of(found["right"]) == []
    assert [check.reason for check in found["right"] if check.subject == "scope"] == [
        "the scope's paths are there: 0 departments included, 1 excluded"
    ]
    [wrong] = wrong_of(found["wrong"])
    assert (wrong.name, wrong.outcome, wrong.subject, wrong.fix) == ("range", "broken", "scope", "correct it in the tenants file")
    assert say(wrong.fix, "zh") == "请在租户配置文件中改正"
    assert f"'{name}'" in wrong.reason


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_hour_is_told_in_the_order_in_which_the_doctor_looks(organization: Organization, language: Language) -> None:
    ending = ".zh.md" if language == "zh" else ".md"
    page = (HOME / "docs" / "getting-started" / f"{organization.name}{ending}").read_text(encoding="utf-8")
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert [name for line in headings for name in re.findall("`(.+?)`", line)] == list(
        dict.fromkeys(say(TITLES[check.name], language) for check in examine(organization))
    )
