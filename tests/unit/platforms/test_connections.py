from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk import Connection

from orgsync.errors import ConfigurationError
from orgsync.platforms.connections import read_base_url, read_number, read_required


def connection(**fields: Any) -> Connection:
    return Connection(conn_id="ding", conn_type="dingtalk", **fields)


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "https://default"),
        ({"host": ""}, "https://default"),
        ({"host": "oapi.example.cn"}, "https://oapi.example.cn"),
        ({"host": "http://127.0.0.1:8080/ding/"}, "http://127.0.0.1:8080/ding"),
        ({"host": "127.0.0.1", "port": 8080, "schema": "http"}, "http://127.0.0.1:8080"),
    ],
)
def test_base_url(fields: dict[str, Any], url: str) -> None:
    assert read_base_url(connection(**fields), "https://default") == url


def test_base_url_of_a_connection_given_as_uri() -> None:
    given = Connection.from_uri("dingtalk://http://id:secret@127.0.0.1:8080", conn_id="ding")
    assert read_base_url(given, "https://default") == "http://127.0.0.1:8080"


@pytest.mark.parametrize("password", [None, "", "  "])
def test_missing_field_is_named(password: str | None) -> None:
    with pytest.raises(ConfigurationError, match="connection 'ding' has no secret; set its password to the app secret"):
        read_required(connection(password=password), "password", missing="secret", hint="the app secret")


@pytest.mark.parametrize(
    ("extra", "number"), [({}, 20), ({"n": ""}, 20), ({"n": None}, 20), ({"n": "5"}, 5), ({"n": 0}, 0), ({"n": 2.5}, 2.5)]
)
def test_number(extra: dict[str, Any], number: float) -> None:
    assert read_number(connection(extra=json.dumps(extra)), "n", 20) == number


@pytest.mark.parametrize("value", ["fast", -1, [1], float("inf")])
def test_number_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match="calls_per_second"):
        read_number(connection(extra=json.dumps({"calls_per_second": value})), "calls_per_second", 20)
