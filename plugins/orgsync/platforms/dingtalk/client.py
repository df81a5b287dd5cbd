"""DingTalk's interfaces of the old generation as methods: token, scopes, departments, users, work notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orgsync.errors import ConfigurationError, PlatformError
from orgsync.platforms.dingtalk.codes import PLATFORM, STALE_TOKEN_CODES
from orgsync.platforms.dingtalk.envelope import (
    Check,
    judge_by,
    lacks_children,
    lacks_count,
    lacks_page,
    lacks_parents,
    lacks_progress,
    lacks_result,
    lacks_scopes,
    lacks_send_result,
    lacks_task,
    lacks_token,
    nothing_needed,
)
from orgsync.platforms.dingtalk.interfaces import (
    AUTH_SCOPES,
    COUNT_USERS,
    GET_DEPARTMENT,
    GET_SEND_PROGRESS,
    GET_SEND_RESULT,
    GET_SSO_TOKEN,
    GET_TOKEN,
    GET_USER,
    GET_USER_BY_CODE,
    GET_USER_BY_UNION_ID,
    LIST_PARENTS_OF_USER,
    LIST_SUB_DEPARTMENTS,
    LIST_USERS,
    RECALL_NOTIFICATION,
    SEND_NOTIFICATION,
)
from orgsync.platforms.platform import Company
from orgsync.platforms.reading.records import is_true, read_count
from orgsync.platforms.speaking.credentials import Token, TokenCache
from orgsync.platforms.speaking.paging import walk_pages
from orgsync.platforms.speaking.transport import Reply, Request, Transport

ROOT_ID = "1"
PAGE_SIZE = 100
# A department holds some 1 000 direct members (40023): this is a hundred times as many.
MOST_PAGES = 1000
NOTHING: frozenset[str] = frozenset()


class DingTalkClient:
    """Safe for many threads. Every method gives a good answer or raises; a 200 with an error code is an error.

    `tolerated` are codes that are an answer to the caller: not a failed call.
    """

    def __init__(self, client_id: str, client_secret: str, *, transport: Transport, parallel: int = 12) -> None:
        self.transport = transport
        self.parallel = parallel
        self._client_id = client_id
        self._client_secret = client_secret
        self._tokens = TokenCache(self._fetch_token, clock=transport.clock)

    def __repr__(self) -> str:
        return f"DingTalkClient(connection {self.transport.conn_id!r})"

    def log_in(self) -> None:
        """Ask for a token, unless there is one; raises CredentialError where the pair is not accepted."""
        self._tokens.token()

    @property
    def company(self) -> Company:
        """No answer that every app gets names the company; an app of its own acts for it alone."""
        return Company(app_key=self._client_id, host=self.transport.host)

    def is_sso_secret(self, corp_id: str) -> bool:
        """Whether the secret is that for signing in to the admin console (SSOsecret), which opens no other call (§2.2)."""
        pair = {"corpid": corp_id, "corpsecret": self._client_secret}
        try:
            self.transport.call(Request(GET_SSO_TOKEN, "GET", GET_SSO_TOKEN, query=pair, is_preparing=True), judge_by(lacks_token))
        except PlatformError:
            return False
        return True

    def read_scopes(self) -> Reply:
        """The app's visible range: `auth_org_scopes.authed_dept` (`[1]` is the whole company) and `authed_user`."""
        return self._call("GET", AUTH_SCOPES, {}, lacks_scopes)

    def list_sub_departments(self, department_id: str) -> Reply:
        """Direct children only, never the root itself."""
        return self._call("POST", LIST_SUB_DEPARTMENTS, {"dept_id": _number(department_id)}, lacks_children)

    def get_department(self, department_id: str, *, tolerated: frozenset[str] = NOTHING) -> Reply:
        return self._call("POST", GET_DEPARTMENT, {"dept_id": _number(department_id)}, lacks_result, tolerated=tolerated)

    def list_users(self, department_id: str) -> Iterator[Reply]:
        """Page by page, direct members only; with `contain_access_limit`, or restricted staff would be missing without a word."""
        base = {"dept_id": _number(department_id), "size": PAGE_SIZE, "contain_access_limit": True}
        start: int | str = 0
        return walk_pages(
            lambda cursor: self._call("POST", LIST_USERS, {**base, "cursor": cursor}, lacks_page),
            next_cursor,
            first=start,
            platform=PLATFORM,
            interface=LIST_USERS,
            most_pages=MOST_PAGES,
        )

    def get_user(self, user_id: str, *, tolerated: frozenset[str] = NOTHING) -> Reply:
        return self._call("POST", GET_USER, {"userid": user_id}, lacks_result, tolerated=tolerated)

    def get_user_by_code(self, code: str) -> Reply:
        """Who gave a page within DingTalk's client this code (免登, §11): `userid`. A code is good once, for five minutes."""
        return self._call("POST", GET_USER_BY_CODE, {"code": code}, lacks_result, shown={}, is_once=True)

    def get_user_by_union_id(self, union_id: str) -> Reply:
        """`userid`, and `contact_type`: 0 for a member, 1 for an external contact. Refused for whoever is neither (60121)."""
        return self._call("POST", GET_USER_BY_UNION_ID, {"unionid": union_id}, lacks_result)

    def list_parents_of_user(self, user_id: str) -> Reply:
        """Each of the user's departments as a chain of ids up to the root; not limited to the visible range."""
        return self._call("POST", LIST_PARENTS_OF_USER, {"userid": user_id}, lacks_parents)

    def count_users(self) -> Reply:
        return self._call("POST", COUNT_USERS, {"only_active": False}, lacks_count)

    def send_notification(self, body: Mapping[str, Any], *, shown: Mapping[str, Any]) -> Reply:
        """`task_id`: taken, not delivered. There is no idempotency key, so no attempt is repeated that may have been taken (§7).

        `shown` is what may be known of the body by whoever reads an error.
        """
        return self._call("POST", SEND_NOTIFICATION, body, lacks_task, shown=shown, is_once=True)

    def get_send_progress(self, *, agent_id: int, task_id: int) -> Reply:
        """`progress.status` 0 not started, 1 running, 2 done."""
        return self._call("POST", GET_SEND_PROGRESS, {"agent_id": agent_id, "task_id": task_id}, lacks_progress)

    def get_send_result(self, *, agent_id: int, task_id: int) -> Reply:
        """`send_result` with lists of user ids, for 24 hours and for no more than 100 receivers."""
        return self._call("POST", GET_SEND_RESULT, {"agent_id": agent_id, "task_id": task_id}, lacks_send_result)

    def recall_notification(self, *, agent_id: int, task_id: int) -> Reply:
        """Within 24 hours. Its parameter is called `msg_task_id`, unlike that of the others (§13 #21)."""
        return self._call("POST", RECALL_NOTIFICATION, {"agent_id": agent_id, "msg_task_id": task_id}, nothing_needed)

    def _call(
        self,
        method: str,
        interface: str,
        params: Mapping[str, Any],
        check: Check,
        *,
        shown: Mapping[str, Any] | None = None,
        is_once: bool = False,
        tolerated: frozenset[str] = NOTHING,
    ) -> Reply:
        def call(token: Token, caller_retries: frozenset[str]) -> Reply:
            body = params if method == "POST" else None
            request = Request(interface, method, interface, query={"access_token": token.value}, body=body, is_once=is_once)
            landed = params if shown is None else shown
            return self.transport.call(request, judge, params=landed, caller_retries=caller_retries | tolerated)

        judge = judge_by(check)
        return self._tokens.call(call, stale_codes=STALE_TOKEN_CODES)

    def _fetch_token(self) -> Token:
        pair = {"appkey": self._client_id, "appsecret": self._client_secret}
        content = self.transport.call(Request(GET_TOKEN, "GET", GET_TOKEN, query=pair, is_preparing=True), judge_by(lacks_token)).content
        return Token(content["access_token"], float(read_count(content.get("expires_in")) or 7200))


def next_cursor(page: Reply) -> int | str | None:
    """Passed back as it came; absent on the last page."""
    result = page.content["result"]
    if not is_true(result.get("has_more")):
        return None
    cursor: int | str = result["next_cursor"]
    return cursor


def _number(department_id: str) -> int:
    try:
        return int(department_id)
    except ValueError:
        raise ConfigurationError(f"department {department_id!r} is not a DingTalk department id; ids are whole numbers") from None
