"""DingTalk behind the transport's seam: a small organization, answered from memory."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.transport import Patience, Request, Response, Transport
from tests.unit.platforms.clock import FakeClock

JSON = "application/json"


def envelope(**fields: Any) -> Response:
    return Response(200, JSON, json.dumps({"errcode": 0, "errmsg": "ok", "request_id": "r1", **fields}).encode())


def refusal(code: int | str, message: str = "no") -> Response:
    """As the gateway wraps it."""
    text = f"ding talk error[subcode={code},submsg={message}]"
    return Response(
        200, JSON, json.dumps({"errcode": 88, "errmsg": text, "sub_code": str(code), "sub_msg": message, "request_id": "r9"}).encode()
    )


def department(number: int, parent: int, **more: Any) -> dict[str, Any]:
    return {
        "dept_id": number,
        "name": f"Department {number}",
        "parent_id": parent,
        "create_dept_group": True,
        "auto_add_user": False,
    } | more


def user(user_id: str, *departments: int, **more: Any) -> dict[str, Any]:
    person = {"userid": user_id, "unionid": f"union-{user_id}", "name": f"Name {user_id}", "avatar": "", "title": "", "active": True}
    return person | {"admin": False, "hide_mobile": False, "dept_id_list": list(departments), "mobile": "13900000000"} | more


@dataclass
class FakeDingTalk:
    """Callable as a transport's `send`. `answer_instead` may answer first; giving None leaves it to the organization."""

    departments: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    visible_departments: list[int] = field(default_factory=lambda: [1])
    visible_users: list[str] = field(default_factory=list)
    answer_instead: Callable[[Request], Response | None] = lambda request: None
    page_size: int = 2
    requests: list[Request] = field(default_factory=list)
    token: str = "token-1"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
        return self.answer_instead(request) or self._answer(request, dict(request.body or {}))

    def calls(self) -> Counter[str]:
        return Counter(request.interface.rsplit("/", 2)[-2] + "/" + request.interface.rsplit("/", 1)[-1] for request in self.requests[1:])

    def _answer(self, request: Request, body: dict[str, Any]) -> Response:
        match request.interface:
            case "gettoken":
                return envelope(access_token=self.token, expires_in=7200)
            case _ if request.query["access_token"] != self.token:
                return refusal(40014, "不合法的access_token")
            case "auth/scopes":
                return envelope(auth_org_scopes={"authed_dept": self.visible_departments, "authed_user": self.visible_users})
            case "topapi/user/count":
                return envelope(result={"count": len(self.users)})
            case "topapi/v2/department/listsub":
                return envelope(result=[child for child in self.departments if child["parent_id"] == body["dept_id"]])
            case "topapi/v2/department/get":
                known = {found["dept_id"]: found for found in self.departments} | {1: {"dept_id": 1, "name": "Company"}}
                return (
                    envelope(result=known[body["dept_id"]] | {"order": body["dept_id"] * 10})
                    if body["dept_id"] in known
                    else refusal(60003)
                )
            case "topapi/v2/department/listparentbyuser":
                lists = [self._chain(number) for number in self._user(body["userid"])["dept_id_list"]]
                return envelope(result={"parent_list": [{"parent_dept_id_list": chain} for chain in lists]})
            case "topapi/v2/user/list":
                return self._page(body["dept_id"], body["cursor"])
            case "topapi/v2/user/get":
                return envelope(result=self._user(body["userid"]))
        return refusal(22, "不合法ApiName")

    def _page(self, number: int, cursor: int) -> Response:
        members = [person for person in self.users if number in person["dept_id_list"]]
        page = [person | {"dept_order": 2**60 + number, "leader": False} for person in members[cursor : cursor + self.page_size]]
        end = cursor + self.page_size
        more = {"has_more": True, "next_cursor": end} if end < len(members) else {"has_more": False}
        return envelope(result={"list": page, **more})

    def _user(self, user_id: str) -> dict[str, Any]:
        return next(person for person in self.users if person["userid"] == user_id)

    def _chain(self, number: int) -> list[int]:
        parents = {found["dept_id"]: found["parent_id"] for found in self.departments}
        return [number, *(self._chain(parents[number]) if number in parents else [])]


def client_of(
    platform: Callable[[Request], Response], *, clock: FakeClock | None = None, attempts: int = 3, parallel: int = 4
) -> DingTalkClient:
    clock = clock or FakeClock()
    transport = Transport("dingtalk", platform, conn_id="ding", patience=Patience(attempts=attempts), sleep=clock.sleep, clock=clock)
    return DingTalkClient("key-of-app", "secret-of-app", transport=transport, parallel=parallel)


@dataclass
class Landing:
    """Where answers land in a test."""

    parts: dict[str, list[Answer]] = field(default_factory=lambda: {"departments": [], "users": [], "organization": []})

    def record(self, part: str, answer: Answer) -> None:
        self.parts[part].append(answer)

    def answers(self, part: str) -> list[Answer]:
        return self.parts[part]
