"""DingTalk's directory interfaces as methods: token, scopes, departments, users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orgsync.errors import ConfigurationError, CredentialError, Refusal, UnexpectedAnswerError
from orgsync.platforms.credentials import Token, TokenCache
from orgsync.platforms.dingtalk.codes import PLATFORM, STALE_TOKEN_CODES, blocked_ip_error, effective_code, error_for
from orgsync.platforms.dingtalk.interfaces import (
    AUTH_SCOPES,
    COUNT_USERS,
    GET_DEPARTMENT,
    GET_TOKEN,
    GET_USER,
    LIST_PARENTS_OF_USER,
    LIST_SUB_DEPARTMENTS,
    LIST_USERS,
)
from orgsync.platforms.dingtalk.records import is_true
from orgsync.platforms.paging import walk_pages
from orgsync.platforms.transport import Judge, Reply, Request, Transport

PAGE_SIZE = 100


class DingTalkClient:
    """Safe for many threads. Every method gives a good answer or raises; a 200 with an error code is an error."""

    def __init__(self, client_id: str, client_secret: str, *, transport: Transport, parallel: int = 12) -> None:
        self.transport = transport
        self.parallel = parallel
        self._client_id = client_id
        self._client_secret = client_secret
        self._tokens = TokenCache(self._fetch_token, clock=transport.clock)

    def __repr__(self) -> str:
        return f"DingTalkClient(connection {self.transport.conn_id!r})"

    def read_scopes(self) -> Reply:
        """The app's visible range: `auth_org_scopes.authed_dept` (`[1]` is the whole company) and `authed_user`."""
        return self._call("GET", AUTH_SCOPES, {}, field="auth_org_scopes", shape=dict)

    def list_sub_departments(self, department_id: str) -> Reply:
        """Direct children only, never the root itself."""
        return self._call("POST", LIST_SUB_DEPARTMENTS, {"dept_id": _number(department_id)}, shape=list)

    def get_department(self, department_id: str) -> Reply:
        return self._call("POST", GET_DEPARTMENT, {"dept_id": _number(department_id)}, shape=dict)

    def list_users(self, department_id: str) -> Iterator[Reply]:
        """Page by page, direct members only; with `contain_access_limit`, or restricted staff would be missing without a word."""
        base = {"dept_id": _number(department_id), "size": PAGE_SIZE, "contain_access_limit": True}
        start: int | str = 0
        return walk_pages(
            lambda cursor: self._call("POST", LIST_USERS, {**base, "cursor": cursor}, shape=dict, field_in_result="list"),
            next_cursor,
            first=start,
            platform=PLATFORM,
            interface=LIST_USERS,
        )

    def get_user(self, user_id: str) -> Reply:
        return self._call("POST", GET_USER, {"userid": user_id}, shape=dict)

    def list_parents_of_user(self, user_id: str) -> Reply:
        """Each of the user's departments as a chain of ids up to the root; not limited to the visible range."""
        return self._call("POST", LIST_PARENTS_OF_USER, {"userid": user_id}, shape=dict, field_in_result="parent_list")

    def count_users(self) -> Reply:
        return self._call("POST", COUNT_USERS, {"only_active": False}, shape=dict)

    def _call(
        self, method: str, interface: str, params: Mapping[str, Any], *, shape: type, field: str = "result", field_in_result: str = ""
    ) -> Reply:
        def call(token: Token, caller_retries: frozenset[str] = frozenset()) -> Reply:
            body = params if method == "POST" else None
            request = Request(interface, method, interface, query={"access_token": token.value}, body=body)
            return self.transport.call(request, judge, params=params, caller_retries=caller_retries)

        judge = _judge(field, shape, field_in_result)
        token = self._tokens.token()
        try:
            return call(token, STALE_TOKEN_CODES)
        except CredentialError as error:
            if error.refusal.code not in STALE_TOKEN_CODES:
                raise
        return call(self._tokens.token(stale=token))

    def _fetch_token(self) -> Token:
        pair = {"appkey": self._client_id, "appsecret": self._client_secret}
        content = self.transport.call(Request(GET_TOKEN, "GET", GET_TOKEN, query=pair), _judge("access_token", str)).content
        return Token(content["access_token"], float(content.get("expires_in") or 7200))


def _judge(field: str, shape: type, field_in_result: str = "") -> Judge:
    """Reads the envelope: the content if the call succeeded and holds what it must, else the error it means."""

    def judge(request: Request, content: Any) -> Any:
        if isinstance(content, dict) and "punish" in content:
            raise blocked_ip_error(request.interface)
        if not isinstance(content, dict) or "errcode" not in content:
            raise _unexpected(request, "no errcode in it")
        if effective_code(content) != "0":
            raise error_for(content, interface=request.interface)
        if not isinstance(content.get(field), shape):
            raise _unexpected(request, f"no {field} in it")
        if field_in_result and not isinstance(content[field].get(field_in_result), list):
            raise _unexpected(request, f"no {field}.{field_in_result} in it")
        return content

    return judge


def next_cursor(page: Reply) -> int | str | None:
    """Passed back as it came; absent on the last page."""
    result = page.content["result"]
    if not is_true(result.get("has_more")):
        return None
    cursor: int | str | None = result.get("next_cursor")
    if cursor is None:
        raise UnexpectedAnswerError(
            Refusal(PLATFORM, page.interface, "has_more without next_cursor", reason="the next page has no address")
        )
    return cursor


def _unexpected(request: Request, reason: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(Refusal(PLATFORM, request.interface, "JSON of another form", reason=reason))


def _number(department_id: str) -> int:
    try:
        return int(department_id)
    except ValueError:
        raise ConfigurationError(f"department {department_id!r} is not a DingTalk department id; ids are whole numbers") from None
