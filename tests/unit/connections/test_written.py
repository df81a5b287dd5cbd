"""What is read from AIRFLOW_CONN_* without Airflow is, field by field, what Airflow reads."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from airflow.sdk import Connection as AirflowConnection
from airflow.sdk.bases.secrets_backend import BaseSecretsBackend
from hypothesis import example, given
from hypothesis import strategies as st

from orgsync.connections.airflow_options import UnclearError
from orgsync.connections.written import read_connection

FIELDS = ("conn_id", "conn_type", "description", "host", "schema", "login", "password", "port", "extra")
WORDS = st.text(st.sampled_from("aZ09-_.:/@?#&=%+ 中é\\\"'{}[]"), max_size=8)
TYPES = st.sampled_from(["postgres", "postgresql", "dingtalk", "my-own_type", "HTTP", "a", ""])
EXTRAS = st.dictionaries(WORDS, WORDS | st.integers() | st.booleans() | st.none() | st.lists(st.integers(), max_size=2), max_size=3)
# What a person pastes: pieces of addresses in an order that may make none.
SIGNS = ["://", "//", ":", "@", "/", "?", "&", "#", " "]
WORDS_OF_ADDRESSES = [
    "postgresql",
    "my-type",
    "https",
    "user",
    "p%40ss",
    "Host.Example",
    "%2Ftmp%2FSocket",
    "[::1]",
    "5432",
    "a=1",
    "b=",
    "中",
]
PIECES = st.lists(st.sampled_from([*SIGNS, *WORDS_OF_ADDRESSES, "__extra__=%7B%22a%22%3A1%7D"]), max_size=12).map("".join)


def read_as_airflow(text: str) -> dict[str, Any] | None:
    """None where it refuses: it goes on to its database then."""
    try:
        found = BaseSecretsBackend().deserialize_connection("acme", text)
    except Exception:
        return None
    return {name: getattr(found, name) for name in FIELDS}


def read_without_airflow(text: str) -> dict[str, Any] | None:
    try:
        return asdict(read_connection("acme", text))
    except UnclearError:
        return None


@st.composite
def written_uris(draw: st.DrawFn) -> str:
    """As Airflow itself writes them."""
    texts = {name: draw(st.none() | WORDS) for name in ("host", "schema", "login", "password")}
    extra = json.dumps(draw(EXTRAS))
    port = draw(st.none() | st.integers(1, 65535))
    return AirflowConnection(conn_id="acme", conn_type=draw(TYPES), port=port, extra=extra, **texts).get_uri()


@st.composite
def written_json(draw: st.DrawFn) -> str:
    values = WORDS | st.none() | st.integers() | st.booleans() | st.floats(allow_nan=False)
    names = st.sampled_from(["conn_type", "description", "host", "schema", "login", "password", "port", "extra", "novelty"])
    return json.dumps(draw(st.dictionaries(names, values | EXTRAS, max_size=6)), ensure_ascii=False)


@given(written_uris() | PIECES | written_json())
@example("postgresql://orgsync_sync:p%2Fw%40d@127.0.0.1:5432/warehouse?sslmode=require")
@example("wecom://ww1:secret@https://qyapi.example.com?contact_secret=x")
@example("postgres://u:p@%2Fvar%2Frun%2FPostgres:5432/db")
@example(' {"conn_type": "my-type", "port": "5432", "extra": "{\\"a\\": 1}"}\n')
@example('{"conn_type": "http", "port": 1e999}')
@example('{"conn_type": "http", "conn_id": "other"}')
@example("{")
@example("  ")
def test_text_is_read_as_airflow_reads_it(text: str) -> None:
    assert read_without_airflow(text) == read_as_airflow(text)


@given(st.none() | st.just("") | EXTRAS.map(json.dumps) | WORDS)
def test_extra_is_read_as_airflow_reads_it(extra: str | None) -> None:
    text = json.dumps({"conn_type": "http", "extra": extra})
    assert read_connection("acme", text).extra_dejson == AirflowConnection.from_json(text, conn_id="acme").extra_dejson


def test_what_only_airflow_takes_is_left_to_it() -> None:
    with pytest.raises(UnclearError):
        read_connection("acme", '{"uri": "http://host"}')


@pytest.mark.parametrize(
    "text", ["http://u:very-secret@a://b://c", '{"password": "very-secret", "port": "very-secret"}', "http://u@h:very-secret"]
)
def test_refusal_does_not_hold_the_text(text: str) -> None:
    with pytest.raises(UnclearError) as refused:
        read_connection("acme", text)
    assert refused.value.__context__ is None
    assert "very-secret" not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    shown = repr(read_connection("acme", "http://user:very-secret@host/?contact_secret=very-secret"))
    assert "very-secret" not in shown
