"""Keeps one access token for many threads: fetched once, renewed once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from orgsync.errors import CredentialError, PlatformError
from orgsync.platforms.speaking.transport import Reply

EARLY_SECONDS = 300.0


@dataclass(frozen=True, eq=False)
class Token:
    """Compared by identity: a platform may hand out the same value again, and it is still another token to us."""

    value: str = field(repr=False)
    lifetime_seconds: float


class TokenCache:
    """Renews five minutes before expiry, or at half-life of a token that lives shorter than ten."""

    def __init__(self, fetch: Callable[[], Token], *, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._renew_at = 0.0
        self._flight: Future[Token] | None = None

    def token(self, *, stale: Token | None = None) -> Token:
        """The token in force; `stale` is one that the platform has just refused, so only who saw it first fetches anew."""
        with self._lock:
            if self._token is not None and self._token is not stale and self._clock() < self._renew_at:
                return self._token
            flight, mine = (self._flight, False) if self._flight else (Future[Token](), True)
            self._flight = flight
        if mine:
            self._land(flight)
        return flight.result()

    def call(self, call: Callable[[Token, frozenset[str]], Reply], *, stale_codes: frozenset[str]) -> Reply:
        """Call with the token in force, and once more with another if the platform no longer takes it.

        `call` gets the token and the codes after which it is not yet a failed call (`Transport.call`'s `caller_retries`).
        """
        token = self.token()
        try:
            return call(token, stale_codes)
        except CredentialError as error:
            if error.refusal.code not in stale_codes:
                raise
            leaves_doubt = error.leaves_doubt
        try:
            return call(self.token(stale=token), frozenset())
        except PlatformError as error:
            error.leaves_doubt |= leaves_doubt
            raise

    def _land(self, flight: Future[Token]) -> None:
        """Those who wait share the outcome, a failure too: each of them asking again would fail as often."""
        try:
            token = self._fetch()
        except BaseException as error:
            self._settle(None)
            flight.set_exception(error)
        else:
            self._settle(token)
            flight.set_result(token)

    def _settle(self, token: Token | None) -> None:
        with self._lock:
            self._flight = None
            self._token = token
            if token is not None:
                self._renew_at = self._clock() + token.lifetime_seconds - min(EARLY_SECONDS, token.lifetime_seconds / 2)
