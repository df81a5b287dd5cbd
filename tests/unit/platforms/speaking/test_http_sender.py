"""HttpSender against a small server on 127.0.0.1."""

from __future__ import annotations

import gzip
import threading
import time
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orgsync.errors import ConfigurationError, NoConnectionError, OrgsyncError, UnexpectedAnswerError, UnreachableError
from orgsync.platforms.speaking.http_sender import HttpSender
from orgsync.platforms.speaking.transport import Request, Response

SECRET = "s3cr3t-of-app"


class Odd(BaseHTTPRequestHandler):
    """Each path answers in a way of its own."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        getattr(self, "answer_" + self.path.partition("?")[0].strip("/"))()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(body, {"Content-Type": f"{self.headers['Content-Type']};charset=UTF-8"})

    def answer_gzip(self) -> None:
        self._send(gzip.compress(b'{"a": 1}'), {"Content-Encoding": "gzip"})

    def answer_cut(self) -> None:
        self._send(b'{"a"', {"Content-Length": "100"})

    def answer_drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(20):
            try:
                self.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.1)

    def answer_stall(self) -> None:
        time.sleep(1)

    def answer_away(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/gzip")
        self.end_headers()

    def answer_later(self) -> None:
        self.send_response(429)
        self.send_header("Retry-After", "12")
        self.end_headers()

    def answer_tomorrow(self) -> None:
        self._send_at(time.time() + 86_400, {})

    def answer_cached(self) -> None:
        self._send_at(time.time() - 3600, {"Age": "3600"})

    def answer_timeless(self) -> None:
        self.send_response_only(200)
        self.send_header("Date", "some day")
        self.end_headers()

    def _send_at(self, moment: float, headers: dict[str, str]) -> None:
        self.send_response_only(200)
        for name, value in {"Date": self.date_time_string(moment), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def send(base_url: str, path: str, *, method: str = "GET", body: dict[str, int] | None = None) -> Response:
    sender = HttpSender(base_url, platform="p", conn_id="conn", parallel=2, request_timeout_seconds=0.4)
    return sender(Request(path, method, path, query={"appsecret": SECRET}, body=body))


def test_body_is_json_and_content_type_is_bare(base_url: str) -> None:
    assert send(base_url, "echo", method="POST", body={"order": 176318668975061512}) == Response(
        200, "application/json", b'{"order":176318668975061512}'
    )


def test_compressed_answer_is_opened(base_url: str) -> None:
    assert send(base_url, "gzip").body == b'{"a": 1}'


def test_redirect_is_not_followed(base_url: str) -> None:
    """It would take the secret elsewhere."""
    assert send(base_url, "away").status == 302


def test_wait_asked_for_is_read(base_url: str) -> None:
    assert send(base_url, "later").retry_after_seconds == 12


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("cut", UnexpectedAnswerError, "cut off"),
        ("stall", UnreachableError, "no answer within the request timeout"),
        ("drip", UnreachableError, "no answer within the request timeout"),
    ],
)
def test_trouble_is_named_without_the_url(base_url: str, path: str, kind: type[OrgsyncError], said: str) -> None:
    with pytest.raises(kind, match=said) as raised:
        send(base_url, path)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        ("http://127.0.0.1:9", UnreachableError, r"refused \(127\.0\.0\.1:9\).*connection 'conn'"),
        ("http://nowhere.invalid", UnreachableError, r"nowhere\.invalid:80"),
        ("ftp//x", ConfigurationError, "connection 'conn' has no usable host"),
        ("http://", ConfigurationError, "connection 'conn' has no usable host"),
    ],
)
def test_host_that_cannot_be_reached(url: str, kind: type[OrgsyncError], said: str) -> None:
    with pytest.raises(kind, match=said) as raised:
        send(url, "x")
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_connection_that_never_came_about_is_told_apart(base_url: str) -> None:
    with pytest.raises(NoConnectionError):
        HttpSender("http://127.0.0.1:9", platform="p", conn_id="c", parallel=1)(Request("i", "GET", "x"))
    with pytest.raises(UnreachableError) as raised:
        HttpSender(base_url, platform="p", conn_id="c", parallel=1, request_timeout_seconds=0.2)(Request("i", "GET", "drip"))
    assert not isinstance(raised.value, NoConnectionError)


def test_host_of_a_whole_url_is_the_one_named() -> None:
    sender = HttpSender("http://127.0.0.1:9", platform="p", conn_id="c", parallel=1)
    with pytest.raises(NoConnectionError, match=r"127\.0\.0\.1:10"):
        sender(Request("i", "GET", "http://127.0.0.1:10/x"))


def test_other_sides_clock_is_read(base_url: str) -> None:
    ahead = send(base_url, "tomorrow").ahead_seconds
    assert ahead is not None
    assert abs(ahead - 86_400) < 30


@pytest.mark.parametrize("path", ["cached", "timeless"])
def test_clock_that_nobody_tells_is_not_guessed(base_url: str, path: str) -> None:
    assert send(base_url, path).ahead_seconds is None
