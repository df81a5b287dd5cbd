"""What is to be measured: how large, how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from bench.results import Figures
from bench.world import Size

USUAL_SIZES = (Size("dingtalk", 1_000, 50), Size("dingtalk", 10_000, 500), Size("dingtalk", 100_000, 5_000))
LARGE_SIZES = (
    Size("wecom", 100_000, 5_000),
    Size("feishu", 100_000, 5_000),
    *(Size(platform, 1_000_000, 30_000) for platform in ("dingtalk", "wecom", "feishu")),
)
"""With the size from which time shall grow no more than the people do; DingTalk's is among the usual ones."""
USUAL_MONTH = Size("dingtalk", 20_000, 1_000)
QUICK_SIZE = Size("dingtalk", 300, 20)


@dataclass(frozen=True)
class Variant:
    """What the warehouse, or PostgreSQL's settings, are made different by, to see whether that pays."""

    name: str
    statements: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


AS_IT_IS = Variant("as it is")
VARIANTS = (
    AS_IT_IS,
    Variant(
        "fill factor 85",
        (
            "alter table org.user_version set (fillfactor = 85)",
            "alter table org.membership_version set (fillfactor = 85)",
            "alter table org.department_version set (fillfactor = 85)",
        ),
    ),
    Variant(
        "BRIN for valid_from",
        (
            "drop index org.user_version_from, org.membership_version_from, org.department_version_from",
            "create index user_version_from on org.user_version using brin (valid_from)",
            "create index membership_version_from on org.membership_version using brin (valid_from)",
            "create index department_version_from on org.department_version using brin (valid_from)",
        ),
    ),
    Variant("wal_compression", settings={"wal_compression": "on"}),
)


@dataclass(frozen=True)
class Wanted:
    """A quick one shows that all can be measured, and no figure of it means anything."""

    sizes: tuple[Size, ...]
    runs: int
    month: Size
    days: int
    parallel: int
    is_quick: bool
    variant: Variant = AS_IT_IS


Measure = Callable[[Wanted], Iterator[tuple[str, Figures]]]
"""A part of the page: each key with its figures, as soon as it has them, for they are kept at once."""
