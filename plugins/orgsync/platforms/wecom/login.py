"""Signing in by WeCom: contract §12. There is no token of a user: the app asks who gave the code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from orgsync.errors import ConfigurationError, PlatformError, SpentCodeError, StrangerError
from orgsync.platforms.connections import ConnectionFields, read_text
from orgsync.platforms.reading.records import read_token
from orgsync.platforms.signing_in import choose_host, write_address
from orgsync.platforms.speaking.transport import Patience
from orgsync.platforms.wecom.client import WeComClient
from orgsync.platforms.wecom.connecting import WeComConnector

BROWSER_PAGE, OWN_BROWSER_HOST = "wwlogin/sso/login", "https://login.work.weixin.qq.com"
CLIENT_PAGE, OWN_CLIENT_HOST = "connect/oauth2/authorize", "https://open.weixin.qq.com"
FRAGMENT = "#wechat_redirect"
"""Without it the page in the client does not open (§12)."""
SPENT = frozenset({"40029"})


class WeComSignIn:
    """A code of anybody else brings an `openid` in place of a `userid`: the app's own token stands for the company."""

    client_marks = ("wxwork",)
    script_app: Mapping[str, str] | None = None

    def __init__(self, conn_id: str) -> None:
        self._connector = WeComConnector(conn_id)

    def address(self, redirect_uri: str, state: str, *, is_in_client: bool, language: str) -> str:
        corp_id, agent_id = (self._connection.login or "").strip(), read_text(self._connection, "agent_id")
        named = read_text(self._connection, "login_host")
        if is_in_client:
            host = named or choose_host(self._connection.host, OWN_CLIENT_HOST, known={"weixin.qq.com": OWN_CLIENT_HOST})
            said = {"appid": corp_id, "redirect_uri": redirect_uri, "response_type": "code", "scope": "snsapi_base", "state": state}
            return write_address(f"{host}/{CLIENT_PAGE}", **said, agentid=agent_id) + FRAGMENT
        if not agent_id:
            raise ConfigurationError(
                f"connection {self._connector.conn_id!r} has no agent_id; set it to the AgentId of the app, or WeCom shows no QR code"
            )
        host = named or choose_host(self._connection.host, OWN_BROWSER_HOST, known={"weixin.qq.com": OWN_BROWSER_HOST})
        said = {"login_type": "CorpApp", "appid": corp_id, "agentid": agent_id, "redirect_uri": redirect_uri, "state": state}
        return write_address(f"{host}/{BROWSER_PAGE}", **said, lang="zh" if language == "zh" else "en")

    def identify(self, code: str, redirect_uri: str) -> str:  # noqa: ARG002
        return self.identify_in_client(code)

    def identify_in_client(self, code: str) -> str:
        try:
            content = self._client.get_user_by_code(code).content
        except PlatformError as error:
            if error.refusal.code in SPENT:
                raise SpentCodeError("WeCom does not take the code of this sign-in (40029): it was used before, or is too old") from error
            raise
        # Capitalised on the older path (§12, "Legacy").
        user_id = read_token(content.get("userid") or content.get("UserId"))
        if not user_id:
            raise StrangerError("whoever signed in is no member of the organization on WeCom")
        return user_id

    @cached_property
    def _connection(self) -> ConnectionFields:
        return self._connector.find()

    @cached_property
    def _client(self) -> WeComClient:
        return self._connector.build_client(self._connection, patience=Patience(attempts=2))
