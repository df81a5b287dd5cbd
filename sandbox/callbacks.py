"""Sends a platform's requests to the app, as the platform does: no redirects, no proxy, no patience."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from sandbox.subscription import Posted, Push, Sealing, Subscription

if TYPE_CHECKING:
    import httpx

SIGNATURES = ("signature", "msg_signature", "X-Lark-Signature")
MOST_ANSWER_BYTES = 1 << 16


class UnansweredError(Exception):
    """No answer came that could be looked at."""


class Caller:
    @cached_property
    def _client(self) -> httpx.AsyncClient:
        import httpx  # a third of a second, and most sandboxes call nobody

        # A connection for each call: one that was kept could be to an app that was started anew since. The time limit is the whole call's.
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None, limits=limits)  # noqa: S113

    async def call(self, url: str, push: Push, *, seconds: float) -> Posted:
        import httpx

        client = self._client  # making it takes a moment of its own
        try:
            async with asyncio.timeout(seconds):
                request = client.build_request(push.method, find_target(url, push), headers=dict(push.headers), content=push.body)
                answer = await client.send(request, stream=True)
                try:
                    return Posted(answer.status_code, await _head(answer))
                finally:
                    await answer.aclose()
        except TimeoutError:
            raise UnansweredError("no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnansweredError(type(error).__name__) from error


def find_target(url: str, push: Push) -> str:
    """The address as it was set, with its own query, and the request's after that."""
    if not push.query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(push.query, safe='+/=' if push.keeps_plus else '')}"


async def _head(answer: httpx.Response) -> bytes:
    """More than any right answer has."""
    head = b""
    async for piece in answer.aiter_bytes():
        head += piece
        if len(head) > MOST_ANSWER_BYTES:
            break
    return head


def new_sealing(now: float) -> Sealing:
    return Sealing(int(now), secrets.token_hex(5), secrets.token_hex(8).encode())


def with_wrong_signature(push: Push) -> Push:
    """As from somebody who knows how such a request looks, and no secret."""
    return replace(push, query=_reversed(push.query), headers=_reversed(push.headers))


def _reversed(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value[::-1] if name in SIGNATURES else value for name, value in fields.items()}


def of_a_stranger(subscription: Subscription) -> Subscription:
    """Where nothing is signed, it is the token inside that is wrong."""
    return msgspec.structs.replace(subscription, token=f"no{subscription.token}")


def tampered(push: Push) -> Push:
    """One character in the middle of what was signed is another."""
    place = len(push.body) // 2
    other = b"B" if push.body[place : place + 1] == b"A" else b"A"
    return replace(push, body=push.body[:place] + other + push.body[place + 1 :])
