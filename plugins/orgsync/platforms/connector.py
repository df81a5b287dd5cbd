"""Turns a connection into a client, alike on all platforms: finds it, keeps one client, examines it, answers the *Test* button."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from itertools import chain
from typing import Any

from orgsync.check import Check, ok
from orgsync.connections.finding import find_connection
from orgsync.errors import ConfigurationError, OrgsyncError
from orgsync.platforms import load_platform
from orgsync.platforms.connections import ConnectionFields
from orgsync.platforms.examining import ANY, CONNECTION, RANGE, READING, Needs, Signs, Step, describe_mistake, take_steps
from orgsync.platforms.platform import Scope, Wanted
from orgsync.platforms.speaking.transport import Patience
from orgsync.words import Words

_LED = Words(
    "the scope's paths are there: {included} departments included, {excluded} excluded",
    "scope 中的路径均存在：包含 {included} 个部门，排除 {excluded} 个",
)
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
        return self.build_client(self.find())

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
            connection = self.find()
            found = list(self.inspect(connection))
            client = self.build_client(connection, patience=Patience(attempts=1))
        except OrgsyncError as error:
            yield from found or [describe_mistake(error)]
            return
        yield from found or [ok(CONNECTION, _COMPLETE.fill(kind=self.conn_type))]
        if all(check.outcome != "broken" for check in found):
            steps = chain(self.list_steps(client, connection, needs), self._find_paths(client, needs))
            yield from take_steps(steps, self.signs)

    @abstractmethod
    def build_client(self, connection: ConnectionFields, *, patience: Patience | None = None) -> Any:
        """Raises ConfigurationError naming the field that is missing."""

    def inspect(self, connection: ConnectionFields) -> Iterable[Check]:  # noqa: ARG002
        """What is wrong with what was typed in, without a call; nothing if nothing is."""
        return ()

    @abstractmethod
    def list_steps(self, client: Any, connection: ConnectionFields, needs: Needs) -> Iterable[Step]:
        """What is to be asked of the platform, in this order."""

    def _find_paths(self, client: Any, needs: Needs) -> Iterator[Step]:
        """Where the tenant's scope names departments by path: whether they are there."""
        if needs.scope.has_paths:
            wanted = Wanted(mode="frequent", scope=needs.scope, user_key=needs.user_key)
            yield Step(RANGE, partial(_locate, load_platform(self.conn_type).locate, client, wanted), subject="scope")

    def find(self) -> ConnectionFields:
        """The connection itself; raises ConfigurationError where there is none, or it is of another type."""
        connection: ConnectionFields = find_connection(self.conn_id, conn_type=self.conn_type)
        return connection


def _degraded(checks: Iterable[Check]) -> list[Check]:
    return [check for check in checks if check.outcome == "degraded"]


def _tell(checks: Iterable[Check]) -> str:
    """Of the same fix once."""
    told = (f"{check.reason}{f' ({check.code})' if check.code else ''}{f'. {check.fix}' if check.fix else ''}" for check in checks)
    return ". ".join(dict.fromkeys(told))


def _locate(locate: Callable[[Any, Wanted], Scope], client: Any, wanted: Wanted) -> Iterator[Check]:
    try:
        found = locate(client, wanted)
    except ConfigurationError as error:
        yield describe_mistake(error, name=RANGE, subject="scope")
        return
    reason = _LED.fill(included=len(found.include), excluded=len(found.exclude))
    yield ok(RANGE, reason, subject="scope")
