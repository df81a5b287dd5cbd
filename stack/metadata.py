"""Prepare Airflow's metadata database in one process: schema, connections, pools.

Run as `python -m stack.metadata`, with AIRFLOW_HOME set and what to create as JSON on standard input. One process costs
one import of Airflow, where the command line would cost one for each line here.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    wanted = json.load(sys.stdin)

    from airflow.utils.session import create_session

    migrate()
    with create_session() as session:
        for connection in wanted["connections"]:
            put_connection(session, **connection)
        for name, pool in wanted["pools"].items():
            put_pool(session, name, **pool)


def migrate() -> None:
    """`airflow db migrate`, if the schema is not the installed version's."""
    from airflow.utils import db

    try:
        db.check_migrations(0)
    except TimeoutError:
        db.upgradedb()
    else:
        db.synchronize_log_template()


def put_connection(session: Any, *, conn_id: str, **values: Any) -> None:
    """Create or correct: ports change from start to start."""
    from airflow.models.connection import Connection
    from sqlalchemy import select

    connection = session.scalar(select(Connection).where(Connection.conn_id == conn_id))
    if connection is None:
        session.add(Connection(conn_id=conn_id, **values))
        return
    for key, value in values.items():
        setattr(connection, key, value)


def put_pool(session: Any, name: str, *, slots: int, description: str, include_deferred: bool = False) -> None:
    """Create a pool; one that exists keeps what was set in the UI."""
    from airflow.models.pool import Pool
    from sqlalchemy import select

    if session.scalar(select(Pool).where(Pool.pool == name)) is None:
        session.add(Pool(pool=name, slots=slots, description=description, include_deferred=include_deferred))


if __name__ == "__main__":
    main()
