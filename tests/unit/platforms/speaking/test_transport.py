from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from orgsync.errors import (
    NoConnectionError,
    OversizedAnswerError,
    PlatformBusyError,
    PlatformError,
    Refusal,
    RefusedError,
    SlowAnswerError,
    ThrottledError,
    UnexpectedAnswerError,
    UnreachableError,
)
from orgsync.platforms.speaking.transport import Patience, Reply, Request, Response, StoppedError, Transport
from tests.unit.platforms.clock import FakeClock

GOOD = Response(200, "application/json", b'{"order": 176318668975061512}')
REQUEST = Request("user/list", "POST", "user/list", query={"access_token": "tok-123"}, body={"dept_id": 1})


def accept(request: Request, response: Response, content: Any) -> Any:
    return content


class Script:
    """Answers one after another; an error is raised, the last one stays."""

    def __init__(self, *answers: Response | PlatformError) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self, request: Request) -> Response:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, PlatformError):
            raise answer
        return answer


def error(kind: type[PlatformError], wait_seconds: float | None = None) -> PlatformError:
    return kind(Refusal("p", "user/list", "x"), wait_seconds=wait_seconds)


def transport_of(send: Callable[[Request], Response], *, attempts: int = 4) -> tuple[Transport, FakeClock]:
    clock = FakeClock()
    return Transport("p", send, conn_id="conn", patience=Patience(attempts=attempts), sleep=clock.sleep, clock=clock), clock


def call(transport: Transport, judge: Callable[[Request, Response, Any], Any] = accept) -> Reply:
    return transport.call(REQUEST, judge, params={"dept_id": 1})


def test_answer_holds_bytes_as_received_and_no_token() -> None:
    reply = call(transport_of(Script(GOOD))[0])
    assert reply.answer.body == GOOD.body
    assert reply.answer.params == {"dept_id": 1}
    assert reply.content == {"order": 176318668975061512}


def test_platforms_clock_is_as_far_off_as_the_least_that_any_answer_says() -> None:
    """One that was long under way says too much."""
    transport, _ = transport_of(Script(*(replace(GOOD, ahead_seconds=ahead) for ahead in (None, -3.5, 0.5, -2.0))))
    for _ in range(4):
        call(transport)
    assert transport.ahead_seconds == 0.5


@pytest.mark.parametrize("kind", [UnreachableError, ThrottledError, PlatformBusyError, UnexpectedAnswerError])
def test_retryable_errors_are_tried_again(kind: type[PlatformError]) -> None:
    transport, clock = transport_of(Script(error(kind), error(kind), GOOD))
    assert call(transport).content
    calls = transport.ledger.counts()["user/list"]
    assert (calls.read, calls.failed, calls.retried) == (1, 0, 2)
    assert calls.throttled == (2 if kind is ThrottledError else 0)
    assert clock.slept


def test_waits_grow() -> None:
    transport, clock = transport_of(Script(error(PlatformBusyError)), attempts=5)
    with pytest.raises(PlatformBusyError):
        call(transport)
    assert [int(seconds) for seconds in clock.slept] >= [1, 2, 4, 8]
    assert len(clock.slept) == 4


def test_fatal_error_is_not_tried_again() -> None:
    send = Script(error(RefusedError))
    transport, clock = transport_of(send)
    with pytest.raises(RefusedError):
        call(transport)
    assert (send.calls, clock.slept) == (1, [])
    assert transport.ledger.counts()["user/list"].failed == 1


def test_platforms_own_wait_is_honoured() -> None:
    transport, clock = transport_of(Script(error(ThrottledError, wait_seconds=42), GOOD))
    call(transport)
    assert clock.now - 1000 >= 42


def test_wait_beyond_patience_is_left_to_the_task() -> None:
    send = Script(error(ThrottledError, wait_seconds=86400))
    transport, clock = transport_of(send)
    with pytest.raises(ThrottledError):
        call(transport)
    assert (send.calls, clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("response", "kind", "said"),
    [
        (Response(200, "text/html", b"<html>login</html>"), UnexpectedAnswerError, "text/html"),
        (Response(200, "application/json", b'{"a": [1, 2'), UnexpectedAnswerError, "cut or damaged JSON"),
        (Response(200, "application/json", b""), UnexpectedAnswerError, "cut or damaged JSON"),
        (Response(200, "", b"\xff\xfe"), UnexpectedAnswerError, "no content type"),
        (Response(302, "text/html", b""), UnexpectedAnswerError, "HTTP 302"),
        (Response(404, "text/html", b"not here"), UnexpectedAnswerError, "HTTP 404"),
        (Response(500, "application/json", b"{}"), PlatformBusyError, "HTTP 500"),
        (Response(502, "text/html", b"<html>"), PlatformBusyError, "HTTP 502"),
        (Response(429, "text/html", b"", retry_after_seconds=7), ThrottledError, "HTTP 429"),
    ],
    ids=["html", "cut", "empty", "bytes", "redirect", "not-found", "500", "502", "429"],
)
def test_http_troubles_are_named(response: Response, kind: type[PlatformError], said: str) -> None:
    transport, _ = transport_of(Script(response), attempts=1)
    with pytest.raises(kind, match=said) as raised:
        call(transport)
    assert raised.value.refusal.fix


def test_half_an_emoji_does_not_cost_the_answer() -> None:
    transport, _ = transport_of(Script(Response(200, "application/json", b'{"name": "a\\ud83d", "n": 12345678901234567890123}')))
    assert call(transport).content == {"name": "a\ufffd", "n": 12345678901234567890123}


def test_not_json_error_does_not_carry_the_body() -> None:
    transport, _ = transport_of(Script(Response(200, "application/json", b'{"name": "Li Lei", "mobile": "139')), attempts=1)
    with pytest.raises(UnexpectedAnswerError) as raised:
        call(transport)
    assert "Li Lei" not in "".join(traceback.format_exception(raised.value))
    assert raised.value.__context__ is None


def test_error_names_the_connection_to_look_at() -> None:
    with pytest.raises(UnexpectedAnswerError, match="connection 'conn'"):
        call(transport_of(Script(Response(200, "text/html", b"<html>")), attempts=1)[0])


def test_judge_is_asked_for_each_attempt() -> None:
    verdicts = [error(ThrottledError, wait_seconds=1.0), None]

    def judge(request: Request, response: Response, content: Any) -> Any:
        verdict = verdicts.pop(0)
        if verdict:
            raise verdict
        return "good"

    assert call(transport_of(Script(GOOD))[0], judge).content == "good"


def test_code_the_caller_retries_is_no_failed_call() -> None:
    transport, _ = transport_of(Script(error(RefusedError)))
    with pytest.raises(RefusedError):
        transport.call(REQUEST, accept, caller_retries=frozenset({"x"}))
    calls = transport.ledger.counts()["user/list"]
    assert (calls.failed, calls.retried) == (0, 1)


@pytest.mark.parametrize("kind", [SlowAnswerError, OversizedAnswerError])
def test_call_that_can_be_divided_goes_to_the_caller_once_it_is_too_much(kind: type[PlatformError]) -> None:
    send = Script(error(PlatformBusyError), error(kind))
    transport, _ = transport_of(send)
    with pytest.raises(kind):
        transport.call(replace(REQUEST, is_divisible=True), accept)
    calls = transport.ledger.counts()["user/list"]
    assert (send.calls, calls.failed, calls.retried) == (2, 0, 2)


def test_slow_answer_to_a_call_that_cannot_be_divided_is_asked_for_again() -> None:
    send = Script(error(SlowAnswerError), error(SlowAnswerError), GOOD)
    call(transport_of(send)[0])
    assert send.calls == 3


@pytest.mark.parametrize("kind", [UnreachableError, PlatformBusyError, ThrottledError, UnexpectedAnswerError])
def test_other_trouble_of_a_call_that_can_be_divided_is_overcome(kind: type[PlatformError]) -> None:
    send = Script(error(kind), GOOD)
    transport_of(send)[0].call(replace(REQUEST, is_divisible=True), accept)
    assert send.calls == 2


def test_stop_wakes_a_call_that_waits() -> None:
    asked = threading.Event()

    def send(request: Request) -> Response:
        asked.set()
        raise error(PlatformBusyError, wait_seconds=250)

    transport = Transport("p", send, conn_id="conn")
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            call(transport)
        except BaseException as stopped:
            outcome.append(stopped)

    thread = threading.Thread(target=run)
    thread.start()
    asked.wait(5)
    transport.stop()
    thread.join(5)
    assert [type(each) for each in outcome] == [StoppedError]


def test_nothing_secret_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport, _ = transport_of(Script(error(PlatformBusyError), GOOD))
    reply = call(transport)
    shown = caplog.text + repr(REQUEST) + repr(reply) + repr(GOOD)
    assert "attempt 1 failed" in shown
    assert "tok-123" not in shown
    assert "176318668975061512" not in shown


ONCE = Request("send", "POST", "send", is_once=True)


def refuse(code: str, kind: type[PlatformError]) -> Callable[[Request, Response, Any], Any]:
    def judge(request: Request, response: Response, content: Any) -> Any:
        raise kind(Refusal("p", "send", code))

    return judge


@pytest.mark.parametrize(
    "answer",
    [
        error(UnreachableError),
        error(UnexpectedAnswerError),
        Response(502, "text/html", b"<html>"),
        Response(200, "application/json", b'{"cut'),
    ],
    ids=["no answer", "not whole", "5xx", "cut"],
)
def test_what_may_have_been_done_is_not_done_twice(answer: Response | PlatformError) -> None:
    script = Script(answer)
    transport, _ = transport_of(script)
    with pytest.raises(PlatformError) as raised:
        transport.call(ONCE, accept)
    assert (script.calls, raised.value.leaves_doubt) == (1, True)
    assert transport.ledger.counts()["send"].failed == 1


@pytest.mark.parametrize(
    "answer", [error(ThrottledError), error(NoConnectionError), Response(429, "text/html", b"")], ids=["throttled", "no connection", "429"]
)
def test_what_was_surely_not_done_is_tried_again(answer: Response | PlatformError) -> None:
    script = Script(answer, GOOD)
    assert transport_of(script)[0].call(ONCE, accept).content
    assert script.calls == 2


def test_busy_by_its_own_word_is_tried_again_and_leaves_no_doubt() -> None:
    script = Script(GOOD)
    with pytest.raises(PlatformBusyError) as raised:
        transport_of(script, attempts=3)[0].call(ONCE, refuse("-1", PlatformBusyError))
    assert (script.calls, raised.value.leaves_doubt) == (3, False)


def test_answer_that_lacks_what_it_must_hold_leaves_doubt() -> None:
    script = Script(GOOD)
    with pytest.raises(UnexpectedAnswerError) as raised:
        transport_of(script)[0].call(ONCE, refuse("JSON that is not whole", UnexpectedAnswerError))
    assert (script.calls, raised.value.leaves_doubt) == (1, True)


REPEATABLE = Request("send", "POST", "send", reaches_people=True)


def test_what_reaches_people_is_tried_again_and_leaves_doubt() -> None:
    script = Script(error(UnreachableError))
    with pytest.raises(UnreachableError) as raised:
        transport_of(script, attempts=2)[0].call(REPEATABLE, accept)
    assert (script.calls, raised.value.leaves_doubt) == (2, True)


def test_lost_answer_leaves_doubt_whatever_comes_after_it() -> None:
    script = Script(error(UnreachableError), error(ThrottledError))
    with pytest.raises(ThrottledError) as raised:
        transport_of(script, attempts=3)[0].call(REPEATABLE, accept)
    assert raised.value.leaves_doubt is True


def test_what_was_only_throttled_leaves_no_doubt() -> None:
    with pytest.raises(ThrottledError) as raised:
        transport_of(Script(error(ThrottledError)), attempts=2)[0].call(REPEATABLE, accept)
    assert raised.value.leaves_doubt is False


def test_reading_leaves_no_doubt() -> None:
    with pytest.raises(UnreachableError) as raised:
        call(transport_of(Script(error(UnreachableError)))[0])
    assert raised.value.leaves_doubt is False
