"""An app that the sandbox calls: it keeps what it is told and answers as a test wants."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answering = Callable[[str, dict[str, str], dict[str, str], bytes], bytes | int]
"""From method, query, headers and body to the body of a 200, or to another status."""


def wait_until(is_so: Callable[[], bool], *, seconds: float = 60) -> None:
    """Asks again and again; it is the sandbox's clock that decides, not the test's."""
    until = time.monotonic() + seconds
    pause = Event()
    while not is_so():
        assert time.monotonic() < until, "it did not come about"
        pause.wait(0.02)


class Receiver:
    def __init__(self, answer: Answering | None = None) -> None:
        self.answer: Answering = answer or (lambda *_: b"")
        self.told: list[Any] = []
        self.requests: list[tuple[str, dict[str, str], dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Tests read `requests`."""

            def do_GET(self) -> None:
                receiver._serve(self)

            do_POST = do_GET  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/told?app=1"

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        query = dict(parse_qsl(urlsplit(handler.path).query, keep_blank_values=True))
        headers = dict(handler.headers.items())
        self.requests.append((handler.command, query, headers, body))
        try:
            answer = self.answer(handler.command, query, headers, body)
        except Exception as error:
            answer = 500
            self.told.append(error)
        status, content = (200, answer) if isinstance(answer, bytes) else (answer, b"")
        handler.send_response(status)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def __enter__(self) -> Receiver:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
