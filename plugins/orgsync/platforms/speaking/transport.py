"""Every HTTP call to a platform: paced, retried, counted, and turned into either an answer or a telling error."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import tenacity

from orgsync.errors import (
    NoConnectionError,
    OversizedAnswerError,
    PlatformBusyError,
    PlatformError,
    Refusal,
    RetryableError,
    SlowAnswerError,
    TakenOverError,
    ThrottledError,
    UnexpectedAnswerError,
    UnreachableError,
)
from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.decoding import decode_or_none
from orgsync.platforms.speaking.ledger import Ledger
from orgsync.platforms.speaking.limits import UNPACED, Pace, RateLimits
from orgsync.platforms.speaking.watching import watching
from orgsync.words import Words

log = logging.getLogger(__name__)

WAIT_FIX = Words(
    "Wait; orgsync tries again by itself. If it stays, ask the platform's support",
    "请等待，orgsync 会自动重试；若一直如此，请联系平台的技术支持",
)
_SLOWER = Words(
    "Lower calls_per_second of connection {conn_id!r}, or start at another minute",
    "调低连接 {conn_id!r} 的 calls_per_second，或换一个分钟启动",
)
_CUT = Words("cut or damaged JSON", "JSON 被截断或已损坏")
_NO_JSON = Words("not JSON, so not the platform's own answer", "不是 JSON，因此不是平台自己的应答")
_CHECK_WAY = Words(
    "Check the host of connection {conn_id!r} and any proxy, gateway or login page between here and the platform; "
    "a platform that blocks this address for too many calls may answer with a page too",
    "检查连接 {conn_id!r} 的 host，以及到平台之间的代理、网关或登录页面；平台因调用过多而封禁这个地址时，也可能返回一个页面",
)


@dataclass(frozen=True)
class Request:
    """One call. `query` and `headers` may hold a token or a secret and are never shown; `body` becomes JSON.

    `path` may be a whole URL, as platforms give for files; a list in `query` is sent as a repeated parameter. What an
    answer with `is_file` holds is not looked into: its content is its bytes. What `is_once` asks for must not be done twice: such a call is
    tried again only after an answer that says that nothing was done. What `reaches_people` may be repeated for a while; later it may not,
    so its error too tells whether it may have been done. A call without which others cannot be made, for a token, `is_preparing`. What
    `is_divisible` can be asked for in smaller parts: an answer that is too slow or too large goes to the caller, who does so, at once.
    """

    interface: str
    method: str
    path: str
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    is_file: bool = False
    is_once: bool = False
    reaches_people: bool = False
    is_preparing: bool = False
    is_divisible: bool = False


@dataclass(frozen=True)
class Response:
    """What came back over HTTP, before anyone has looked into it.

    `retry_after_seconds` and `request_id` are what its headers say, where a platform uses headers for them. `ahead_seconds` is by how much
    the other side's clock is ahead of ours, as far as its `Date` tells.
    """

    status: int
    content_type: str
    body: bytes = field(repr=False)
    retry_after_seconds: float | None = None
    request_id: str | None = None
    ahead_seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Reply:
    """A good answer: the bytes as received and what they say. `params` are ours, without token or secret."""

    interface: str
    params: Mapping[str, Any]
    body: bytes = field(repr=False)
    content: Any = field(repr=False)

    @property
    def answer(self) -> Answer:
        return Answer(self.interface, self.params, self.body)


Send = Callable[[Request], Response]
Judge = Callable[[Request, Response, Any], Any]
"""From a request, its response and the decoded body to the content, or it raises what the envelope means."""


class StoppedError(Exception):
    """The transport was stopped while this call waited; it never leaves the walk that stopped it."""


@dataclass(frozen=True)
class Patience:
    """How long one call may be tried: 1, 2, 4 … seconds and a random part between attempts, or the platform's own word."""

    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    longest_asked_seconds: float = 300.0

    def is_worth_waiting(self, error: BaseException) -> bool:
        """Not when the platform asks for more than we would spend inside one call: then the task comes again later."""
        asked = error.wait_seconds if isinstance(error, PlatformError) else None
        is_worth = isinstance(error, RetryableError) and not isinstance(error, TakenOverError)
        return is_worth and (asked or 0.0) <= self.longest_asked_seconds

    def wait_seconds(self, state: tenacity.RetryCallState) -> float:
        doubled = min(self.first_wait_seconds * 2.0 ** (state.attempt_number - 1), self.longest_wait_seconds)
        # Random, so that threads refused together do not come back together.
        return max(doubled, _asked_wait(state) or 0.0) + random.uniform(0, self.first_wait_seconds)  # noqa: S311


SENDING = Patience(attempts=3, longest_wait_seconds=4.0, longest_asked_seconds=5.0)
"""With messages: who waits longer does so in the outbox, where it can be seen, and where others need not wait for it."""

ONCE = Patience(attempts=1)
"""With what is tried again by whoever asks."""


class Transport:
    """`send` does the HTTP, `judge` (given per call) reads a platform's envelope and raises what it means.

    Safe for many threads. `conn_id` is what an error tells the reader to look at. `paces` are those of interfaces with a pace of their own.
    `longest_call_seconds` is after how long `send` gives up at the latest.
    """

    def __init__(
        self,
        platform: str,
        send: Send,
        *,
        conn_id: str,
        host: str = "",
        pace: Pace = UNPACED,
        paces: Mapping[str, Pace] | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        longest_call_seconds: float = 0.0,
    ) -> None:
        self.platform = platform
        self.conn_id = conn_id
        self.host = host
        self.clock = clock
        self.ledger = Ledger()
        self.ahead_seconds: float | None = None
        """By how much the platform's clock is ahead of ours: the least that any answer says, since one that comes late says too much."""
        self._send = send
        self.patience = patience or Patience()
        self.sleep = sleep
        self.longest_call_seconds = longest_call_seconds
        self._stopped = threading.Event()
        self._limits = RateLimits(pace, paces, clock=clock, pause=self.pause)

    def call(
        self, request: Request, judge: Judge, *, params: Mapping[str, Any] | None = None, caller_retries: frozenset[str] = frozenset()
    ) -> Reply:
        """One good answer, after as many attempts as it takes and patience allows.

        `caller_retries` are codes after which the caller asks once more, with another token or in another way: not yet a failed call. Nor
        is one that is divisible, and too much at once.
        """
        failures: list[PlatformError] = []
        try:
            reply = self._retrying(request)(self._attempt, request, judge, params or {}, failures)
        except PlatformError as error:
            error.params = params or {}
            # Not the last attempt alone: an earlier one may have been carried out, and its answer lost.
            error.leaves_doubt = (request.is_once or request.reaches_people) and any(map(_may_be_done, failures))
            goes_on = error.refusal.code in caller_retries or (request.is_divisible and isinstance(error, TOO_MUCH_ERRORS))
            self.ledger.count(request.interface, "retried" if goes_on else "failed")
            raise
        self.ledger.count(request.interface, "read")
        return reply

    def stop(self) -> None:
        """Wake every call that waits for its turn or its next attempt, and let it fail: nobody needs its answer."""
        self._stopped.set()

    def resume(self) -> None:
        self._stopped.clear()

    def _retrying(self, request: Request) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: self.patience.is_worth_waiting(error) and not _is_final(request, error)),
            stop=tenacity.stop_after_attempt(self.patience.attempts),
            wait=self.patience.wait_seconds,
            sleep=self.pause,
            before_sleep=lambda state: self._note_retry(request.interface, state),
            reraise=True,
        )

    def _attempt(self, request: Request, judge: Judge, params: Mapping[str, Any], failures: list[PlatformError]) -> Reply:
        limit = self._limits.of(request.interface)
        sent_at = limit.acquire()
        if self._stopped.is_set():
            raise StoppedError
        watch = None if request.is_preparing else watching()
        if watch and not watch.may_call():
            raise TakenOverError(Refusal(self.platform, request.interface, "nothing", reason=_TAKEN_OVER))
        try:
            if watch:
                watch.made += 1
            response, content = self._exchange(request, partial(limit.note_answer, sent_at))
            return Reply(request.interface, params, response.body, judge(request, response, content))
        except PlatformError as error:
            failures.append(error)
            if watch and isinstance(error, _NOT_COUNTED):
                watch.made -= 1
            if isinstance(error, ThrottledError):
                self.ledger.count(request.interface, "throttled")
                limit.hold_back(error.wait_seconds or self.patience.first_wait_seconds)
            raise

    def _exchange(self, request: Request, note_answer: Callable[..., None]) -> tuple[Response, Any]:
        is_good = False
        try:
            response = self._send(request)
            is_good = response.status == 200
        finally:
            note_answer(is_good=is_good)
        self._note_clock(response.ahead_seconds)
        if error := self._http_error(request, response):
            raise error
        note = partial(log.warning, "%s answered with a value that is no JSON; what could not be read is U+FFFD", request.interface)
        content = response.body if request.is_file and response.status < 300 else decode_or_none(response.body, on_repair=note)
        if content is None:
            raise UnexpectedAnswerError(self._not_json(request, response))
        return response, content

    def _note_clock(self, ahead_seconds: float | None) -> None:
        known = [seconds for seconds in (self.ahead_seconds, ahead_seconds) if seconds is not None]
        self.ahead_seconds = min(known, key=abs, default=None)

    def _http_error(self, request: Request, response: Response) -> PlatformError | None:
        if response.status == 429:
            fix = _SLOWER.fill(conn_id=self.conn_id)
            refusal = Refusal(
                self.platform, request.interface, "HTTP 429", response.request_id, Words("too many calls", "调用过于频繁"), fix
            )
            return ThrottledError(refusal, wait_seconds=response.retry_after_seconds)
        if response.status >= 500:
            reason = Words("it failed on its side", "平台自身出错")
            refusal = Refusal(self.platform, request.interface, f"HTTP {response.status}", response.request_id, reason, WAIT_FIX)
            return PlatformBusyError(refusal, wait_seconds=response.retry_after_seconds)
        if 300 <= response.status < 400:
            return UnexpectedAnswerError(self._not_json(request, response))
        return None

    def _not_json(self, request: Request, response: Response) -> Refusal:
        what = response.content_type or "no content type"
        reason = _CUT if "json" in what else _NO_JSON
        fix = _CHECK_WAY.fill(conn_id=self.conn_id)
        return Refusal(self.platform, request.interface, f"HTTP {response.status} {what}", response.request_id, reason, fix)

    def _note_retry(self, interface: str, state: tenacity.RetryCallState) -> None:
        self.ledger.count(interface, "retried")
        error = state.outcome.exception() if state.outcome else None
        log.warning("attempt %d failed, next in %.1f s: %s", state.attempt_number, state.upcoming_sleep, error)

    def pause(self, seconds: float) -> None:
        """Sleep, unless or until the transport is stopped."""
        if self.sleep:
            self.sleep(seconds)
        else:
            self._stopped.wait(seconds)
        if self._stopped.is_set():
            raise StoppedError


TOO_MUCH_ERRORS = (SlowAnswerError, OversizedAnswerError)
"""Asked for less at once, the platform may well answer."""

_TAKEN_OVER = "it was not asked: the call was held up so long that it counts as lost, and it is another worker's to make"
# It never came there, or was turned away at the door.
_NOT_COUNTED = (NoConnectionError, ThrottledError)


def _is_final(request: Request, error: BaseException) -> bool:
    """Whether the same call must not, or need not, be made again."""
    return (request.is_once and _may_be_done(error)) or (request.is_divisible and isinstance(error, TOO_MUCH_ERRORS))


def _may_be_done(error: BaseException) -> bool:
    """Whether what was asked may have been done all the same: no answer came, or none that says what was done."""
    if isinstance(error, PlatformBusyError):
        return error.refusal.code.startswith("HTTP ")
    return isinstance(error, UnreachableError | UnexpectedAnswerError | OversizedAnswerError) and not isinstance(error, NoConnectionError)


def _asked_wait(state: tenacity.RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.wait_seconds if isinstance(error, PlatformError) else None
