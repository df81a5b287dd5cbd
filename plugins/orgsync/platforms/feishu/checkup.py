"""What the doctor asks Feishu: the calls of a read and of sending, made so that they change nothing and reach nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
    GRANTED,
    HOST,
    KEPT,
    LET_IN,
    MESSAGES,
    NO_MESSAGES,
    NO_SYNC,
    NO_TODOS,
    PERMISSION,
    RANGE,
    TODOS,
    Needs,
    Signs,
    Step,
    check_clock,
    check_permission,
    check_range,
)
from orgsync.platforms.feishu.client import ROOT_ID, FeishuClient
from orgsync.platforms.feishu.codes import GRANT, KEY_BY_OPEN_ID, PAIR, PUBLISH, RANGE_CODES, SCOPE_MISSING_CODES, WIDEN
from orgsync.platforms.feishu.message_client import FeishuMessageClient
from orgsync.platforms.inspecting import AES_KEY, TOKEN, inspect_callback, inspect_values
from orgsync.platforms.reading.records import Record, records_of
from orgsync.words import Words

SIGNS = Signs(
    address=frozenset({"99991401"}),
    app=frozenset({"99991662", "99991673"}),
    permission=SCOPE_MISSING_CODES | {"41056"},
    quota=frozenset({"99991403"}),
)

# §1: cli_…; a Lark app's looks the same.
_APP_ID = re.compile(r"cli_\w+")
# Verification Token and Encrypt Key are what the console says, of no documented form (§15).
_ANY = re.compile(r"\S+")
# Every app may see it.
_OPEN_ID = "open_id"
# Nobody, no message and no task has these ids.
_NOBODY = f"ou_{'0' * 32}"
_NO_MESSAGE, _NO_BATCH, _NO_TASK = f"om_{'0' * 32}", f"bm-{'0' * 32}", "00000000-0000-0000-0000-000000000000"
_TEXT = {"receive_id": _NOBODY, "msg_type": "text", "content": '{"text":"orgsync doctor"}'}

_NOT_APP_ID = Words("login holds no App ID: these begin with cli_", "login 填的不是 App ID：App ID 以 cli_ 开头")
_WITHHELD = Words("{what} is withheld: the app lacks {scope}", "读不到{what}：应用缺少权限 {scope}")
_NO_USER_ID = Words("people cannot be keyed by user_id: the app lacks {scope}", "无法以 user_id 作为人员的键：应用缺少权限 {scope}")
_NO_NAMES = Words("who has no name is quarantined", "没有名称的会被隔离")
_NO_PLACES = Words("who is in which department is not known", "无法得知人员所在的部门")
_NO_TREE = Words("which department is below which is not known", "无法得知部门的上下级关系")
_NO_BATCHES = Words("messages to many people at once cannot be sent", "无法发送批量消息")
_NO_RECALL = Words("messages cannot be taken back", "无法撤回消息")
_NO_READERS = Words("nobody knows who has read a message", "无法得知消息的已读情况")
_TOLD = Words("told", "可读取")

_EMPLOYEE_ID = "contact:user.employee_id:readonly"


@dataclass(frozen=True)
class _Field:
    """What a field scope opens (§3.2), and what is lost without it: `is_needed` is what no sync can do without."""

    key: str
    scope: str
    what: Words
    lost: Words
    is_needed: bool = False


def _columns(names: str) -> Words:
    return KEPT.fill(columns=names)


_USER_FIELDS = (
    _Field("name", "contact:user.base:readonly", Words("people's names", "人员姓名"), _NO_NAMES, is_needed=True),
    _Field("department_ids", "contact:user.department:readonly", Words("people's departments", "人员所在部门"), _NO_PLACES, is_needed=True),
    _Field("mobile", "contact:user.phone:readonly", Words("the mobile number", "手机号"), _columns("mobile")),
    _Field("email", "contact:user.email:readonly", Words("the mail address", "邮箱"), _columns("email")),
    _Field("gender", "contact:user.gender:readonly", Words("the gender", "性别"), _columns("gender")),
    _Field(
        "status",
        "contact:user.employee:readonly",
        Words("what is known of employment", "雇佣信息"),
        _columns("status, title, hired_on, work_email"),
    ),
)
_DEPARTMENT_FIELDS = (
    _Field("name", "contact:department.base:readonly", Words("departments' names", "部门名称"), _NO_NAMES, is_needed=True),
    _Field(
        "parent_department_id",
        "contact:department.organize:readonly",
        Words("the departments above", "上级部门"),
        _NO_TREE,
        is_needed=True,
    ),
)


def inspect(connection: ConnectionFields) -> Iterator[Check]:
    login, password = connection.login or "", connection.password or ""
    yield from inspect_values({"login": login, "password": password})
    if login.strip() and not _APP_ID.fullmatch(login.strip()):
        yield Check(CONNECTION, "broken", _NOT_APP_ID, PAIR, NO_SYNC, subject="login")
    yield from inspect_callback(read_text(connection, TOKEN), read_text(connection, AES_KEY), token_form=_ANY, key_form=_ANY)


def list_steps(client: FeishuClient, needs: Needs) -> Iterator[Step]:
    examination = _Examination(client, needs)
    messages = FeishuMessageClient(client)
    yield Step(CREDENTIALS, examination.log_in)
    yield Step(CLOCK, lambda: check_clock(client.transport.ahead_seconds))
    yield Step(PERMISSION, examination.begin, subject="contact")
    for probe in examination.list_probes():
        yield Step(PERMISSION, partial(check_permission, "contact", probe, RANGE_CODES), subject="contact")
    yield Step(RANGE, examination.look_at_range)
    yield Step(FIELDS, examination.look_at_departments, is_needed=False, subject="contact")
    yield Step(FIELDS, examination.look_at_people, is_needed=False, subject="contact")
    if needs.user_key != _OPEN_ID:
        yield Step(PERMISSION, examination.try_user_id, subject=_EMPLOYEE_ID)
    for name, subject, lost, probe in (
        (MESSAGES, "send", NO_MESSAGES, partial(messages.send_message, _OPEN_ID, _TEXT, shown={})),
        (MESSAGES, "batch", _NO_BATCHES, partial(messages.get_batch_progress, _NO_BATCH)),
        (MESSAGES, "recall", _NO_RECALL, partial(messages.recall_message, _NO_MESSAGE)),
        (MESSAGES, "read", _NO_READERS, lambda: next(messages.list_readers(_NO_MESSAGE))),
        (TODOS, "task:task:write", NO_TODOS, partial(messages.delete_task, _NO_TASK)),
    ):
        yield Step(name, partial(_try_about_nobody, name, subject, probe), lost, is_needed=False, subject=subject)


class _Examination:
    """One after the other: what a question found, later ones go by."""

    def __init__(self, client: FeishuClient, needs: Needs) -> None:
        self._client = client
        self._needs = needs
        self._sees_root = False
        self._departments: list[str] = []
        self._users: list[str] = []
        self._is_range_known = False
        self._may_read = False

    def log_in(self) -> Iterator[Check]:
        self._client.log_in()
        yield ok(HOST, Words("{host} answers as Feishu", "{host} 是飞书").fill(host=self._client.transport.host))
        yield ok(CREDENTIALS, Words("App ID and App Secret are accepted", "App ID 与 App Secret 被接受"))

    def begin(self) -> Iterator[Check]:
        """The first call that is refused to a strange address, or to an app that is switched off; no other asks for as narrow a scope."""
        self._client.get_departments([ROOT_ID], user_key=_OPEN_ID)
        self._may_read = True
        yield ok(ADDRESS, LET_IN)
        yield ok(APP, ENABLED)
        yield ok(PERMISSION, GRANTED, subject="contact")

    def list_probes(self) -> list[Callable[[], object]]:
        """Scopes are looked at before departments, so the root will do, whether the app sees it or not."""
        return [
            self._read_root,
            self._read_range,
            lambda: next(self._client.list_children(ROOT_ID, whole_subtree=False, user_key=_OPEN_ID)),
            lambda: next(self._client.list_users(ROOT_ID, user_key=_OPEN_ID)),
        ]

    def _read_root(self) -> None:
        self._sees_root = self._client.get_root(user_key=_OPEN_ID) is not None

    def _read_range(self) -> None:
        for page in self._client.list_range(user_key=_OPEN_ID):
            self._departments += map(str, page.content["data"].get("department_ids") or [])
            self._users += map(str, page.content["data"].get("user_ids") or [])
        self._is_range_known = True

    def look_at_range(self) -> Iterator[Check]:
        if self._sees_root or self._is_range_known:
            counts = len(self._departments), len(self._users)
            yield check_range(*counts, sees_whole=self._sees_root, fix=WIDEN, needs=self._needs)

    def look_at_departments(self) -> Iterator[Check]:
        """An absent key is not visible, whatever it would hold (§3.2)."""
        if self._departments:
            found = self._client.get_departments(self._departments[:10], user_key=_OPEN_ID).content["data"].get("items")
            yield from _find_withheld(records_of(found), _DEPARTMENT_FIELDS)

    def look_at_people(self) -> Iterator[Check]:
        people: list[Record] = []
        for department in [*([ROOT_ID] if self._sees_root else []), *self._departments[:3]]:
            people += records_of(next(self._client.list_users(department, user_key=_OPEN_ID)).content["data"].get("items"))
        yield from _find_withheld(people, _USER_FIELDS)

    def try_user_id(self) -> Iterator[Check]:
        """What the scope opens is also to speak of people by this id at all (§3.2)."""
        if not self._may_read:
            return
        try:
            self._client.get_root(user_key="user_id")
        except PermissionDeniedError as error:
            if error.refusal.code not in SCOPE_MISSING_CODES:
                raise
            reason, fix = _NO_USER_ID.fill(scope=_EMPLOYEE_ID), _GRANT_OR_OPEN_ID
            yield Check(PERMISSION, "broken", reason, fix, NO_SYNC, error.refusal.code, _EMPLOYEE_ID)
            return
        yield ok(PERMISSION, GRANTED, subject=_EMPLOYEE_ID)


_GRANT_OR_OPEN_ID = Words("{grant}. Or {key}", "{grant}；或者{key}").fill(
    grant=GRANT.fill(scopes=_EMPLOYEE_ID, where="", publish=PUBLISH), key=KEY_BY_OPEN_ID
)


def _find_withheld(records: Sequence[Any], fields: Sequence[_Field]) -> Iterator[Check]:
    """Each by itself; where nobody was found to look at, nothing."""
    for field in fields if records else ():
        if any(field.key in record for record in records):
            yield ok(FIELDS, _TOLD, subject=field.scope)
            continue
        reason, fix = _WITHHELD.fill(what=field.what, scope=field.scope), GRANT.fill(scopes=field.scope, where="", publish=PUBLISH)
        yield Check(FIELDS, "broken" if field.is_needed else "degraded", reason, fix, field.lost, subject=field.scope)


def _try_about_nobody(name: str, subject: str, probe: Callable[[], object]) -> Iterator[Check]:
    """That there is no such person, message or task is the good answer: whoever may not ask is told that first."""
    try:
        probe()
    except PermissionDeniedError:
        raise
    except PlatformError as error:
        if error.refusal.code in SIGNS.quota or not error.needs_person:
            raise
    yield ok(name, GRANTED, subject=subject)
