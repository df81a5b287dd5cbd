"""What the doctor asks WeCom: the calls of a read and of sending, made so that they change nothing and reach nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from orgsync.check import Check, ok
from orgsync.errors import PermissionDeniedError, PlatformError
from orgsync.platforms.connections import ConnectionFields, read_text
from orgsync.platforms.examining import (
    ADDRESS,
    APP,
    CLOCK,
    CONNECTION,
    CREDENTIALS,
    ENABLED,
    FIELDS,
    HOST,
    KEPT,
    LET_IN,
    MESSAGES,
    NO_SYNC,
    OWN_AGENT,
    PERMISSION,
    RANGE,
    READING,
    Needs,
    Signs,
    Step,
    check_agent_id,
    check_clock,
    sees_nobody,
    sees_part,
)
from orgsync.platforms.inspecting import AES_KEY, AES_KEY_FORM, TOKEN, inspect_callback, inspect_values
from orgsync.platforms.reading.records import Record, records_of
from orgsync.platforms.wecom.client import ROOT_ID, WeComClient
from orgsync.platforms.wecom.codes import AGENT, ENABLE, OWN_SECRET, PAIR, WIDEN, WRONG_SECRET_CODES, Identity
from orgsync.platforms.wecom.records import is_hidden, read_department_id
from orgsync.words import Words, join

SIGNS = Signs(
    address=frozenset({"60020"}),
    app=frozenset({"50003", "301007"}),
    permission=frozenset({"48001", "48002", "48004", "48006", "48009"}),
)

# §11.1.
_TOKEN_FORM = re.compile(r"[A-Za-z0-9]{1,32}")
_SAMPLES = 3
"""So many departments are looked into for somebody whose fields tell what is withheld."""

_AGENT_FOR_CORP = Words("login holds an AgentId, not the corp id (企业ID)", "login 填的是 AgentId，而不是企业ID")
_SAME_SECRET = Words("password and contact_secret hold the same secret", "password 和 contact_secret 填的是同一个 Secret")
_CONTACT_FOR_APP = Words(
    "password holds the Secret of 管理工具 → 通讯录同步, not an app's", "password 填的是通讯录同步的 Secret，而不是应用的 Secret"
)
_APP_FOR_CONTACT = Words(
    "contact_secret holds an app's Secret, not that of 管理工具 → 通讯录同步",
    "contact_secret 填的是应用的 Secret，而不是通讯录同步的 Secret",
)
_WHOLE = Words("{whose} sees the whole company, {departments} departments", "{whose}可见整个企业，共 {departments} 个部门")
_PART = Words("the app sees {departments} of {all} departments", "应用可见 {all} 个部门中的 {departments} 个")
_TOPS = Words(
    "the app sees {departments} departments with all below them, {users} single people and {tags} tags",
    "应用可见 {departments} 个部门（含下级）、{users} 个单独指定的成员和 {tags} 个标签",
)
_SEEN = Words(
    "the app sees {departments} departments, and perhaps single people: fill in agent_id to see them",
    "应用可见 {departments} 个部门；可能还有单独指定的成员：填写 agent_id 即可看到",
)
_WITHHELD = Words("WeCom withholds {fields} from this app", "企业微信不向这个应用提供 {fields}")
_SINCE_2022 = Words(
    "No setting gives them back: apps made since 2022-06-20 get them only by a member's own consent; an older app still does",
    "没有任何设置能恢复：2022-06-20 起新建的应用只能在成员本人授权后得到；更早的应用仍可读取",
)
_NO_MESSAGES = Words(
    "messages cannot be sent, and people who are visible one by one are not read", "无法发送消息，也读不到单独指定的可见成员"
)
_NO_COUNT = Words("nobody counts who was left out of a read", "无法核对是否有人被漏读")
_WHOSE = {"app": Words("the app", "应用"), "contact": Words("通讯录同步", "通讯录同步")}
_FIELD_OF: dict[Identity, str] = {"app": "password", "contact": "contact_secret"}
_READ_BY = {
    "lists": Words("people are read by lists of members", "按成员列表读取人员"),
    "ids": Words("people are read by ids, with their details one by one", "按 id 读取人员，详情逐个读取"),
    "ids only": Words(
        "people are read by ids only: without an app's secret there are neither names nor other details",
        "只按 id 读取人员：没有应用的 Secret 就没有姓名和其他详情",
    ),
    "export": Words("people are read by export", "按导出读取人员"),
}
_DISABLED = Words("the app is disabled", "应用已停用")

# Of the fields that may be withheld, those that fill a column (§4.3).
_COLUMNS = {"mobile": "mobile", "email": "email", "biz_mail": "work_email", "gender": "gender", "avatar": "avatar_url"}


def inspect(connection: ConnectionFields) -> Iterator[Check]:
    """A number in place of the corp id is an AgentId: official staff calls it the usual mistake behind 40013."""
    contact, agent_id = (str(connection.extra_dejson.get(name) or "") for name in ("contact_secret", "agent_id"))
    login, password = connection.login or "", connection.password or ""
    yield from inspect_values({"login": login, "password": password, "contact_secret": contact, "agent_id": agent_id})
    if login.strip().isdecimal():
        yield Check(CONNECTION, "broken", _AGENT_FOR_CORP, PAIR["app"], NO_SYNC, subject="login")
    if password.strip() and password.strip() == contact.strip():
        yield Check(CONNECTION, "broken", _SAME_SECRET, OWN_SECRET["app"], NO_SYNC, subject="password")
    yield from inspect_callback(read_text(connection, TOKEN), read_text(connection, AES_KEY), token_form=_TOKEN_FORM, key_form=AES_KEY_FORM)


def list_steps(client: WeComClient, needs: Needs) -> Iterator[Step]:
    examination = _Examination(client, needs)
    identities: list[Identity] = [*(["app"] if client.has_app else []), *(["contact"] if client.has_contact else [])]  # type: ignore[list-item]
    for identity in identities:
        yield Step(CREDENTIALS, partial(examination.log_in, identity), subject=_FIELD_OF[identity])
    yield Step(CLOCK, lambda: check_clock(client.transport.ahead_seconds))
    if client.has_app:
        yield Step(PERMISSION, examination.list_departments, subject="password")
    if client.has_contact:
        is_needed = not client.has_app or client.read_by == "ids"
        lost = NO_SYNC if is_needed else _NO_COUNT
        yield Step(PERMISSION, examination.list_ids, lost, is_needed=is_needed, subject="contact_secret")
    if client.has_app:
        yield Step(MESSAGES, examination.read_agent, _NO_MESSAGES, is_needed=False, subject="agent_id")
    yield Step(RANGE, examination.look_at_range)
    yield Step(READING, examination.tell_way)
    if client.has_app:
        yield Step(FIELDS, examination.look_at_fields, is_needed=False)


class _Examination:
    """One after the other: what a question found, later ones go by."""

    def __init__(self, client: WeComClient, needs: Needs) -> None:
        self._client = client
        self._needs = needs
        self._departments: list[str] | None = None
        self._all: int | None = None
        self._agent: Record = {}

    def log_in(self, identity: Identity) -> Iterator[Check]:
        self._client.log_in(identity)
        yield ok(HOST, Words("{host} answers as WeCom", "{host} 是企业微信").fill(host=self._client.transport.host))
        accepted = Words("corp id and {field} are accepted", "企业ID 与 {field} 被接受")
        yield ok(CREDENTIALS, accepted.fill(field=_FIELD_OF[identity]), subject=_FIELD_OF[identity])

    def list_departments(self) -> Iterator[Check]:
        """The first call that is refused to a strange address or to a secret of another kind; a token is given to any address."""
        try:
            self._departments = _ids_of(self._client.list_departments().content["department"])
        except PermissionDeniedError as error:
            if error.refusal.code not in WRONG_SECRET_CODES or not self._is_contact_secret(error):
                raise
            yield Check(CREDENTIALS, "broken", _CONTACT_FOR_APP, OWN_SECRET["app"], NO_SYNC, error.refusal.code, "password")
            return
        yield ok(ADDRESS, LET_IN)
        yield ok(PERMISSION, Words("may read departments and members", "可读取部门与成员"), subject="password")

    def _is_contact_secret(self, error: PermissionDeniedError) -> bool:
        """48009 is said to that secret alone; 48002 to an app's too."""
        if error.refusal.code == "48009":
            return True
        try:
            next(self._client.list_user_ids(limit=1, identity="app"))
        except PlatformError:
            return False
        return True

    def list_ids(self) -> Iterator[Check]:
        try:
            next(self._client.list_user_ids(limit=1))
        except PermissionDeniedError as error:
            if error.refusal.code != "48002":
                raise
            yield Check(CREDENTIALS, "broken", _APP_FOR_CONTACT, OWN_SECRET["contact"], _NO_COUNT, error.refusal.code, "contact_secret")
            return
        self._all = len(_ids_of(self._client.list_department_ids("contact").content["department_id"]))
        yield ok(ADDRESS, LET_IN)
        yield ok(PERMISSION, Words("may list all ids", "可列出全部 id"), subject="contact_secret")

    def read_agent(self) -> Iterator[Check]:
        agent_id = self._client.agent_id
        if mistake := check_agent_id(agent_id, AGENT, _NO_MESSAGES):
            yield mistake
            return
        self._agent = self._client.read_agent().content
        if str(self._agent.get("close") or 0) == "1":
            yield Check(APP, "broken", _DISABLED, ENABLE, NO_SYNC)
            return
        yield ok(APP, ENABLED)
        yield ok(MESSAGES, OWN_AGENT, subject="agent_id")

    def look_at_range(self) -> Iterator[Check]:
        if not self._client.has_app:
            yield ok(RANGE, _WHOLE.fill(whose=_WHOSE["contact"], departments=self._all or 0))
            return
        if self._departments is None:
            return
        departments, users, tags = (
            (self._agent.get(field) or {}).get(name) or []
            for field, name in (("allow_partys", "partyid"), ("allow_userinfos", "user"), ("allow_tags", "tagid"))
        )
        if ROOT_ID in self._departments:
            yield ok(RANGE, _WHOLE.fill(whose=_WHOSE["app"], departments=len(self._departments)))
        elif self._all is not None and self._departments:
            yield sees_part(_PART.fill(departments=len(self._departments), all=self._all), WIDEN, self._needs)
        elif departments or users or tags:
            tops = _TOPS.fill(departments=len(departments), users=len(users), tags=len(tags))
            yield sees_part(tops, WIDEN, self._needs)
        elif self._departments:
            yield sees_part(_SEEN.fill(departments=len(self._departments)), WIDEN, self._needs)
        else:
            yield sees_nobody(WIDEN)

    def tell_way(self) -> Iterator[Check]:
        """As a read will decide (`extract`): by lists where the app sees every department of the company, else by ids."""
        sees_whole = ROOT_ID in (self._departments or [])
        if not self._client.has_app:
            yield ok(READING, _READ_BY["ids only"])
        elif self._departments is not None:
            way = "ids" if self._client.has_contact and not sees_whole else "lists"
            yield ok(READING, _READ_BY[way if self._client.read_by == "auto" else self._client.read_by])

    def look_at_fields(self) -> Iterator[Check]:
        """Of some people; what none of them has is withheld, or nobody filled it in: WeCom does not say which (§4.3)."""
        people = self._find_people()
        if not people:
            return
        hidden = [name for name in sorted(_COLUMNS) if all(is_hidden(name, person.get(name)) for person in people)]
        if {"mobile", "email"} <= set(hidden):
            columns = join((_COLUMNS[name] for name in hidden), en=", ", zh="、")
            yield Check(FIELDS, "degraded", _WITHHELD.fill(fields=join(hidden, en=", ", zh="、")), _SINCE_2022, KEPT.fill(columns=columns))
        else:
            yield ok(FIELDS, Words("mobile numbers and mail addresses are told", "可读取手机号和邮箱"))

    def _find_people(self) -> list[dict[str, Any]]:
        for department in (self._departments or [])[:_SAMPLES]:
            people = records_of(self._client.list_users(department, with_descendants=False).content["userlist"])
            if people:
                return [dict(person) for person in people]
        return []


def _ids_of(records: object) -> list[str]:
    return [each for each in (read_department_id(record.get("id")) for record in records_of(records)) if each]
