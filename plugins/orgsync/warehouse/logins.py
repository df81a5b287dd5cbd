"""The logins that work: for syncing and delivering, for the pages, for receiving events; made by the owner, which only migrates."""

from __future__ import annotations

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password

from orgsync.warehouse.connection import Address
from orgsync.warehouse.statements import fetch_all

LOADER = "orgsync_loader"
PAGES = "orgsync_pages"
RECEIVER = "orgsync_receiver"


def keep_login(connection: Connection, address: Address, *, role: str) -> None:
    """Make the login of an address if it is missing, with its password, which does not travel: the server gets what it keeps of it.

    One that is there becomes a member of the role.
    """
    verifier = encrypt_password(address.password, address.user, scope=connection, algorithm="scram-sha-256")
    for row in fetch_all(connection, "ops/write_login", login=address.user, verifier=verifier, role=role):
        with connection.cursor() as cursor:
            cursor.execute(row["statement"])
