"""A caller of the sandbox, as the tests need one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import requests

from sandbox.testing import RunningSandbox


@dataclass
class App:
    """A caller with credentials, and a key to the control API."""

    sandbox: RunningSandbox
    session: requests.Session = field(default_factory=requests.Session)
    changed: set[str] = field(default_factory=set)
    """What the control API was asked to change."""

    @property
    def url(self) -> str:
        return self.sandbox.url

    @cached_property
    def token(self) -> str:
        return self.get("gettoken", appkey=self.sandbox.client_id, appsecret=self.sandbox.client_secret)["access_token"]

    def control(self, method: str, path: str, json: Any = None) -> Any:
        if method != "GET":
            self.changed.add(path)
        return self.sandbox.control(method, f"dingtalk/{path}", json)

    def settings(self, **changes: Any) -> None:
        self.control("PUT", "settings", changes)

    def fault(self, kind: str, **spec: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **spec})

    def truth(self) -> dict[str, Any]:
        return self.control("GET", "organization")

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self.session.get(f"{self.url}/{path}", params=query, timeout=10).json()

    def raw(self, path: str, body: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        return self.session.post(f"{self.url}/topapi/{path}", json=body or {}, params={"access_token": self.token}, timeout=10, **options)

    def call(self, path: str, **body: Any) -> dict[str, Any]:
        """The whole envelope of a topapi call."""
        return self.raw(path, body).json()

    def result(self, path: str, **body: Any) -> Any:
        answer = self.call(path, **body)
        assert answer["errcode"] == 0, answer
        return answer["result"]

    def code(self, path: str, **body: Any) -> int:
        answer = self.call(path, **body)
        assert "sub_code" not in answer, answer
        return answer["errcode"]

    def page(self, department_id: int, cursor: int = 0, size: int = 100, **options: Any) -> dict[str, Any]:
        return self.result("v2/user/list", dept_id=department_id, cursor=cursor, size=size, **options)

    def members(self, department_id: int, **options: Any) -> list[dict[str, Any]]:
        page = self.page(department_id, **options)
        rows = page["list"]
        while page["has_more"]:
            page = self.page(department_id, cursor=page["next_cursor"], **options)
            rows += page["list"]
        return rows
