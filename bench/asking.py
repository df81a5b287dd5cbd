"""Asks a server for pages, one after the other or several at a time, and tells how long the answers took and how large they were."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import ceil
from urllib.parse import urlencode, urlsplit

from bench.results import Figures

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Question:
    """The path of a page, and what stands in it if it is the right one; a `form` is posted. `cut` tells an answer that is not whole."""

    path: str
    expects: str = "<h1"
    form: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""


@dataclass(frozen=True)
class Answer:
    """`seconds` from the request to the last byte; `sent_bytes` as they came, compressed, `bytes` as they are read."""

    seconds: float
    sent_bytes: int
    bytes: int
    is_cut: bool = False


def ask_all(url: str, token: str, questions: Sequence[Question], *, at_a_time: int = 1) -> list[Answer]:
    """Each of those that ask at the same time keeps its connection, as a browser does."""
    own = threading.local()
    opened: list[http.client.HTTPConnection] = []

    def connect() -> None:
        own.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_SECONDS)
        opened.append(own.connection)

    try:
        with ThreadPoolExecutor(at_a_time, initializer=connect) as threads:
            return list(threads.map(lambda question: _ask(own.connection, urlsplit(url).path, token, question), questions))
    finally:
        for connection in opened:
            connection.close()


def _ask(connection: http.client.HTTPConnection, base: str, token: str, question: Question) -> Answer:
    """Raises SystemExit where the answer is another than expected: a figure of it would mean nothing."""
    headers = {"Cookie": f"_token={token}", "Accept-Encoding": "gzip", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    body = urlencode(question.form) if question.form else None
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    started = time.monotonic()
    connection.request("POST" if body else "GET", f"{base}/{question.path}", body, headers)
    response = connection.getresponse()
    sent = response.read()
    seconds = time.monotonic() - started
    content = gzip.decompress(sent) if response.headers["Content-Encoding"] == "gzip" else sent
    if response.status != 200 or question.expects.encode() not in content:
        said = content.decode(errors="replace")
        asked = f"{question.path} {dict(question.form) or ''}".strip()
        raise SystemExit(f"{asked} was answered with {response.status}, without {question.expects!r}:\n{said[:2000]}")
    return Answer(seconds, len(sent), len(content), bool(question.cut) and question.cut.encode() in content)


def summarize(answers: Sequence[Answer]) -> Figures:
    milliseconds = sorted(answer.seconds * 1000 for answer in answers)
    return {
        "requests": len(answers),
        "p50_ms": round(percentile(milliseconds, 0.50), 1),
        "p95_ms": round(percentile(milliseconds, 0.95), 1),
        "max_ms": round(milliseconds[-1], 1),
        "cut": sum(answer.is_cut for answer in answers),
    }


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least figure that so many of them do not exceed."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
