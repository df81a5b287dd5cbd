"""Where problems and what was told of them are kept: in the warehouse, or, while that does not answer, wherever whoever watches can."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from orgsync.alerts.notices import Notice
from orgsync.alerts.problems import Identity, Problem
from orgsync.alerts.remembering import Standing
from orgsync.alerts.telling import Told
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.statements import Row, encode_list, execute, fetch_all
from orgsync.words import Words, say

ToldBy = Mapping[str, Mapping[Identity, Told]]
"""By channel, what it told last of each problem."""


class Ledger(Protocol):
    """Keeps what it is given before it returns: what was told is not told again, whoever asks next."""

    def read_standings(self) -> dict[Identity, Standing]: ...

    def keep_standings(self, standings: Mapping[Identity, Standing]) -> None: ...

    def read_told(self) -> ToldBy: ...

    def note_told(self, channel: str, notices: Sequence[Notice]) -> None: ...

    def note_untold(self, channel: str, notices: Sequence[Notice], error: str) -> None: ...


@dataclass(frozen=True)
class WarehouseLedger:
    """Each step in a transaction of its own: none is open while a channel is asked."""

    address: Address

    def read_standings(self) -> dict[Identity, Standing]:
        with open_warehouse(self.address) as connection:
            standings = [_read_standing(row) for row in fetch_all(connection, "alerts/list_problems")]
        return {standing.problem.identity: standing for standing in standings}

    def keep_standings(self, standings: Mapping[Identity, Standing]) -> None:
        with open_warehouse(self.address) as connection:
            execute(connection, "alerts/save_problems", problems=encode_list([_write_standing(each) for each in standings.values()]))
            execute(connection, "alerts/drop_problems")

    def read_told(self) -> ToldBy:
        told: defaultdict[str, dict[Identity, Told]] = defaultdict(dict)
        with open_warehouse(self.address) as connection:
            for row in fetch_all(connection, "alerts/list_alerts"):
                if row["event"]:
                    told[row["channel"]][row["tenant_id"], row["kind"], row["subject"]] = Told(row["event"], row["told_at"])
        return told

    def note_told(self, channel: str, notices: Sequence[Notice]) -> None:
        with open_warehouse(self.address) as connection:
            execute(connection, "alerts/note_told", channel=channel, at=notices[0].at, notices=_name_notices(notices))

    def note_untold(self, channel: str, notices: Sequence[Notice], error: str) -> None:
        with open_warehouse(self.address) as connection:
            execute(connection, "alerts/note_untold", channel=channel, at=notices[0].at, error=error, notices=_name_notices(notices))


class Memory(Protocol):
    """Keeps a text: for what is found while the warehouse does not answer."""

    def read(self) -> str: ...

    def write(self, text: str) -> None: ...


@dataclass
class MemoryLedger:
    """All of it in one text, which is written when it has changed, and is empty where there is nothing to remember."""

    memory: Memory
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = self.memory.read()

    def read_standings(self) -> dict[Identity, Standing]:
        standings = [_read_standing(row) for row in self._content["problems"]]
        return {standing.problem.identity: standing for standing in standings}

    def keep_standings(self, standings: Mapping[Identity, Standing]) -> None:
        self._write({"problems": [_write_standing(each) for each in standings.values()], "told": self._content["told"]})

    def read_told(self) -> ToldBy:
        return {
            channel: {_parse(each["problem"]): Told(each["event"], datetime.fromisoformat(each["at"])) for each in told}
            for channel, told in self._content["told"].items()
        }

    def note_told(self, channel: str, notices: Sequence[Notice]) -> None:
        known = {_parse(each["problem"]): each for each in self._content["told"].get(channel, [])}
        for notice in notices:
            identity = notice.problem.identity
            known[identity] = {"problem": list(identity), "event": notice.event, "at": notice.at.isoformat()}
        self._write({**self._content, "told": self._content["told"] | {channel: list(known.values())}})

    def note_untold(self, channel: str, notices: Sequence[Notice], error: str) -> None:
        """The log says so; it is tried again."""

    def forget(self, is_done: Iterable[Identity]) -> None:
        """Problems that are over and told, so that nothing is left to read at the next time."""
        done = set(is_done)
        told = {
            channel: [each for each in notices if _parse(each["problem"]) not in done] for channel, notices in self._content["told"].items()
        }
        problems = [row for row in self._content["problems"] if _read_standing(row).problem.identity not in done]
        self._write({"problems": problems, "told": {channel: notices for channel, notices in told.items() if notices}})

    @property
    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.text) if self.text else {"problems": [], "told": {}}
        return content

    def _write(self, content: dict[str, Any]) -> None:
        text = json.dumps(content, ensure_ascii=False) if content["problems"] else ""
        if text != self.text:
            self.memory.write(text)
            self.text = text


def _name_notices(notices: Sequence[Notice]) -> object:
    return encode_list(
        [
            {"tenant_id": notice.problem.tenant_id, "kind": notice.problem.kind, "subject": notice.problem.subject, "event": notice.event}
            for notice in notices
        ]
    )


def _parse(identity: Sequence[str]) -> Identity:
    tenant_id, kind, subject = identity
    return tenant_id, kind, subject


def _write_standing(standing: Standing) -> Row:
    problem = standing.problem
    instants = {
        "since": problem.since,
        "first_seen_at": standing.first_seen_at,
        "last_seen_at": standing.last_seen_at,
        "over_at": standing.over_at,
    }
    return {
        "tenant_id": problem.tenant_id,
        "kind": problem.kind,
        "subject": problem.subject,
        "outcome": problem.outcome,
        "reason": str(problem.reason),
        "reason_zh": say(problem.reason, "zh"),
        "fix": str(problem.fix),
        "fix_zh": say(problem.fix, "zh"),
        "link": problem.link,
        "returns": standing.returns,
    } | {name: instant and instant.isoformat() for name, instant in instants.items()}


def _read_standing(row: Row) -> Standing:
    """Of the warehouse's row, or of one that was written as text."""
    problem = Problem(
        row["tenant_id"],
        row["kind"],
        row["subject"],
        row["outcome"],
        Words(row["reason"], row["reason_zh"]),
        Words(row["fix"], row["fix_zh"]),
        row["link"],
        _read_instant(row["since"]),
    )
    over_at = _read_instant(row["over_at"]) if row["over_at"] else None
    return Standing(problem, _read_instant(row["first_seen_at"]), _read_instant(row["last_seen_at"]), over_at, row["returns"])


def _read_instant(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
