"""WeCom behind the transport's seam: a small organization, answered from memory to an app's secret and to that of 通讯录同步."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.transport import Patience, Request, Response, Transport
from orgsync.platforms.wecom.client import WeComClient
from tests.unit.platforms.clock import FakeClock

JSON = "application/json"
FILES = "https://files.example.com/"


def envelope(**fields: Any) -> Response:
    return Response(200, JSON, json.dumps({"errcode": 0, "errmsg": "ok", **fields}, ensure_ascii=False).encode())


def refusal(code: int | str, message: str = "no") -> Response:
    text = f"{message}, hint: [1700000000123456789], from ip: 198.51.100.4, more info at https://open.work.weixin.qq.com/devtool/query?e={code}"
    return Response(200, JSON, json.dumps({"errcode": int(code), "errmsg": text}).encode())


def department(number: int, parent: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": f"部门{number}", "parentid": parent, "order": number * 10, "department_leader": []} | more


def user(user_id: str, *departments: int, **more: Any) -> dict[str, Any]:
    person: dict[str, Any] = {"userid": user_id, "name": f"名{user_id}", "department": list(departments), "order": [5] * len(departments)}
    person |= {"is_leader_in_dept": [0] * len(departments), "position": "工程师", "mobile": "13900000000", "gender": "1", "status": 1}
    return person | {"main_department": departments[0] if departments else 0, "alias": "", "direct_leader": []} | more


def encrypt(plain: bytes, key: str) -> bytes:
    secret = base64.b64decode(f"{key}=")
    count = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).encryptor()
    return encryptor.update(plain + bytes([count]) * count) + encryptor.finalize()


@dataclass
class FakeWeCom:
    """Callable as a transport's `send`. `answer_instead` may answer first; giving None leaves it to the organization.

    `visible` are the departments the app sees, all if None. `largest_list` is how many people one list may hold.
    """

    departments: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    visible: set[int] | None = None
    allowed_people: list[str] = field(default_factory=list)
    tags: dict[int, list[str]] = field(default_factory=dict)
    knows_fetch_child: bool = True
    largest_list: int = 1000
    id_page_size: int = 3
    polls_until_done: int = 2
    answer_instead: Callable[[Request], Response | None] = lambda request: None
    requests: list[Request] = field(default_factory=list)
    generation: int = 1
    _jobs: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    _files: dict[str, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
            return self.answer_instead(request) or self._answer(request)

    def calls(self) -> Counter[str]:
        return Counter(request.interface for request in self.requests if request.interface != "gettoken")

    def asked(self, interface: str, name: str) -> list[str]:
        return [str(request.query[name]) for request in self.requests if request.interface == interface]

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(FILES):
            return Response(200, "application/octet-stream", self._files[request.path])
        assert request.path == f"cgi-bin/{request.interface}"
        if request.interface == "gettoken":
            return envelope(access_token=f"token-of-{request.query['corpsecret']}-{self.generation}", expires_in=7200)
        identity = str(request.query.get("access_token"))
        if not identity.endswith(f"-{self.generation}"):
            return refusal(40014, "invalid access_token")
        if "contact" in identity:
            return self._answer_contact(request)
        return self._answer_app(request)

    def _answer_contact(self, request: Request) -> Response:
        match request.interface:
            case "department/simplelist":
                return envelope(department_id=[_bare(each) for each in self.departments])
            case "user/list_id":
                return self._id_page(dict(request.body or {}))
        return refusal(48009, "api forbidden for contact assistant")

    def _answer_app(self, request: Request) -> Response:
        query = request.query
        match request.interface:
            case "agent/get":
                return self._agent()
            case "tag/get":
                people = self.tags[int(str(query["tagid"]))]
                return envelope(tagname="t", userlist=[{"userid": user_id, "name": "n"} for user_id in people], partylist=[])
            case "department/list":
                return envelope(department=self._visible_departments())
            case "department/simplelist":
                return envelope(department_id=[_bare(each) for each in self._visible_departments()])
            case "department/get":
                return self._department(int(str(query["id"])))
            case "user/list":
                return self._members(int(str(query["department_id"])), is_deep=query["fetch_child"] == "1")
            case "user/get":
                found = [person for person in self._visible_users() if person["userid"].lower() == str(query["userid"]).lower()]
                return envelope(**found[0]) if found else refusal(60111, "userid not found")
            case "export/department" | "export/user":
                return self._start_job(request.interface, dict(request.body or {}))
            case "export/get_result":
                return self._job(str(query["jobid"]))
        return refusal(48002, "api forbidden")

    def _agent(self) -> Response:
        ids = {each["id"] for each in self._visible_departments()}
        tops = [each["id"] for each in self._visible_departments() if each["parentid"] not in ids]
        return envelope(
            agentid=1,
            close=0,
            allow_partys={"partyid": tops},
            allow_userinfos={"user": [{"userid": user_id} for user_id in self.allowed_people]},
            allow_tags={"tagid": list(self.tags)},
        )

    def _department(self, number: int) -> Response:
        seen = [each for each in self._visible_departments() if each["id"] == number]
        return envelope(department=seen[0]) if seen else refusal(60011 if number in {each["id"] for each in self.departments} else 60003)

    def _visible_departments(self) -> list[dict[str, Any]]:
        return [each for each in self.departments if self.visible is None or each["id"] in self.visible]

    def _visible_users(self) -> list[dict[str, Any]]:
        """`department` holds only what the app may see."""
        ids = {each["id"] for each in self._visible_departments()}
        chosen = {*self.allowed_people, *(user_id for people in self.tags.values() for user_id in people)}
        seen = [person for person in self.users if ids & set(person["department"]) or person["userid"] in chosen]
        return [person | {"department": [number for number in person["department"] if number in ids]} for person in seen]

    def _members(self, number: int, *, is_deep: bool) -> Response:
        if number not in {each["id"] for each in self._visible_departments()}:
            return refusal(60011, "no privilege to access/modify contact/party/agent")
        wanted = self._below(number) if is_deep and self.knows_fetch_child else {number}
        found = [person for person in self._visible_users() if wanted & set(person["department"])]
        return envelope(userlist=found) if len(found) <= self.largest_list else refusal(45029, "response too large")

    def _below(self, number: int) -> set[int]:
        children = [each["id"] for each in self.departments if each["parentid"] == number]
        return {number}.union(*(self._below(child) for child in children))

    def _id_page(self, body: dict[str, Any]) -> Response:
        rows = [{"userid": person["userid"], "department": number} for person in self.users for number in person["department"]]
        start = int(body.get("cursor", 0))
        end = start + min(self.id_page_size, body["limit"])
        return envelope(dept_user=rows[start:end], **({"next_cursor": str(end)} if end < len(rows) else {}))

    def _start_job(self, interface: str, body: dict[str, Any]) -> Response:
        job = f"job-{len(self._jobs)}"
        self._jobs[job] = (interface, body["encoding_aeskey"], self.polls_until_done)
        return envelope(jobid=job)

    def _job(self, job: str) -> Response:
        interface, key, polls_left = self._jobs[job]
        self._jobs[job] = (interface, key, polls_left - 1)
        if polls_left > 0:
            return envelope(status=1)
        exported = {"department": self._visible_departments()} if interface == "export/department" else {"userlist": self._visible_users()}
        cipher = encrypt(json.dumps(exported, ensure_ascii=False).encode(), key)
        url = f"{FILES}{job}?sign=secret"
        self._files[url] = cipher
        return envelope(status=2, data_list=[{"url": url, "size": len(cipher), "md5": hashlib.md5(cipher).hexdigest()}])


def _bare(each: dict[str, Any]) -> dict[str, Any]:
    return {name: each[name] for name in ("id", "parentid", "order")}


def client_of(
    platform: Callable[[Request], Response],
    *,
    clock: FakeClock | None = None,
    attempts: int = 3,
    app: bool = True,
    contact: bool = False,
    parallel: int = 4,
    **options: Any,
) -> WeComClient:
    clock = clock or FakeClock()
    transport = Transport("wecom", platform, conn_id="wx", patience=Patience(attempts=attempts), sleep=clock.sleep, clock=clock)
    secrets = {"app_secret": "secret-of-app" if app else "", "contact_secret": "secret-of-contact" if contact else ""}
    return WeComClient("ww1", transport=transport, parallel=parallel, **secrets, **options)


@dataclass
class Landing:
    """Where answers land in a test."""

    parts: dict[str, list[Answer]] = field(default_factory=lambda: {"departments": [], "users": [], "organization": []})

    def record(self, part: str, answer: Answer) -> None:
        self.parts[part].append(answer)

    def answers(self, part: str) -> list[Answer]:
        return self.parts[part]

    def asked(self, part: str, interface: str, name: str) -> list[str]:
        return sorted(str(answer.params[name]) for answer in self.parts[part] if answer.interface == interface)
