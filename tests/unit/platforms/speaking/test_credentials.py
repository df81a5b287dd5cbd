from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from orgsync.errors import CredentialError, PlatformBusyError, Refusal
from orgsync.platforms.speaking.credentials import Token, TokenCache
from orgsync.platforms.speaking.transport import Reply
from tests.unit.platforms.clock import FakeClock


class Issuer:
    """Hands out numbered tokens; `fails` makes it refuse."""

    def __init__(self, lifetime_seconds: float = 7200, *, fails: bool = False) -> None:
        self.issued = 0
        self.lifetime_seconds = lifetime_seconds
        self.fails = fails

    def __call__(self) -> Token:
        self.issued += 1
        time.sleep(0.02)
        if self.fails:
            raise RuntimeError("refused")
        return Token(f"token-{self.issued}", self.lifetime_seconds)


def test_parallel_callers_fetch_once() -> None:
    issuer = Issuer()
    cache = TokenCache(issuer, clock=FakeClock())
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: cache.token(), range(40)))
    assert issuer.issued == 1
    assert {token.value for token in tokens} == {"token-1"}


def test_parallel_callers_with_a_stale_token_renew_once() -> None:
    issuer = Issuer()
    cache = TokenCache(issuer, clock=FakeClock())
    stale = cache.token()
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda _: cache.token(stale=stale), range(40)))
    assert issuer.issued == 2
    assert {token.value for token in tokens} == {"token-2"}


@pytest.mark.parametrize(("lifetime", "still_good", "renewed"), [(7200, 6899, 6901), (60, 29, 31)], ids=["early by 5 min", "short-lived"])
def test_token_is_renewed_before_it_expires(lifetime: float, still_good: float, renewed: float) -> None:
    clock, issuer = FakeClock(), Issuer(lifetime)
    cache = TokenCache(issuer, clock=clock)
    cache.token()
    clock.now = 1000 + still_good
    assert cache.token().value == "token-1"
    clock.now = 1000 + renewed
    assert cache.token().value == "token-2"


def test_waiting_callers_share_a_failure() -> None:
    """Twelve threads trying a wrong secret one after another would keep the reader waiting."""
    issuer = Issuer(fails=True)
    cache = TokenCache(issuer, clock=FakeClock())
    barrier = threading.Barrier(8)

    def ask(_: int) -> str:
        barrier.wait()
        with pytest.raises(RuntimeError):
            cache.token()
        return "failed"

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == ["failed"] * 8
    assert issuer.issued < 8


def test_token_can_be_fetched_after_a_failure() -> None:
    issuer = Issuer(fails=True)
    cache = TokenCache(issuer, clock=FakeClock())
    with pytest.raises(RuntimeError):
        cache.token()
    issuer.fails = False
    assert cache.token().value == "token-2"


def test_repr_hides_the_token() -> None:
    assert "token-1" not in repr(Token("token-1", 7200))


def test_doubt_about_a_call_outlives_its_stale_token() -> None:
    """An attempt may have been carried out before the one that was told of the token."""

    def call(token: Token, caller_retries: frozenset[str]) -> Reply:
        error = (CredentialError if token.value == "token-1" else PlatformBusyError)(Refusal("p", "send", "40014"))
        error.leaves_doubt = token.value == "token-1"
        raise error

    with pytest.raises(PlatformBusyError) as raised:
        TokenCache(Issuer(), clock=FakeClock()).call(call, stale_codes=frozenset({"40014"}))
    assert raised.value.leaves_doubt is True
