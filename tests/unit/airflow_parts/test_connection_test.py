"""A port of 0, as Airflow's page sends it, is no port; everything else reaches Airflow untouched."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from orgsync.airflow_parts.connection_test import PATH, UnsetPort, unset_port

OURS = {"conn_type": "dingtalk", "connection_id": "acme", "host": "", "password": "***", "port": 0}


def test_port_of_zero_becomes_none() -> None:
    assert json.loads(unset_port(json.dumps(OURS).encode())) == OURS | {"port": None}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(OURS | {"port": 8790}),
        json.dumps(OURS | {"conn_type": "postgres"}),
        json.dumps({"conn_type": "dingtalk"}),
        json.dumps([OURS]),
        "not json",
        "",
    ],
)
def test_any_other_body_stays_as_it_is(body: str) -> None:
    assert unset_port(body.encode()) == body.encode()


def seen_by_airflow(scope: dict[str, Any], chunks: list[bytes]) -> bytes:
    """What an app behind the middleware reads."""
    messages = [{"type": "http.request", "body": chunk, "more_body": chunk is not chunks[-1]} for chunk in chunks]
    seen = bytearray()

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            seen.extend(message["body"])
            if not message["more_body"]:
                break
        assert (await receive())["type"] == "http.disconnect"

    async def send(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(UnsetPort(app)(scope, receive, send))
    return bytes(seen)


def test_body_in_several_pieces_arrives_whole() -> None:
    text = json.dumps(OURS).encode()
    seen = seen_by_airflow({"type": "http", "method": "POST", "path": PATH}, [text[:20], text[20:]])
    assert json.loads(seen)["port"] is None


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v2/connections"), ("PATCH", f"{PATH}er"), ("GET", PATH)])
def test_other_calls_are_not_read(method: str, path: str) -> None:
    text = json.dumps(OURS).encode()
    assert seen_by_airflow({"type": "http", "method": method, "path": path}, [text]) == text
