"""What turns a connection into a client, alike on all platforms: finds it, keeps one client, answers the form's *Test* button."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

from orgsync.connections.finding import find_connection
from orgsync.errors import OrgsyncError, PermissionDeniedError
from orgsync.platforms.connections import ConnectionFields
from orgsync.platforms.speaking.permissions import name_all
from orgsync.platforms.speaking.transport import Patience


class Connector(ABC):
    """Turns an Airflow connection into a client. A platform's own says how to build and how to try one; its hook is one too."""

    conn_name_attr = "conn_id"
    conn_type: str
    hook_name: str
    default_conn_name: str

    def __init__(self, conn_id: str | None = None) -> None:
        super().__init__()
        self.conn_id = conn_id or self.default_conn_name

    @cached_property
    def client(self) -> Any:
        return self.build_client(self._find_connection())

    def get_conn(self) -> Any:
        return self.client

    def test_connection(self) -> tuple[bool, str]:
        """Asks each question once: someone is waiting in front of the form."""
        try:
            return self._try_all(self.build_client(self._find_connection(), patience=Patience(attempts=1)))
        except OrgsyncError as error:
            return False, str(error)

    def _try_all(self, client: Any) -> tuple[bool, str]:
        """Whether it works; where it does not for want of permissions, all that are missing."""
        refused: list[PermissionDeniedError] = []
        try:
            told = self.try_out(client)
        except PermissionDeniedError as error:
            refused, told = [error], (False, "")
        missing = [*refused, *self.list_missing(client)]
        return (False, str(name_all(missing))) if missing else told

    @abstractmethod
    def build_client(self, connection: ConnectionFields, *, patience: Patience | None = None) -> Any:
        """Raises ConfigurationError naming the field that is missing."""

    @abstractmethod
    def try_out(self, client: Any) -> tuple[bool, str]:
        """Whether it works, and how much of the company it sees."""

    def list_missing(self, client: Any) -> list[PermissionDeniedError]:  # noqa: ARG002
        """The refusals for want of a permission that a read would meet; none on a platform without permissions of single interfaces."""
        return []

    def _find_connection(self) -> ConnectionFields:
        connection: ConnectionFields = find_connection(self.conn_id, conn_type=self.conn_type)
        return connection
