"""DingTalk's todos as methods: contract §8. They are of the new generation, on a host and with a token of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from orgsync.errors import ConfigurationError
from orgsync.platforms.dingtalk.envelope import Check, judge_new_by, lacks_new_token, lacks_todo, nothing_needed
from orgsync.platforms.dingtalk.interfaces import CREATE_TODO, DELETE_TODO, FIND_TODO, GET_NEW_TOKEN, UPDATE_TODO
from orgsync.platforms.dingtalk.new_codes import STALE_NEW_TOKEN_CODES
from orgsync.platforms.reading.records import read_count
from orgsync.platforms.speaking.credentials import Token, TokenCache
from orgsync.platforms.speaking.transport import Reply, Request, Transport


@dataclass(frozen=True)
class TodoId:
    """A todo can be named only together with the union id of who made it: as one text, both."""

    task_id: str
    creator: str

    def __str__(self) -> str:
        return f"{self.task_id}:{self.creator}"

    @staticmethod
    def is_one(text: str) -> bool:
        task_id, _, creator = text.partition(":")
        return bool(task_id and creator)

    @classmethod
    def parse(cls, text: str) -> TodoId:
        if not cls.is_one(text):
            raise ConfigurationError(f"{text!r} is no DingTalk todo; a todo is named by its id and its creator, joined by a colon")
        task_id, _, creator = text.partition(":")
        return cls(task_id, creator)


class TodoClient:
    """Every method gives a good answer or raises. Whoever made a todo is also who changes it: `operatorId` is the creator."""

    def __init__(self, client_id: str, client_secret: str, *, api_url: str, transport: Transport) -> None:
        self.transport = transport
        self._client_id = client_id
        self._client_secret = client_secret
        self._api_url = api_url.rstrip("/")
        self._tokens = TokenCache(self._fetch_token, clock=transport.clock)

    def __repr__(self) -> str:
        return f"TodoClient(connection {self.transport.conn_id!r})"

    def create(self, creator: str, body: Mapping[str, Any], *, shown: Mapping[str, Any]) -> Reply:
        """`id`. A second todo with the same `sourceId` is refused, not made: this call may be repeated."""
        path = f"v1.0/todo/users/{_quote(creator)}/tasks"
        return self._call("POST", CREATE_TODO, path, lacks_todo, operator=creator, body=body, shown=shown, reaches_people=True)

    def find(self, creator: str, source_id: str) -> Reply:
        """Known from DingTalk's SDKs only: it is not in today's documents."""
        path = f"v1.0/todo/users/{_quote(creator)}/tasks/sources/{_quote(source_id)}"
        return self._call("GET", FIND_TODO, path, lacks_todo)

    def update(self, todo: TodoId, body: Mapping[str, Any]) -> Reply:
        return self._call("PUT", UPDATE_TODO, _path(todo), nothing_needed, operator=todo.creator, body=body)

    def delete(self, todo: TodoId) -> Reply:
        return self._call("DELETE", DELETE_TODO, _path(todo), nothing_needed, operator=todo.creator)

    def _call(
        self,
        method: str,
        interface: str,
        path: str,
        check: Check,
        *,
        operator: str = "",
        body: Mapping[str, Any] | None = None,
        shown: Mapping[str, Any] | None = None,
        reaches_people: bool = False,
    ) -> Reply:
        query = {"operatorId": operator} if operator else {}
        judge = judge_new_by(check)

        def call(token: Token, caller_retries: frozenset[str]) -> Reply:
            headers = {"x-acs-dingtalk-access-token": token.value}
            url = f"{self._api_url}/{path}"
            request = Request(interface, method, url, query=query, headers=headers, body=body, reaches_people=reaches_people)
            return self.transport.call(request, judge, params=shown, caller_retries=caller_retries)

        return self._tokens.call(call, stale_codes=STALE_NEW_TOKEN_CODES)

    def _fetch_token(self) -> Token:
        """Of its own: that a token of the old generation works here is not documented (§2.1)."""
        pair = {"appKey": self._client_id, "appSecret": self._client_secret}
        request = Request(GET_NEW_TOKEN, "POST", f"{self._api_url}/{GET_NEW_TOKEN}", body=pair, is_preparing=True)
        content = self.transport.call(request, judge_new_by(lacks_new_token)).content
        return Token(content["accessToken"], float(read_count(content.get("expireIn")) or 7200))


def _path(todo: TodoId) -> str:
    return f"v1.0/todo/users/{_quote(todo.creator)}/tasks/{_quote(todo.task_id)}"


def _quote(value: str) -> str:
    return quote(value, safe="")
