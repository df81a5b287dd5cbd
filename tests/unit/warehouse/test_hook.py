"""Where the warehouse's connection has its password from."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.warehouse.connection import Address
from orgsync.warehouse.hook import read_address

LOGIN = "postgresql://orgsync_sync"
PLACE = "warehouse:5432/warehouse"


def read(monkeypatch: pytest.MonkeyPatch, uri: str) -> Address:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)
    return read_address("warehouse", statement_timeout_seconds=10)


def test_password_comes_from_the_file_that_the_connection_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("of a file\n", encoding="utf-8")
    address = read(monkeypatch, f"{LOGIN}@{PLACE}?password_file={file}")
    assert (address.user, address.host, address.database, address.password) == ("orgsync_sync", "warehouse", "warehouse", "of a file")


def test_password_of_the_connection_itself_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, f"{LOGIN}:own@{PLACE}?password_file=/no/such/file").password == "own"


def test_connection_may_do_without_password(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(monkeypatch, f"{LOGIN}@{PLACE}").password == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "there is no file {file}, which connection 'warehouse' names as its password_file"), ("\n", "the file {file}, .* is empty")],
    ids=["missing", "empty"],
)
def test_file_that_gives_no_password_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said.format(file=file)):
        read(monkeypatch, f"{LOGIN}@{PLACE}?password_file={file}")


def test_folder_in_the_place_of_the_file_is_no_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"the password_file of connection 'warehouse', {tmp_path} cannot be read"):
        read(monkeypatch, f"{LOGIN}@{PLACE}?password_file={tmp_path}")
