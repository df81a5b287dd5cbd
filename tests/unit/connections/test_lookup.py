"""A connection is looked up where Airflow looks, in its order; whatever is not plain is left to Airflow."""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64encode
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.models import Connection as StoredConnection
from airflow.models.crypto import get_fernet
from sqlalchemy import create_engine, insert

from orgsync.connections.lookup import look_up

KEYS = [urlsafe_b64encode(bytes([number]) * 32).decode() for number in range(2)]
EXTRA = '{"sslmode": "require", "port": 5}'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An Airflow whose database holds a connection, encrypted by Airflow with the second of two keys, or not at all."""
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", KEYS[1])
    get_fernet.cache_clear()
    fields: dict[str, Any] = {
        "conn_type": "postgres",
        "host": "db.example",
        "login": "u",
        "password": "very-secret",
        "port": 5432,
        "extra": EXTRA,
    }
    stored = [StoredConnection(conn_id="acme", schema="warehouse", **fields), StoredConnection(conn_id="teams", **fields)]
    monkeypatch.undo()
    get_fernet.cache_clear()
    engine = create_engine(f"sqlite:///{tmp_path / 'airflow.db'}")
    table: Any = StoredConnection.__table__
    names = ("conn_id", "conn_type", "host", "schema", "login", "port", "is_encrypted", "is_extra_encrypted")
    with engine.begin() as connection:
        table.create(connection)
        for each in stored:
            row = {name: getattr(each, name) for name in names} | {"password": each._password, "extra": each._extra}
            connection.execute(insert(table).values(row | {"team_name": "red" if each.conn_id == "teams" else None}))
        row = {
            "conn_id": "open",
            "conn_type": "http",
            "password": "plain",
            "extra": EXTRA,
            "is_encrypted": False,
            "is_extra_encrypted": False,
        }
        connection.execute(insert(table).values(row))
    engine.dispose()
    configure(tmp_path)
    return tmp_path


def configure(home: Path, **sections: dict[str, str]) -> None:
    known = {"core": {"fernet_key": ",".join(KEYS)}, "database": {"sql_alchemy_conn": f"sqlite:///{home / 'airflow.db'}"}}
    text = [f"[{name}]\n" + "\n".join(f"{key} = {value}" for key, value in options.items()) for name, options in (known | sections).items()]
    (home / "airflow.cfg").write_text("\n".join(text), encoding="utf-8")


def environ(home: Path, **more: str) -> dict[str, str]:
    return {"AIRFLOW_HOME": str(home), "_AIRFLOW_PROCESS_CONTEXT": "server"} | more


def test_stored_connection_is_decrypted(home: Path) -> None:
    with closing(sqlite3.connect(home / "airflow.db")) as database:
        assert "very-secret" not in str(database.execute("select * from connection where conn_id = 'acme'").fetchall())
    found = look_up("acme", environ(home))
    assert found
    assert (found.conn_type, found.host, found.port, found.schema, found.login) == ("postgres", "db.example", 5432, "warehouse", "u")
    assert (found.password, found.extra_dejson) == ("very-secret", {"sslmode": "require", "port": 5})


def test_stored_connection_may_be_unencrypted(home: Path) -> None:
    found = look_up("open", environ(home))
    assert found
    assert (found.password, found.extra) == ("plain", EXTRA)


def test_options_may_be_what_commands_print(home: Path, tmp_path: Path) -> None:
    """As where container engines mount secrets as files."""
    keys = tmp_path / "fernet key"
    keys.write_text(",".join(KEYS), encoding="utf-8")
    given = environ(
        home,
        AIRFLOW_CONFIG="/no/such/file",
        AIRFLOW__CORE__FERNET_KEY_CMD=f"cat '{keys}'",
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD=f"printf sqlite:///{home / 'airflow.db'}",
    )
    found = look_up("acme", given)
    assert found
    assert found.password == "very-secret"
    assert look_up("acme", given | {"AIRFLOW__CORE__FERNET_KEY": KEYS[0]}) is None, "the value itself comes first"


def test_environment_comes_before_the_database(home: Path) -> None:
    found = look_up("acme", environ(home, AIRFLOW_CONN_ACME="http://user:other@host"))
    assert found
    assert (found.conn_type, found.password) == ("http", "other")
    empty = look_up("acme", environ(home, AIRFLOW_CONN_ACME=""))
    assert empty
    assert empty.password == "very-secret"


@pytest.mark.parametrize(
    "named",
    [
        {"AIRFLOW__SECRETS__BACKEND": "some.Backend"},
        {"AIRFLOW__SECRETS__BACKEND_CMD": "cat file"},
        {"AIRFLOW__WORKERS__SECRETS_BACKEND": "some.Backend"},
        {"secrets": "backend = some.Backend"},
        {"workers": "secrets_backend = some.Backend"},
        {"secrets": "no option at all\n["},
    ],
    ids=str,
)
def test_secrets_backend_is_asked_first_and_by_airflow(home: Path, named: dict[str, str]) -> None:
    variables = {name: value for name, value in named.items() if name.startswith("AIRFLOW")}
    with (home / "airflow.cfg").open("a", encoding="utf-8") as file:
        file.writelines(f"\n[{name}]\n{line}\n" for name, line in named.items() if name not in variables)
    assert look_up("acme", environ(home, AIRFLOW_CONN_ACME="http://host", **variables)) is None


def test_backend_that_the_environment_takes_away_is_none(home: Path) -> None:
    configure(home, secrets={"backend": "some.Backend"})
    assert look_up("acme", environ(home, AIRFLOW__SECRETS__BACKEND="", AIRFLOW_CONN_ACME="http://host"))


@pytest.mark.parametrize(
    "change",
    [
        {"_AIRFLOW_PROCESS_CONTEXT": "client"},
        {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "mysql://u:p@host/airflow"},
        {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////no/such/folder/airflow.db"},
        {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://u:very-secret@127.0.0.1:1/airflow"},
        {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////$HOME/airflow.db"},
        {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "cat /no/such/file"},
        {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "no-such-program"},
        {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "echo 'half a quote"},
        {"AIRFLOW__CORE__FERNET_KEY_CMD": "true"},
        {"AIRFLOW__CORE__FERNET_KEY": ""},
        {"AIRFLOW__CORE__FERNET_KEY": "no key"},
        {"AIRFLOW__CORE__FERNET_KEY": KEYS[0]},
        {"AIRFLOW__CORE__FERNET_KEY_SECRET": "elsewhere"},
        {"AIRFLOW_CONFIG": "$HOME/airflow.cfg"},
        {"AIRFLOW_CONFIG": "/no/such/file"},
        {"AIRFLOW_CONN_ACME": "http://a://b://c"},
    ],
    ids=str,
)
def test_what_is_not_plain_is_left_to_airflow(home: Path, change: dict[str, str]) -> None:
    assert look_up("acme", environ(home) | change) is None


@pytest.mark.parametrize("conn_id", ["nobody", "teams", "red___acme"])
def test_connection_that_is_not_there_is_left_to_airflow(home: Path, conn_id: str) -> None:
    assert look_up(conn_id, environ(home, AIRFLOW_CONN_RED___ACME="http://host")) is None


def test_percent_signs_of_the_file_are_doubled(home: Path) -> None:
    odd = home / "a%b"
    odd.mkdir()
    (home / "airflow.db").rename(odd / "airflow.db")
    configure(home, database={"sql_alchemy_conn": f"sqlite:///{home}/a%%b/airflow.db"})
    assert look_up("open", environ(home)) is None  # a percent sign that is left means something else to each database
