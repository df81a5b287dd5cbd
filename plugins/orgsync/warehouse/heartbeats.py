"""Which part of orgsync was last at work when: how it is noticed that one was switched off, wherever tasks and commands run."""

from __future__ import annotations

from typing import Literal

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.statements import execute

Part = Literal["watch", "housekeeping", "doctor", "notify"]


def beat(connection: Connection, part: Part) -> None:
    execute(connection, "ops/beat", tenant_id="", part=part)
