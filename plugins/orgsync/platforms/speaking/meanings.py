"""What a platform's error code means: which error it is here, why, and what an administrator does about it."""

from __future__ import annotations

from dataclasses import dataclass

from orgsync.errors import PlatformError, Refusal
from orgsync.words import Words

DEVELOPER = Words("This is a fault of orgsync; report it with the request id", "这是 orgsync 的缺陷，请连同请求号一起反馈")
WAIT = Words("Wait; orgsync tries again by itself", "请等待，orgsync 会自动重试")
REREAD = Words("Read again; if the id stands in the tenant's scope, correct it there", "请重新读取；如果租户的 scope 中写了这个 id，请改正")
OUR_ADDRESS = Words("the address orgsync calls from", "orgsync 的出口 IP")
UNKNOWN_CODE = Words("not a code orgsync knows ({words})", "orgsync 不认识的错误码（{words}）")


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
