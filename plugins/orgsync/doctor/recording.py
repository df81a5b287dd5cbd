"""Keeps in the warehouse what the doctor found, and since when it is so."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from orgsync.check import Check, texts_of
from orgsync.errors import OrgsyncError
from orgsync.settings import Settings
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.heartbeats import beat
from orgsync.warehouse.hook import find_warehouse
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import encode_list, execute

log = logging.getLogger(__name__)


def record_checks(settings: Settings, tenant_id: str, checks: Iterable[Check]) -> None:
    """Where the warehouse itself is what is wrong, nothing can be kept; whoever asked is told all the same."""
    rows = [
        {"name": check.name, "subject": check.subject, "outcome": check.outcome, "code": check.code} | texts_of(check) for check in checks
    ]
    try:
        with open_warehouse(find_warehouse(settings)) as connection:
            check_schema(connection)
            execute(connection, "ops/save_doctor_checks", tenant_id=tenant_id, checks=encode_list(rows))
            beat(connection, "doctor")
    except OrgsyncError as error:
        log.warning("what was found is not kept: %s", error)
