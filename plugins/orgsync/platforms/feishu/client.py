"""Feishu's directory interfaces as methods: token, contacts range, departments, users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from orgsync.errors import PermissionDeniedError
from orgsync.platforms.feishu.codes import OUTSIDE_RANGE, PLATFORM, STALE_TOKEN_CODES, TOO_LARGE
from orgsync.platforms.feishu.envelope import (
    Check,
    judge_by,
    lacks_department,
    lacks_departments,
    lacks_items,
    lacks_page_of_departments,
    lacks_page_of_range,
    lacks_page_of_users,
    lacks_token,
    lacks_user,
)
from orgsync.platforms.feishu.interfaces import (
    BATCH_DEPARTMENTS,
    BATCH_USERS,
    GET_DEPARTMENT,
    GET_TOKEN,
    GET_USER,
    LIST_CHILDREN,
    LIST_PARENTS,
    LIST_RANGE,
    LIST_USERS,
)
from orgsync.platforms.platform import Company
from orgsync.platforms.reading.records import is_true, read_count
from orgsync.platforms.speaking.credentials import Token, TokenCache
from orgsync.platforms.speaking.paging import walk_pages
from orgsync.platforms.speaking.transport import Reply, Request, Transport

ROOT_ID = "0"
API = "open-apis"
PAGE_SIZE = 50
RANGE_PAGE_SIZE = 100
# The most that batch calls take.
BATCH_SIZE = 50
# A tenant has 30 000 departments at most and a department 10 000 direct members: 600 and 200 pages.
MOST_PAGES = 1000

Query = Mapping[str, str | Sequence[str]]


class FeishuClient:
    """Safe for many threads. Every method gives a good answer or raises; a 200 with an error code is an error.

    `user_key` is the kind of every id of a person in the answer. Departments are always named by their open_department_id, which
    a tenant never uses twice.
    """

    def __init__(self, app_id: str, app_secret: str, *, transport: Transport, parallel: int = 12) -> None:
        self.transport = transport
        self.parallel = parallel
        self._app_id = app_id
        self._app_secret = app_secret
        self._tokens = TokenCache(self._fetch_token, clock=transport.clock)

    def __repr__(self) -> str:
        return f"FeishuClient(connection {self.transport.conn_id!r})"

    def log_in(self) -> None:
        """Ask for a token, unless there is one; raises CredentialError where the pair is not accepted."""
        self._tokens.token()

    @property
    def company(self) -> Company:
        """No answer that every app gets names the company; an app of its own acts for it alone."""
        return Company(app_key=self._app_id, host=self.transport.host)

    def get_root(self, *, user_key: str) -> Reply | None:
        """The company itself; None if the app's range is less than all staff, for then Feishu does not show it."""
        path = GET_DEPARTMENT.replace(":department_id", ROOT_ID)
        params = {"department_id": ROOT_ID, **_kinds(user_key)}
        try:
            return self._call(
                GET_DEPARTMENT, _kinds(user_key), lacks_department, params=params, path=path, telling=frozenset({OUTSIDE_RANGE})
            )
        except PermissionDeniedError as error:
            if error.refusal.code != OUTSIDE_RANGE:
                raise
            return None

    def list_range(self, *, user_key: str) -> Iterator[Reply]:
        """The departments, users and groups that the range names; what is below a department is not expanded."""
        return self._pages(LIST_RANGE, _kinds(user_key), lacks_page_of_range, page_size=RANGE_PAGE_SIZE)

    def list_children(self, department_id: str, *, whole_subtree: bool, user_key: str) -> Iterator[Reply]:
        """Never the department itself. A very large subtree is refused (43010): ask level by level then."""
        return self._pages(
            LIST_CHILDREN,
            {**_kinds(user_key), "fetch_child": "true" if whole_subtree else "false"},
            lacks_page_of_departments,
            params={"department_id": department_id},
            path=LIST_CHILDREN.replace(":department_id", quote(department_id, safe="")),
            telling=frozenset({TOO_LARGE}) if whole_subtree else frozenset(),
        )

    def get_departments(self, department_ids: Sequence[str], *, user_key: str, telling: frozenset[str] = frozenset()) -> Reply:
        """50 at most; an id that Feishu does not know is missing in the answer, without a word."""
        query = {**_kinds(user_key), "department_ids": list(department_ids)}
        return self._call(BATCH_DEPARTMENTS, query, lacks_departments, telling=telling)

    def get_department(self, department_id: str, *, user_key: str, telling: frozenset[str] = frozenset()) -> Reply:
        return self._get_one(GET_DEPARTMENT, "department_id", department_id, lacks_department, user_key=user_key, telling=telling)

    def list_parents(self, department_id: str, *, user_key: str) -> Iterator[Reply]:
        """Those above a department that the app sees, the nearest first, without the root."""
        return self._pages(LIST_PARENTS, {**_kinds(user_key), "department_id": department_id}, lacks_page_of_departments)

    def list_users(self, department_id: str, *, user_key: str) -> Iterator[Reply]:
        """Direct members only; `0` has some too."""
        return self._pages(LIST_USERS, {**_kinds(user_key), "department_id": department_id}, lacks_page_of_users)

    def get_users(self, user_ids: Sequence[str], *, user_key: str, telling: frozenset[str] = frozenset()) -> Reply:
        """50 at most; an id that Feishu does not know is missing in the answer, without a word."""
        return self._call(BATCH_USERS, {**_kinds(user_key), "user_ids": list(user_ids)}, lacks_items, telling=telling)

    def get_user(self, user_id: str, *, user_key: str, telling: frozenset[str] = frozenset()) -> Reply:
        """Also of somebody who has left: without departments, and `status.is_resigned`."""
        return self._get_one(GET_USER, "user_id", user_id, lacks_user, user_key=user_key, telling=telling)

    def _get_one(self, interface: str, name: str, value: str, check: Check, *, user_key: str, telling: frozenset[str]) -> Reply:
        kinds = _kinds(user_key)
        path = interface.replace(f":{name}", quote(value, safe=""))
        return self._call(interface, kinds, check, params={name: value, **kinds}, path=path, telling=telling)

    def _pages(
        self,
        interface: str,
        query: Query,
        check: Check,
        *,
        params: Mapping[str, Any] | None = None,
        path: str = "",
        page_size: int = PAGE_SIZE,
        telling: frozenset[str] = frozenset(),
    ) -> Iterator[Reply]:
        ask = partial(self._call, interface, check=check, path=path, telling=telling)

        def fetch(cursor: str) -> Reply:
            page = {"page_size": str(page_size), **({"page_token": cursor} if cursor else {})}
            return ask({**query, **page}, params={**query, **(params or {}), "cursor": cursor})

        return walk_pages(fetch, next_cursor, first="", platform=PLATFORM, interface=interface, most_pages=MOST_PAGES)

    def _call(
        self,
        interface: str,
        query: Query,
        check: Check,
        *,
        params: Mapping[str, Any] | None = None,
        path: str = "",
        telling: frozenset[str] = frozenset(),
    ) -> Reply:
        return self.ask("GET", interface, query, check, params=params, path=path, telling=telling)

    def ask(
        self,
        method: str,
        interface: str,
        query: Query,
        check: Check,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        path: str = "",
        telling: frozenset[str] = frozenset(),
        is_once: bool = False,
        reaches_people: bool = False,
    ) -> Reply:
        """`telling` are codes that answer what was asked: not a call that failed. `params` is what may be shown of query and body."""
        judge = judge_by(check)

        def call(token: Token, caller_retries: frozenset[str]) -> Reply:
            headers = {"Authorization": f"Bearer {token.value}"}
            request = Request(
                interface,
                method,
                f"{API}/{path or interface}",
                query=query,
                headers=headers,
                body=body,
                is_once=is_once,
                reaches_people=reaches_people,
            )
            return self.transport.call(request, judge, params=query if params is None else params, caller_retries=caller_retries | telling)

        return self._tokens.call(call, stale_codes=STALE_TOKEN_CODES)

    def _fetch_token(self) -> Token:
        """While 30 minutes of it are left, Feishu gives the same token again, with what is left of its life."""
        pair = {"app_id": self._app_id, "app_secret": self._app_secret}
        request = Request(GET_TOKEN, "POST", f"{API}/{GET_TOKEN}", body=pair, is_preparing=True)
        content = self.transport.call(request, judge_by(lacks_token)).content
        return Token(content["tenant_access_token"], float(read_count(content.get("expire")) or 7200))


def next_cursor(page: Reply) -> str | None:
    """The page's `page_token`, absent on the last one."""
    data = page.content["data"]
    return str(data["page_token"]) if is_true(data["has_more"]) else None


def _kinds(user_key: str) -> dict[str, str]:
    """Said with every call: left to their defaults, ids of one call would not fit into the next."""
    return {"department_id_type": "open_department_id", "user_id_type": user_key}


def in_batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many as one call may name."""
    return (ids[start : start + BATCH_SIZE] for start in range(0, len(ids), BATCH_SIZE))
