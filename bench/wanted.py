"""What is to be measured: how large, how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.results import Figures
from bench.world import Size

USUAL_SIZES = (Size("dingtalk", 1_000, 50), Size("dingtalk", 10_000, 500), Size("dingtalk", 100_000, 5_000))
LARGE_SIZES = tuple(Size(platform, 1_000_000, 30_000) for platform in ("dingtalk", "wecom", "feishu"))
QUICK_SIZES = (Size("dingtalk", 300, 20),)


@dataclass(frozen=True)
class Wanted:
    """A quick one shows that all can be measured, and no figure of it means anything."""

    sizes: tuple[Size, ...]
    runs: int
    days: int
    parallel: int
    is_quick: bool


Measure = Callable[[Wanted], Iterator[tuple[str, Figures]]]
"""A part of the page: each key with its figures, as soon as it has them, for they are kept at once."""
