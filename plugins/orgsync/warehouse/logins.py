"""The login that syncs and delivers: a member of orgsync_loader, made by the owner, which only migrates."""

from __future__ import annotations

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password

from orgsync.warehouse.connection import Address
from orgsync.warehouse.statements import fetch_all


def keep_loader(connection: Connection, loader: Address) -> None:
    """Make the login of an address if it is missing, with its password, which does not travel: the server gets what it keeps of it."""
    verifier = encrypt_password(loader.password, loader.user, scope=connection, algorithm="scram-sha-256")
    for row in fetch_all(connection, "ops/write_login", login=loader.user, verifier=verifier):
        with connection.cursor() as cursor:
            cursor.execute(row["statement"])
