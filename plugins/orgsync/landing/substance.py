"""One hash over what all answers of a snapshot say: the same for the same statements, in whatever order and in whatever pages they come."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

_BYTES = 32
_MODULUS = 1 << 8 * _BYTES


@dataclass
class Substance:
    """The sum of the hashes of all statements: a sum has no order, and counts what is said twice."""

    total: int = 0

    def add(self, said: int) -> None:
        self.total = (self.total + said) % _MODULUS

    @property
    def digest(self) -> str:
        return self.total.to_bytes(_BYTES, "big").hex()


def hash_statements(part: str, statements: Iterable[bytes]) -> int:
    """What one answer of a part adds."""
    begun = hashlib.sha256(part.encode() + b"\0")
    return sum(_hash(begun.copy(), statement) for statement in statements)


def _hash(begun: hashlib._Hash, statement: bytes) -> int:
    begun.update(statement)
    return int.from_bytes(begun.digest(), "big")
