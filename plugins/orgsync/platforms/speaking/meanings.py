"""What a platform's error code means: which error it is here, why, and what an administrator does about it."""

from __future__ import annotations

from dataclasses import dataclass

from orgsync.errors import PlatformError, Refusal


@dataclass(frozen=True)
class Meaning:
    """One code's entry in a platform's table. `wait_seconds` is how long the platform wants to be left alone."""

    error: type[PlatformError]
    reason: str
    fix: str = ""
    wait_seconds: float | None = None


def error_meaning(
    meaning: Meaning,
    *,
    platform: str,
    interface: str,
    code: str,
    request_id: str | None = None,
    fix: str = "",
    wait_seconds: float | None = None,
) -> PlatformError:
    """The error to raise. `fix` and `wait_seconds` are what the answer itself says, where it says more than the table."""
    refusal = Refusal(platform, interface, code, request_id, meaning.reason, fix or meaning.fix)
    return meaning.error(refusal, wait_seconds=meaning.wait_seconds if wait_seconds is None else wait_seconds)
