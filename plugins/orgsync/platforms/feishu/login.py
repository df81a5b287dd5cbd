"""Signing in by Feishu: contract §14. Whose token it is says `user_info`; that they are ours, the tenant key and the directory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from orgsync.errors import ConfigurationError, PlatformError, SpentCodeError, StrangerError
from orgsync.platforms.connections import ConnectionFields, read_text
from orgsync.platforms.feishu.client import API, FeishuClient
from orgsync.platforms.feishu.connecting import FeishuConnector
from orgsync.platforms.feishu.envelope import judge_by
from orgsync.platforms.feishu.interfaces import GET_USER_INFO, GET_USER_TOKEN, USER_KEYS
from orgsync.platforms.feishu.records import items_of
from orgsync.platforms.reading.records import read_token
from orgsync.platforms.signing_in import choose_host, write_address
from orgsync.platforms.speaking.transport import Patience, Request

PAGE = "open-apis/authen/v1/authorize"
OWN_HOST = "https://accounts.feishu.cn"
KNOWN_HOSTS = {"larksuite.com": "https://accounts.larksuite.com", "feishu.cn": OWN_HOST}
SPENT = frozenset({"20003", "20004", "20024", "20065"})
"""Unknown, expired, of another app, used."""
NOT_ACTIVE = frozenset({"20021", "20022", "20023", "20066"})
UNKNOWN_IDS = frozenset({"99992351", "99992361"})
"""Of a directory that does not know an open id: it is of nobody there, or was given out by another app."""
STRANGER = frozenset({"20008", "20010"})
"""No such user; a user who may not use the app."""


class FeishuSignIn:
    """A user id may be the same in two companies, an open id cannot: the directory of ours is asked by that."""

    client_marks = ("Lark", "Feishu")
    script_app: Mapping[str, str] | None = None

    def __init__(self, conn_id: str, user_key: str = USER_KEYS[0]) -> None:
        self._connector = FeishuConnector(conn_id)
        self._user_key = user_key or USER_KEYS[0]

    def address(self, redirect_uri: str, state: str, *, is_in_client: bool, language: str) -> str:  # noqa: ARG002
        said = {"client_id": (self._connection.login or "").strip(), "response_type": "code", "redirect_uri": redirect_uri, "state": state}
        return write_address(f"{self._login_host}/{PAGE}", **said)

    def identify(self, code: str, redirect_uri: str) -> str:
        grant = {
            "grant_type": "authorization_code",
            "client_id": (self._connection.login or "").strip(),
            "client_secret": (self._connection.password or "").strip(),
            "code": code,
            "redirect_uri": redirect_uri,
        }
        asked = Request(GET_USER_TOKEN, "POST", f"{self._login_host}/{GET_USER_TOKEN}", body=grant, is_once=True)
        token = self._ask(asked, _lacks_access_token)["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        about = self._ask(Request(GET_USER_INFO, "GET", f"{API}/{GET_USER_INFO}", headers=headers), _lacks_open_id)["data"]
        ours = read_text(self._connection, "company")
        if ours and about.get("tenant_key") != ours:
            raise StrangerError("whoever signed in is of another organization on Feishu")
        return self._find_member(str(about["open_id"]))

    def identify_in_client(self, code: str) -> str:  # noqa: ARG002
        """No script is needed in Feishu's client: its pages go on by themselves."""
        raise SpentCodeError("Feishu takes no code of a script here")

    def _find_member(self, open_id: str) -> str:
        """Asked with the company's own token: nobody else's people are in the answer."""
        try:
            people = items_of(self._client.get_users([open_id], user_key="open_id").content)
        except PlatformError as error:
            if error.refusal.code not in UNKNOWN_IDS:
                raise
            people = []
        found = next((each for each in people if each.get("open_id") == open_id), None)
        if found is None:
            raise StrangerError("whoever signed in is no member of the organization on Feishu, or outside of what the app may see")
        key = read_token(found.get(self._user_key))
        if not key:
            raise ConfigurationError(
                f"Feishu does not tell the {self._user_key} of whoever signed in, by which people are keyed here: "
                "give the app the permission contact:user.employee_id:readonly, or key people by open_id"
            )
        return key

    def _ask(self, request: Request, check: Any) -> Any:
        try:
            return self._client.transport.call(request, judge_by(check), params={}).content
        except PlatformError as error:
            raise _judge(error) from error

    @property
    def _login_host(self) -> str:
        return read_text(self._connection, "login_host") or choose_host(self._connection.host, OWN_HOST, known=KNOWN_HOSTS)

    @cached_property
    def _connection(self) -> ConnectionFields:
        return self._connector.find()

    @cached_property
    def _client(self) -> FeishuClient:
        return self._connector.build_client(self._connection, patience=Patience(attempts=2))


def _lacks_access_token(content: Mapping[str, Any]) -> str:
    return "" if read_token(content.get("access_token")) else "it has no access_token"


def _lacks_open_id(content: Mapping[str, Any]) -> str:
    data = content.get("data")
    return "" if isinstance(data, dict) and read_token(data.get("open_id")) else "its data has no open_id"


def _judge(error: PlatformError) -> Exception:
    code = error.refusal.code
    if code in SPENT:
        return SpentCodeError(f"Feishu does not take the code of this sign-in ({code}): it was used before, or is too old")
    if code in NOT_ACTIVE:
        return StrangerError(f"Feishu says that whoever signed in is not active ({code}): resigned, frozen, or not yet joined")
    return StrangerError("whoever signed in may not use the app on Feishu") if code in STRANGER else error
