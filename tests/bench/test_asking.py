"""Asking for pages, and what is made of how long it took."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.asking import Answer, Question, ask_all, percentile, summarize

PAGE = b"<h1>" + b"x" * 5000


class _Pages(BaseHTTPRequestHandler):
    """Answers each path that does not begin with `no`, and keeps connections."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.asked.append((self.path, self.headers["Cookie"]))
        sent = gzip.compress(PAGE)
        self.send_response(404 if "no" in self.path else 200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def do_POST(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    asked: list[tuple[str, str]]
    posted: list[str]
    daemon_threads = True


@contextmanager
def serve() -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), _Pages) as server:
        server.asked, server.posted = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("at_a_time", [1, 4])
def test_each_page_is_asked_for_once_and_measured_as_it_came_and_as_it_is_read(at_a_time: int) -> None:
    with serve() as server:
        questions = [Question(f"acme/tree?open={number}") for number in range(9)]
        answers = ask_all(f"http://127.0.0.1:{server.server_port}/organization", "secret", questions, at_a_time=at_a_time)
    assert sorted(server.asked) == [(f"/organization/acme/tree?open={number}", "_token=secret") for number in range(9)]
    assert {(answer.bytes, answer.sent_bytes) for answer in answers} == {(len(PAGE), len(gzip.compress(PAGE)))}
    assert all(answer.seconds > 0 for answer in answers)


def test_a_form_is_posted_and_an_answer_that_is_not_whole_is_told() -> None:
    with serve() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        whole, cut = ask_all(url, "secret", [Question("search", form={"q": "王 伟"}, cut="time was up"), Question("changes", cut="xxx")])
    assert server.posted == ["q=%E7%8E%8B+%E4%BC%9F"]
    assert (whole.is_cut, cut.is_cut) == (False, True)


@pytest.mark.parametrize("question", [Question("no/tree"), Question("acme/tree", "somebody")], ids=["refused", "another page"])
def test_an_answer_that_is_not_the_page_is_no_figure(question: Question) -> None:
    with serve() as server, pytest.raises(SystemExit, match=question.path):
        ask_all(f"http://127.0.0.1:{server.server_port}", "secret", [Question("acme/tree"), question])


def test_of_twenty_answers_one_may_be_slower_than_the_95th_percentile() -> None:
    answers = [Answer(seconds=number / 1000, sent_bytes=1, bytes=1, is_cut=number > 18) for number in range(20, 0, -1)]
    assert summarize(answers) == {"requests": 20, "p50_ms": 10.0, "p95_ms": 19.0, "max_ms": 20.0, "cut": 2}


@pytest.mark.parametrize(("share", "figure"), [(0.0, 1.0), (0.5, 2.0), (0.75, 3.0), (0.76, 4.0), (1.0, 4.0)])
def test_a_percentile_is_one_of_the_figures(share: float, figure: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], share) == figure
