"""The connections of the pages."""

from __future__ import annotations

import pytest

from orgsync.pages.reading import open_reader
from tests.pages.company import Company


def test_statements_are_neither_compiled_nor_waited_for_also_once_a_connection_was_given_back(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ORGSYNC_PAGES", company.environment["AIRFLOW_CONN_ORGSYNC_PAGES"])
    for _ in range(2):
        with open_reader(company.settings) as connection, connection.cursor() as cursor:
            cursor.execute("select current_setting('jit'), current_setting('statement_timeout')")
            assert cursor.fetchall() == [("off", "10s")]
