"""What somebody may now, read from the warehouse and kept for seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from orgsync.access.file import read_access
from orgsync.access.grading import Rights, Standing, grade
from orgsync.pages.reading import open_reader
from orgsync.settings import Settings
from orgsync.warehouse.statements import execute, fetch_one

log = logging.getLogger(__name__)

KEPT_SECONDS = 5.0
MOST_KEPT = 10_000


@dataclass(frozen=True)
class Found:
    """`name` and `rights` of somebody, who may be nobody here (both empty)."""

    name: str = ""
    rights: Rights | None = None


@dataclass
class Registry:
    """Safe for many threads. `clock` counts seconds."""

    settings: Settings
    clock: Callable[[], float] = time.monotonic
    _kept: dict[tuple[str, str], tuple[float, Found]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, tenant_id: str, user_id: str) -> Found:
        """Raises where the warehouse or the access file cannot be read: then nobody is let in who would have to be looked up."""
        key, now = (tenant_id, user_id), self.clock()
        with self._lock:
            at, found = self._kept.get(key, (float("-inf"), Found()))
        if now - at < KEPT_SECONDS:
            return found
        fresh = self._look_up(tenant_id, user_id)
        if at == float("-inf") or fresh.rights != found.rights:
            self.note(tenant_id, user_id, "rights.changed", str(fresh.rights or "none"))
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (now, fresh)
        return fresh

    def note(self, tenant_id: str, user_id: str, action: str, detail: str) -> None:
        """Into ops.audit: `signed.in`, `sign_in.refused`, `rights.changed`."""
        with open_reader(self.settings) as connection:
            execute(connection, "sign_in/note_access", tenant_id=tenant_id, person=user_id, action=action, detail=detail)

    def _look_up(self, tenant_id: str, user_id: str) -> Found:
        rules = read_access(self.settings.access_file).people
        with open_reader(self.settings) as connection:
            row = fetch_one(connection, "sign_in/find_standing", tenant_id=tenant_id, user_id=user_id)
        if row is None:
            return Found()
        standing = Standing(
            tenant_id,
            user_id,
            name=row["name"] or "",
            status=row["status"],
            title=row["title"],
            departments=frozenset(row["departments"]),
            led_departments=frozenset(row["led_departments"]),
        )
        return Found(standing.name, grade(rules, standing))


def list_tenants_of_rules(settings: Settings) -> list[str]:
    """The tenants whose people may sign in at all, in the order of the rules."""
    return list(dict.fromkeys(rule.tenant for rule in read_access(settings.access_file).people))
