"""Feishu behind the transport's seam: a small organization, answered from memory."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from orgsync.platforms.feishu.client import FeishuClient
from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.transport import Patience, Request, Response, Transport
from tests.unit.platforms.clock import FakeClock

JSON = "application/json"
TOKEN = "auth/v3/tenant_access_token/internal"
ROOT = "contact/v3/departments/:department_id"
CHILDREN = "contact/v3/departments/:department_id/children"
DEPARTMENTS = "contact/v3/departments/batch"
SCOPES = "contact/v3/scopes"
MEMBERS = "contact/v3/users/find_by_department"
USERS = "contact/v3/users/batch"


def envelope(**data: Any) -> Response:
    return Response(200, JSON, json.dumps({"code": 0, "msg": "success", "data": data}).encode(), request_id="header-1")


def refusal(code: int, message: str = "no", *, status: int = 400, wait_seconds: float | None = None, **error: Any) -> Response:
    body = {"code": code, "msg": message, "error": {"log_id": "log-9", **error}}
    return Response(status, JSON, json.dumps(body, ensure_ascii=False).encode(), wait_seconds, "header-9")


def department(short: str, parent: str = "0", **more: Any) -> dict[str, Any]:
    """`department("a")` is od-a."""
    ids = {"open_department_id": f"od-{short}", "department_id": f"custom-{short}", "parent_department_id": parent}
    return {**ids, "name": f"Department {short}", "order": "10", "member_count": 1, "status": {"is_deleted": False}, **more}


def user(name: str, *departments: str, **more: Any) -> dict[str, Any]:
    person = {"user_id": name, "open_id": f"ou_{name}", "union_id": f"on_{name}", "name": f"Name {name}", "mobile": "+8613900000000"}
    orders = [
        {"department_id": each, "user_order": 5, "department_order": 10 - place, "is_primary_dept": place == 0}
        for place, each in enumerate(departments)
    ]
    return person | {"department_ids": list(departments), "orders": orders, "status": {"is_activated": True}} | more


@dataclass
class FakeFeishu:
    """Callable as a transport's `send`. `answer_instead` may answer first; giving None leaves it to the organization.

    `range_departments` and `range_users` (by user_id) are the app's range; None is all staff. `too_large` are the departments whose
    subtree is refused, `hidden` the fields that no record has. As Feishu does, it leaves an empty list out.
    """

    departments: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    range_departments: list[str] | None = None
    range_users: list[str] = field(default_factory=list)
    range_groups: list[str] = field(default_factory=list)
    answer_instead: Callable[[Request], Response | None] = lambda request: None
    too_large: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    page_size: int = 2
    requests: list[Request] = field(default_factory=list)
    token: str = "t-1"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
        return self.answer_instead(request) or self._answer(request)

    def calls(self) -> Counter[str]:
        return Counter(request.interface for request in self.requests if request.interface != TOKEN)

    def asked(self, interface: str, name: str) -> list[Any]:
        return [request.query.get(name) for request in self.requests if request.interface == interface]

    def _answer(self, request: Request) -> Response:
        if request.interface == TOKEN:
            body = {"code": 0, "msg": "ok", "tenant_access_token": self.token, "expire": 7200}
            return Response(200, JSON, json.dumps(body).encode())
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return refusal(99991663, "Invalid access token for authorization. Please make a test attempt.")
        query = request.query
        match request.interface:
            case "contact/v3/departments/:department_id":
                return self._root()
            case "contact/v3/scopes":
                return self._scopes()
            case "contact/v3/departments/:department_id/children":
                return self._children(department_of(request), query)
            case "contact/v3/departments/batch":
                return self._batch(self.departments, "open_department_id", query["department_ids"])
            case "contact/v3/users/batch":
                return self._batch(self.users, str(query["user_id_type"]), query["user_ids"])
            case "contact/v3/users/find_by_department":
                members = [person for person in self.users if query["department_id"] in person["department_ids"]]
                return self._page(members, query)
        return Response(404, "text/plain", b"404 page not found")

    def _root(self) -> Response:
        if self.range_departments is not None:
            return refusal(40004, "no dept authority error", status=403)
        root = {"name": "Company", "open_department_id": "0", "department_id": "0", "member_count": len(self.users), "order": "0"}
        return envelope(department=self._shown(root))

    def _scopes(self) -> Response:
        keys = {person["user_id"]: person for person in self.users}
        people = [keys[user_id][self._key()] for user_id in self.range_users]
        return envelope(department_ids=self.range_departments or [], user_ids=people, group_ids=self.range_groups, has_more=False)

    def _children(self, top: str, query: Any) -> Response:
        if query["fetch_child"] == "true" and top in self.too_large:
            return refusal(43010, "big dept forbid recursion error")
        found = [each for each in self.departments if each["parent_department_id"] == top]
        for each in found if query["fetch_child"] == "true" else ():
            found += [below for below in self.departments if below["parent_department_id"] == each["open_department_id"]]
        return self._page(found, query)

    def _batch(self, records: Sequence[dict[str, Any]], key: str, ids: Any) -> Response:
        found = [self._shown(record) for record in records if record[key] in ids]
        return envelope(**({"items": found} if found else {}))

    def _page(self, records: Sequence[dict[str, Any]], query: Any) -> Response:
        start = int(query.get("page_token", "p+/=0")[4:])
        page = [self._shown(record) for record in records[start : start + self.page_size]]
        end = start + self.page_size
        more = {"has_more": True, "page_token": f"p+/={end}"} if end < len(records) else {"has_more": False}
        return envelope(**({"items": page} if page else {}), **more)

    def _shown(self, record: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in record.items() if name not in self.hidden}

    def _key(self) -> str:
        return str(self.requests[-1].query["user_id_type"])


def department_of(request: Request) -> str:
    return request.path.split("/")[-2]


def client_of(
    platform: Callable[[Request], Response], *, clock: FakeClock | None = None, attempts: int = 3, parallel: int = 4
) -> FeishuClient:
    clock = clock or FakeClock()
    transport = Transport("feishu", platform, conn_id="lark", patience=Patience(attempts=attempts), sleep=clock.sleep, clock=clock)
    return FeishuClient("cli_of_app", "secret-of-app", transport=transport, parallel=parallel)


@dataclass
class Landing:
    """Where answers land in a test."""

    parts: dict[str, list[Answer]] = field(default_factory=lambda: {"departments": [], "users": [], "organization": []})

    def record(self, part: str, answer: Answer) -> None:
        self.parts[part].append(answer)

    def answers(self, part: str) -> list[Answer]:
        return self.parts[part]
