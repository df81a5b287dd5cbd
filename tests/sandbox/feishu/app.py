"""A caller of the sandbox's Feishu, as the tests need one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import requests

from sandbox.testing import RunningSandbox

CHILDREN = "contact/v3/departments/:department_id/children"
MEMBERS = "contact/v3/users/find_by_department"


@dataclass
class FeishuApp:
    """A caller with credentials, and a key to the control API."""

    sandbox: RunningSandbox
    session: requests.Session = field(default_factory=requests.Session)
    changed: set[str] = field(default_factory=set)
    """What the control API was asked to change."""

    @cached_property
    def connection(self) -> dict[str, Any]:
        return self.sandbox.connection("feishu")

    @cached_property
    def token(self) -> str:
        return self.ask_token().json()["tenant_access_token"]

    def ask_token(self, kind: str = "tenant", **changes: Any) -> requests.Response:
        pair = {"app_id": self.connection["login"], "app_secret": self.connection["password"]} | changes
        return self.session.post(f"{self.sandbox.url}/open-apis/auth/v3/{kind}_access_token/internal", json=pair, timeout=10)

    def control(self, method: str, path: str, json: Any = None) -> Any:
        if method != "GET":
            self.changed.add(path)
        return self.sandbox.control(method, f"feishu/{path}", json)

    def settings(self, **changes: Any) -> None:
        self.control("PUT", "settings", changes)

    def fault(self, kind: str, interface: str, **spec: Any) -> None:
        self.control("POST", "faults", {"kind": kind, "interface": interface, **spec})

    def truth(self) -> dict[str, Any]:
        return self.control("GET", "organization")

    def raw(self, path: str, *, token: str | None = None, method: str = "GET", json: Any = None, **query: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        url = f"{self.sandbox.url}/open-apis/{path}"
        return self.session.request(method, url, params=query, json=json, headers=headers, timeout=10)

    def data(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.raw(path, **query)
        body = answer.json()
        assert (answer.status_code, body["code"], body["msg"]) == (200, 0, "success"), body
        return body["data"]

    def refusal(self, path: str, **query: Any) -> tuple[int, int]:
        """HTTP status and code."""
        answer = self.raw(path, **query)
        body = answer.json()
        assert body["error"]["log_id"] == answer.headers["X-Tt-Logid"]
        return answer.status_code, body["code"]

    def pages(self, path: str, **query: Any) -> list[dict[str, Any]]:
        found = [self.data(path, **query)]
        while found[-1]["has_more"]:
            found.append(self.data(path, **query, page_token=found[-1]["page_token"]))
        return found

    def items(self, path: str, **query: Any) -> list[dict[str, Any]]:
        return [row for page in self.pages(path, **query) for row in page["items"]]

    def departments(self, **query: Any) -> list[dict[str, Any]]:
        return self.items("contact/v3/departments/0/children", fetch_child="true", page_size=50, **query)

    def members(self, department_id: str, **query: Any) -> list[dict[str, Any]]:
        return self.items(MEMBERS, department_id=department_id, page_size=50, **query)
