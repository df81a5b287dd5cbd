"""What answers where a sandbox should may be anything."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from orgsync.cli import sandbox
from orgsync.errors import ConfigurationError


class Stranger(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_refusal = self.path.endswith("refused")
        self.send_response(404 if is_refusal else 200)
        self.end_headers()
        self.wfile.write((b"no such interface " + b"x" * 100_000) if is_refusal else b"<html>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("ORGSYNC_SANDBOX_URL", url)
        yield url
        server.shutdown()
        thread.join()


def test_what_is_no_sandbox_is_told(stranger: str) -> None:
    with pytest.raises(ConfigurationError, match=f"what answers at {stranger} is no sandbox"):
        sandbox.control("GET", "health")


def test_refusal_is_shown_and_not_at_any_length(stranger: str) -> None:
    with pytest.raises(ConfigurationError, match="the sandbox refused: no such interface") as refused:
        sandbox.control("GET", "refused")
    assert len(str(refused.value)) < 3000


def test_answer_that_does_not_end_is_told(stranger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgsync.platforms.speaking.receiving._PART_BYTES", 2)
    monkeypatch.setattr(sandbox, "MOST_ANSWER_BYTES", 4)
    with pytest.raises(ConfigurationError, match="does not come to an end"):
        sandbox.control("GET", "health")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:port", "nowhere"])
def test_where_nothing_answers_it_is_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ORGSYNC_SANDBOX_URL", url)
    with pytest.raises(ConfigurationError, match=f"no sandbox answers at {url}"):
        sandbox.control("GET", "health")
