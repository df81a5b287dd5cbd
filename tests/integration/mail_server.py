"""A mail server on this machine: keeps what it takes, and refuses what a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass
class MailServer:
    """`refusal` answers each recipient so; `login` is the only pair it takes, if there is one."""

    port: int = 0
    refusal: str = ""
    login: tuple[bytes, bytes] | None = None
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append((envelope.rcpt_tos, message))
        return "250 taken"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == self.login, handled=False)

    def connection(self, **changes: Any) -> str:
        """As AIRFLOW_CONN_* holds it."""
        extra = {"from_email": "orgsync@example.com", "disable_ssl": True, "disable_tls": True, "timeout": 5, "retry_limit": 0}
        fields = {"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": extra | changes.pop("extra", {})}
        return json.dumps(fields | changes)


class _Controller(Controller):
    """On a free port: its own way of knocking knows the port that was asked for."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serve_mail(**settings: Any) -> Iterator[MailServer]:
    server = MailServer(**settings)
    controller = _Controller(
        server,
        hostname="127.0.0.1",
        port=0,
        authenticator=server.authenticate,
        auth_required=server.login is not None,
        auth_require_tls=False,
    )
    controller.start()
    try:
        server.port = controller.port
        yield server
    finally:
        controller.stop()
