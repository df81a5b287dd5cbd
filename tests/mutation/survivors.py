"""What survives, and what was said of it: a change that no behaviour shows is named as equivalent, with the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Survivor:
    """A change of a function that no test noticed: the line as it was, and what it became."""

    function: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.function}\n    was:     {self.was}\n    becomes: {self.becomes}"


def read_equivalents(path: Path, module: str) -> list[Survivor]:
    """Those of one module; each needs a reason."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    unexplained = [row for row in rows if not row["because"].strip()]
    if unexplained:
        raise ValueError(f"{path.name}: why are these equivalent? {unexplained}")
    return [Survivor(row["function"], row["was"], row["becomes"]) for row in rows if row["module"] == module]


def find_unnamed(survivors: Sequence[Survivor], equivalents: Sequence[Survivor]) -> tuple[list[Survivor], list[Survivor]]:
    """Survivors that nobody has named; and what was named and is killed, or no longer there."""
    unnamed = [survivor for survivor in survivors if survivor not in equivalents]
    return unnamed, [equivalent for equivalent in equivalents if equivalent not in survivors]
