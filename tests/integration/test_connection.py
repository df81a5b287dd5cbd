"""What the server refuses is told without the row it stumbled over."""

from __future__ import annotations

import traceback

import psycopg2
import pytest

from orgsync.errors import OrgsyncError, StatementError, WarehouseUnavailableError
from orgsync.warehouse.connection import Address, open_warehouse

VALUE = "13800000000"


@pytest.fixture
def address(warehouse_dsn: str) -> Address:
    parts = psycopg2.extensions.parse_dsn(warehouse_dsn)
    return Address(parts["host"], int(parts["port"]), parts["dbname"], parts["user"], parts["password"])


@pytest.mark.parametrize(
    ("statement", "error", "words"),
    [
        pytest.param(
            f"insert into stage.user (plan_id, mobile) values (1, '{VALUE}')", StatementError, "23502 on stage/user/user_id", id="row"
        ),
        pytest.param(
            f"insert into ops.plan (tenant_id, snapshot_id, taken_at) values ('acme', '{VALUE}', now())",
            StatementError,
            "plan_snapshot_id_fkey",
            id="key",
        ),
        pytest.param(f"select '{VALUE}x'::numeric", StatementError, "22P02: InvalidTextRepresentation", id="value"),
        pytest.param(f"select * from org.nowhere where mobile = '{VALUE}'", StatementError, '"org.nowhere" does not exist', id="table"),
        pytest.param(
            f"set statement_timeout = 50; select pg_sleep(5), '{VALUE}'", WarehouseUnavailableError, "statement timeout", id="too long"
        ),
        pytest.param(
            f"select pg_terminate_backend(pg_backend_pid()), '{VALUE}'", WarehouseUnavailableError, "dropped the connection", id="lost"
        ),
    ],
)
def test_refused_statement_is_told_without_its_values(address: Address, statement: str, error: type[OrgsyncError], words: str) -> None:
    with pytest.raises(error, match=words) as caught, open_warehouse(address) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
    assert VALUE not in "".join(traceback.format_exception(caught.value)).replace(statement, "")
