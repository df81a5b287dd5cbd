"""What the doctor asks DingTalk: the calls of a read and of sending, made so that they change nothing and reach nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from orgsync.check import Check, ok
from orgsync.errors import CredentialError, PlatformError, RefusedError
from orgsync.platforms.connections import ConnectionFields, read_text
from orgsync.platforms.dingtalk.client import ROOT_ID, DingTalkClient
from orgsync.platforms.dingtalk.codes import AGENT, GRANT, PAIR, RANGE_CODES, WIDEN
from orgsync.platforms.dingtalk.todos import TodoClient
from orgsync.platforms.examining import (
    ADDRESS,
    APP,
    CLOCK,
    CONNECTION,
    CREDENTIALS,
    ENABLED,
    FIELDS,
    GRANTED,
    HOST,
    KEPT,
    LET_IN,
    MESSAGES,
    NO_MESSAGES,
    NO_SYNC,
    NO_TODOS,
    OWN_AGENT,
    PERMISSION,
    RANGE,
    TODOS,
    Needs,
    Signs,
    Step,
    check_agent_id,
    check_clock,
    check_permission,
    check_range,
)
from orgsync.platforms.inspecting import AES_KEY, AES_KEY_FORM, TOKEN, inspect_callback, inspect_values
from orgsync.words import Words

SIGNS = Signs(
    address=frozenset({"60020", "Forbidden.AccessDenied.IpNotInWhiteList"}),
    app=frozenset({"50003", "50005"}),
    permission=frozenset({"60011", "43007", "Forbidden.AccessDenied.AccessTokenPermissionDenied"}),
    host=frozenset({"22", "404"}),
    quota=frozenset({"90020", "Forbidden.AccessDenied.ApiCountLimitForOrg"}),
)

# §12.1; the same form is asked for where a callback is registered by API.
_TOKEN_FORM = re.compile(r"[A-Za-z0-9]{3,63}")
# No task and no todo has these ids: what is asked about them reaches nobody.
_NO_TASK = 1
BAD_AGENT = "40056"
_NO_SOURCE = "orgsync-doctor"

_AGENT_FOR_KEY = Words("login holds an AgentId, not the Client ID (AppKey)", "login 填的是 AgentId，而不是 Client ID（AppKey）")
_CORP_FOR_KEY = Words("login holds the CorpId, not the Client ID (AppKey)", "login 填的是 CorpId，而不是 Client ID（AppKey）")
_SSO_SECRET = Words(
    "password holds the SSOsecret, which only signs in to the admin console, not the Client Secret of an app",
    "password 填的是仅用于管理后台免登的 SSOsecret，而不是应用的 Client Secret",
)
_WITHHELD = Words("{field} is withheld from the app", "应用读不到{field}")
_NO_CREATOR = Words("nobody is known in whose name one could be made", "没有可作为创建人的成员")

# By the name that auth/scopes has for it (§4): what it is, the columns it fills, and the field permission as the console calls it.
_FIELDS = {
    "mobile": (Words("the mobile number", "手机号"), "mobile", "fieldMobile (企业员工手机号信息)"),
    "email": (Words("the mail address", "邮箱"), "email, work_email, work_place", "fieldEmail (邮箱等个人信息)"),
}


def inspect(connection: ConnectionFields) -> Iterator[Check]:
    """A number in place of the Client ID is an AgentId."""
    login, agent_id = (connection.login or "").strip(), str(connection.extra_dejson.get("agent_id") or "")
    yield from inspect_values({"login": connection.login or "", "password": connection.password or "", "agent_id": agent_id})
    if login.isdecimal():
        yield Check(CONNECTION, "broken", _AGENT_FOR_KEY, PAIR, NO_SYNC, subject="login")
    elif login and login == read_text(connection, "corp_id"):
        yield Check(CONNECTION, "broken", _CORP_FOR_KEY, PAIR, NO_SYNC, subject="login")
    yield from inspect_callback(read_text(connection, TOKEN), read_text(connection, AES_KEY), token_form=_TOKEN_FORM, key_form=AES_KEY_FORM)


def list_steps(client: DingTalkClient, todos: TodoClient, connection: ConnectionFields, needs: Needs) -> Iterator[Step]:
    examination = _Examination(client, todos, connection, needs)
    yield Step(CREDENTIALS, examination.log_in)
    yield Step(CLOCK, lambda: check_clock(client.transport.ahead_seconds))
    yield Step(PERMISSION, examination.read_scopes, subject="qyapi_base")
    for point, probe in examination.list_probes():
        yield Step(PERMISSION, partial(check_permission, point, probe, RANGE_CODES), subject=point)
    yield Step(RANGE, examination.look_at_range)
    yield Step(FIELDS, examination.look_at_fields, is_needed=False)
    yield Step(MESSAGES, examination.try_agent, NO_MESSAGES, is_needed=False, subject="agent_id")
    yield Step(TODOS, examination.try_todos, NO_TODOS, is_needed=False)


class _Examination:
    """One after the other: what a question found, later ones go by."""

    def __init__(self, client: DingTalkClient, todos: TodoClient, connection: ConnectionFields, needs: Needs) -> None:
        self._client = client
        self._todos = todos
        self._connection = connection
        self._needs = needs
        self._scopes: dict[str, Any] = {}
        self._union_id = read_text(connection, "todo_creator_union_id")

    def log_in(self) -> Iterator[Check]:
        corp_id = read_text(self._connection, "corp_id")
        try:
            self._client.log_in()
        except CredentialError as error:
            if not corp_id or not self._client.is_sso_secret(corp_id):
                raise
            yield Check(CREDENTIALS, "broken", _SSO_SECRET, PAIR, NO_SYNC, error.refusal.code)
            return
        yield ok(HOST, Words("{host} answers as DingTalk", "{host} 是钉钉").fill(host=self._client.transport.host))
        yield ok(CREDENTIALS, Words("Client ID and Client Secret are accepted", "Client ID 与 Client Secret 被接受"))

    def read_scopes(self) -> Iterator[Check]:
        """The first call that is refused to a strange address, or to an app that is switched off."""
        self._scopes |= self._client.read_scopes().content
        yield ok(ADDRESS, LET_IN)
        yield ok(APP, ENABLED)
        yield ok(PERMISSION, GRANTED, subject="qyapi_base")

    def list_probes(self) -> list[tuple[str, Callable[[], object]]]:
        """Permission points are looked at before departments, so the root will do, whether the app sees it or not."""
        return [
            ("qyapi_get_department_list", partial(self._client.list_sub_departments, ROOT_ID)),
            ("qyapi_get_department_member", lambda: next(self._client.list_users(ROOT_ID))),
            ("qyapi_get_member", self._client.count_users),
        ]

    def look_at_range(self) -> Iterator[Check]:
        if not self._scopes:
            return
        allowed = self._scopes["auth_org_scopes"]
        departments, users = allowed.get("authed_dept") or [], allowed.get("authed_user") or []
        sees_whole = ROOT_ID in map(str, departments)
        yield check_range(len(departments), len(users), sees_whole=sees_whole, fix=WIDEN, needs=self._needs)

    def look_at_fields(self) -> Iterator[Check]:
        if "auth_user_field" not in self._scopes:
            return
        told = self._scopes["auth_user_field"] or []
        for name, (what, columns, permission) in _FIELDS.items():
            if name in told:
                yield ok(FIELDS, Words("told", "可读取"), subject=name)
            else:
                fix, lost = GRANT.fill(points=permission, where=""), KEPT.fill(columns=columns)
                yield Check(FIELDS, "degraded", _WITHHELD.fill(field=what), fix, lost, subject=name)

    def try_agent(self) -> Iterator[Check]:
        """How far a task of the app has come: asked about no task at all, DingTalk looks at the AgentId first. It counts as one call."""
        agent_id = read_text(self._connection, "agent_id")
        if mistake := check_agent_id(agent_id, AGENT, NO_MESSAGES):
            yield mistake
            return
        try:
            self._client.get_send_progress(agent_id=int(agent_id), task_id=_NO_TASK)
        except RefusedError as error:
            if error.refusal.code in SIGNS.quota | {BAD_AGENT}:
                raise
        yield ok(MESSAGES, OWN_AGENT, subject="agent_id")

    def try_todos(self) -> Iterator[Check]:
        """Looks for a todo that nobody made. It counts as one call."""
        union_id = self._union_id or self._find_union_id()
        if not union_id:
            yield Check(TODOS, "skipped", _NO_CREATOR)
            return
        try:
            self._todos.find(union_id, _NO_SOURCE)
        except RefusedError as error:
            if error.refusal.code in SIGNS.quota:
                raise
        yield ok(TODOS, GRANTED)

    def _find_union_id(self) -> str:
        """Anybody's who is right in a department that the app names, or in the root."""
        departments = self._scopes.get("auth_org_scopes", {}).get("authed_dept") or [ROOT_ID]
        try:
            page = next(self._client.list_users(str(departments[0])))
        except PlatformError:
            return ""
        people = page.content["result"].get("list") or []
        return next((str(person["unionid"]) for person in people if person.get("unionid")), "")
