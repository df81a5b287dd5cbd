"""What a webhook of a kind takes and answers: one `Way` for each kind, beside each other, as platforms are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgsync.carriers.letters import Letter
from orgsync.errors import Refusal, UnexpectedAnswerError
from orgsync.platforms.speaking.limits import UNPACED, Pace
from orgsync.platforms.speaking.redact import redact
from orgsync.platforms.speaking.transport import WAIT_FIX
from orgsync.words import Words

_NOT_WHOLE = Words("it does not say whether it took the message", "应答没有说明是否收下了消息")


@dataclass(frozen=True)
class Posting:
    """What is posted to a webhook's URL, signed where it has a secret. Query and headers may hold a signature: they are never shown."""

    body: Mapping[str, Any] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Way:
    """`name` is what a connection's format says, `title` how it is called. By `hosts` a URL tells its format itself.

    `write` makes of a letter, a secret (or none) and the time what is posted. `judge` raises what an answer means, of which it gets the
    HTTP status and the JSON (None where it is none); of what is no success by its status alone others have taken care.
    """

    name: str
    title: str
    interface: str
    write: Callable[[Letter, str, float], Posting]
    judge: Callable[[int, Any], None]
    hosts: tuple[str, ...] = ()
    pace: Pace = UNPACED
    takes_secret: bool = True


def unclear(platform: str, interface: str, status: int) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(Refusal(platform, interface, f"HTTP {status}", reason=_NOT_WHOLE, fix=WAIT_FIX))


def quote(words: object) -> str:
    """Another's own words, without what they may quote of ours."""
    return redact(str(words or ""))[:200]
