"""Signing in by DingTalk: contract §11. A stranger's code is exchanged as anybody's, so that each is held against the directory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from orgsync.errors import PlatformError, SpentCodeError, StrangerError
from orgsync.platforms.connections import ConnectionFields, read_text
from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.dingtalk.connecting import DingTalkConnector, read_api_url
from orgsync.platforms.dingtalk.envelope import judge_new_by, lacks_new_token
from orgsync.platforms.dingtalk.interfaces import GET_ME, GET_USER_TOKEN
from orgsync.platforms.reading.records import is_true
from orgsync.platforms.signing_in import choose_host, write_address
from orgsync.platforms.speaking.transport import Patience, Request

PAGE = "oauth2/auth"
OWN_HOST = "https://login.dingtalk.com"
KNOWN_HOSTS = {"dingtalk.com": OWN_HOST, "dingtalk.io": "https://login.dingtalk.io"}
SPENT = frozenset({"40078", "40079", "42003", "invalidParameter.authCode.notFound"})
"""Old and new generation: the code was used, is too old, or was never given (§10, §11)."""
NOBODY = frozenset({"60121", "33012"})
"""The directory knows no such union id."""
MEMBER = "0"


class DingTalkSignIn:
    """Membership is proven twice: the company that the user's token names, where the connection says which is ours, and the directory."""

    client_marks = ("DingTalk",)

    def __init__(self, conn_id: str) -> None:
        self._connector = DingTalkConnector(conn_id)

    @property
    def script_app(self) -> Mapping[str, str] | None:
        """For `dd.requestAuthCode`; without the company's id the client gives no code, and the page in the browser does."""
        corp_id = read_text(self._connection, "corp_id")
        return {"corpId": corp_id, "clientId": self._login} if corp_id else None

    def address(self, redirect_uri: str, state: str, *, is_in_client: bool, language: str) -> str:  # noqa: ARG002
        host = read_text(self._connection, "login_host") or choose_host(self._connection.host, OWN_HOST, known=KNOWN_HOSTS)
        said = {"redirect_uri": redirect_uri, "response_type": "code", "client_id": self._login, "scope": "openid corpid"}
        return write_address(f"{host}/{PAGE}", **said, state=state, prompt="consent")

    def identify(self, code: str, redirect_uri: str) -> str:  # noqa: ARG002
        grant = {
            "clientId": self._login,
            "clientSecret": (self._connection.password or "").strip(),
            "grantType": "authorization_code",
            "code": code,
        }
        token = self._ask(Request(GET_USER_TOKEN, "POST", f"{self._api}/{GET_USER_TOKEN}", body=grant, is_once=True), lacks_new_token)
        ours = read_text(self._connection, "corp_id")
        if ours and token.get("corpId") != ours:
            raise StrangerError("whoever signed in chose another organization on DingTalk, or is in none")
        headers = {"x-acs-dingtalk-access-token": token["accessToken"]}
        me = self._ask(Request(GET_ME, "GET", f"{self._api}/{GET_ME}", headers=headers), _lacks_union_id)
        if is_true(me.get("visitor")):
            raise StrangerError("DingTalk says that whoever signed in is a visitor")
        return self._find_member(str(me["unionId"]))

    def identify_in_client(self, code: str) -> str:
        try:
            return str(self._client.get_user_by_code(code).content["result"]["userid"])
        except PlatformError as error:
            raise _judge(error) from error

    def _find_member(self, union_id: str) -> str:
        try:
            result = self._client.get_user_by_union_id(union_id).content["result"]
        except PlatformError as error:
            raise _judge(error) from error
        if str(result.get("contact_type")) != MEMBER or not result.get("userid"):
            raise StrangerError("whoever signed in is an external contact of the organization on DingTalk, and no member")
        return str(result["userid"])

    def _ask(self, request: Request, check: Any) -> Any:
        try:
            return self._client.transport.call(request, judge_new_by(check), params={}).content
        except PlatformError as error:
            raise _judge(error) from error

    @cached_property
    def _connection(self) -> ConnectionFields:
        return self._connector.find()

    @cached_property
    def _client(self) -> DingTalkClient:
        return self._connector.build_client(self._connection, patience=Patience(attempts=2))

    @property
    def _login(self) -> str:
        return (self._connection.login or "").strip()

    @property
    def _api(self) -> str:
        return read_api_url(self._connection)


def _lacks_union_id(content: Mapping[str, Any]) -> str:
    return "" if content.get("unionId") else "it has no unionId"


def _judge(error: PlatformError) -> Exception:
    if error.refusal.code in SPENT:
        return SpentCodeError(f"DingTalk does not take the code of this sign-in ({error.refusal.code}): it was used before, or is too old")
    if error.refusal.code in NOBODY:
        return StrangerError("whoever signed in is no member of the organization on DingTalk")
    return error
