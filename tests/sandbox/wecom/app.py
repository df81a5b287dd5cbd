"""A caller of the sandbox's WeCom, with the tokens of both secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import requests

from sandbox.testing import RunningSandbox

CORP_ID, SECRET, CONTACT_SECRET = "wwsandbox", "sandbox-wecom-secret", "sandbox-wecom-contact-secret"


@dataclass
class WeComApp:
    sandbox: RunningSandbox
    session: requests.Session = field(default_factory=requests.Session)
    changed: set[str] = field(default_factory=set)
    """What the control API was asked to change."""

    @cached_property
    def token(self) -> str:
        return self.new_token(SECRET)

    @cached_property
    def contact_token(self) -> str:
        return self.new_token(CONTACT_SECRET)

    def new_token(self, secret: str) -> str:
        return self.raw("gettoken", token=None, corpid=CORP_ID, corpsecret=secret).json()["access_token"]

    def control(self, method: str, path: str, json: Any = None) -> Any:
        if method != "GET":
            self.changed.add(path)
        return self.sandbox.control(method, f"wecom/{path}", json)

    def settings(self, **changes: Any) -> None:
        self.control("PUT", "settings", changes)

    def fault(self, kind: str, **spec: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **spec})

    def truth(self) -> dict[str, Any]:
        return self.control("GET", "organization")

    def raw(
        self, path: str, *, token: str | None = "", body: Any = None, method: str | None = None, escaped: bool = False, **query: Any
    ) -> requests.Response:
        """A POST when there is a body. The app's token unless another, or None, is given."""
        if token is not None:
            query["access_token"] = token or self.token
        chosen = method or ("GET" if body is None else "POST")
        content = None if body is None else json.dumps(body, ensure_ascii=escaped).encode()
        return self.session.request(chosen, f"{self.sandbox.url}/cgi-bin/{path}", params=query, data=content, timeout=10)

    def code(self, path: str, **options: Any) -> int:
        return self.raw(path, **options).json()["errcode"]

    def call(self, path: str, **options: Any) -> dict[str, Any]:
        """The fields of an answer that must be fine."""
        answer = self.raw(path, **options).json()
        assert (answer.pop("errcode"), answer.pop("errmsg")) == (0, "ok"), answer
        return answer

    def everyone(self) -> list[dict[str, Any]]:
        return self.call("user/list", department_id=1, fetch_child=1)["userlist"]
