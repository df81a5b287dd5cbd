"""Pages, and tokens for them that must be percent-encoded exactly once."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import blake2b

PREFIX = "AQD9/Rn9+eij9Pm39ED40/"
FARTHEST = 2**32 - 1


def make_token(position: int) -> str:
    """Eight bytes, so that each token ends in `=`; `/` and `+` are in the prefix."""
    place = min(position, FARTHEST).to_bytes(4)
    return PREFIX + b64encode(place + _seal(place)).decode()


def read_token(token: str) -> int:
    """Raises ValueError for what `make_token` did not make."""
    sealed = b64decode(token.removeprefix(PREFIX), validate=True)
    place = sealed[:4]
    if not token.startswith(PREFIX) or sealed[4:] != _seal(place):
        raise ValueError("not a page token")
    return int.from_bytes(place)


def page_of(rows: list[bytes], position: int, size: int) -> bytes:
    """Beyond the end it is empty: the list may have shrunk between two pages."""
    listed = b'"items":[' + b",".join(rows[position : position + size]) + b"]}"
    return head(position, size, total=len(rows)) + listed


def head(position: int, size: int, *, total: int) -> bytes:
    """The beginning of a page's object; the last has no token."""
    if position + size < total:
        return b'{"has_more":true,"page_token":"%s",' % make_token(position + size).encode()
    return b'{"has_more":false,'


def _seal(place: bytes) -> bytes:
    return blake2b(place, digest_size=4).digest()
