"""Turns a connection into a client, alike on all platforms: finds it, keeps one client, examines it, answers the *Test* button."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from orgsync.check import Check
from orgsync.connections.finding import find_connection
from orgsync.errors import OrgsyncError
from orgsync.platforms.connections import ConnectionFields
from orgsync.platforms.examining import ANY, CONNECTION, RANGE, READING, Needs, Signs, Step, describe_mistake, fine, take_steps
from orgsync.platforms.speaking.transport import Patience
from orgsync.words import Words

_COMPLETE = Words("of type {kind}, and complete", "类型为 {kind}，填写完整")


class Connector(ABC):
    """Turns an Airflow connection into a client. A platform's own says how to build and how to examine one; its hook is one too."""

    conn_name_attr = "conn_id"
    conn_type: str
    hook_name: str
    default_conn_name: str
    signs = Signs()

    def __init__(self, conn_id: str | None = None) -> None:
        super().__init__()
        self.conn_id = conn_id or self.default_conn_name

    @cached_property
    def client(self) -> Any:
        return self.build_client(self._find_connection())

    def get_conn(self) -> Any:
        return self.client

    def test_connection(self) -> tuple[bool, str]:
        """As the doctor examines it: whether it works, with all that is wrong, or with what it sees and what is withheld."""
        checks = list(self.examine())
        if broken := [check for check in checks if check.outcome == "broken"]:
            return False, _tell(broken)
        seen = [check.reason for check in checks if check.name in (RANGE, READING) and check.outcome == "ok"]
        return True, ". ".join(filter(None, ("; ".join(["Connected", *seen]), _tell(_degraded(checks)))))

    def examine(self, needs: Needs = ANY) -> Iterator[Check]:
        """Everything that can be tried with this connection and harms nothing: each question is asked once. `needs` are the tenant's.

        What is wrong with the connection itself ends it: nothing is sent to a platform then.
        """
        found = []
        try:
            connection = self._find_connection()
            found = list(self.inspect(connection))
            client = self.build_client(connection, patience=Patience(attempts=1))
        except OrgsyncError as error:
            yield from found or [describe_mistake(error)]
            return
        yield from found or [fine(CONNECTION, _COMPLETE.fill(kind=self.conn_type))]
        if all(check.outcome != "broken" for check in found):
            yield from take_steps(self.list_steps(client, connection, needs), self.signs)

    @abstractmethod
    def build_client(self, connection: ConnectionFields, *, patience: Patience | None = None) -> Any:
        """Raises ConfigurationError naming the field that is missing."""

    def inspect(self, connection: ConnectionFields) -> Iterable[Check]:  # noqa: ARG002
        """What is wrong with what was typed in, without a call; nothing if nothing is."""
        return ()

    @abstractmethod
    def list_steps(self, client: Any, connection: ConnectionFields, needs: Needs) -> Iterable[Step]:
        """What is to be asked of the platform, in this order."""

    def _find_connection(self) -> ConnectionFields:
        connection: ConnectionFields = find_connection(self.conn_id, conn_type=self.conn_type)
        return connection


def _degraded(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if check.outcome == "degraded"]


def _tell(checks: Iterable[Check]) -> str:
    """Of the same fix once."""
    told = (f"{check.reason}{f' ({check.code})' if check.code else ''}{f'. {check.fix}' if check.fix else ''}" for check in checks)
    return ". ".join(dict.fromkeys(told))
