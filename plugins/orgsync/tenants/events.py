"""What a stanza says about events: how a tenant receives what its platform pushes, and how soon it acts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.dataclasses import dataclass

from orgsync.tenants.values import Digits, mistake

WAYS = ("off", "http", "stream")
MOST_SECONDS = 3600
MOST_DAYS = 3650


def _read_way(value: Any) -> Any:
    """YAML takes a bare `off` for false."""
    return "off" if value is False else value


def _check_way(text: str) -> str:
    if text not in WAYS:
        raise mistake(f"receive {text!r} is not one of {', '.join(WAYS)}")
    return text


def _read_number(value: Any, *, most: int) -> int:
    is_number = isinstance(value, Digits) or type(value) is int
    if is_number and len(str(value)) < 9 and 1 <= int(value) <= most:
        return int(value)
    raise mistake(f"a number from 1 to {most:,} is expected here")


Way = Annotated[str, BeforeValidator(_read_way), AfterValidator(_check_way), WithJsonSchema({"type": "string", "enum": list(WAYS)})]
Seconds = Annotated[
    int,
    BeforeValidator(lambda value: _read_number(value, most=MOST_SECONDS)),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_SECONDS}),
]
Days = Annotated[
    int,
    BeforeValidator(lambda value: _read_number(value, most=MOST_DAYS)),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_DAYS}),
]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Events:
    """An event is a hint: it wakes the tenant's sync, which asks the platform. Schedules stay as they are."""

    receive: Annotated[
        Way, Field(description="off; http: the platform calls `orgsync receive`; stream: we hold a connection to the platform")
    ] = "off"
    window: Annotated[Seconds, Field(description="Events of so many seconds are acted on together")] = 5
    keep_days: Annotated[Days, Field(description="Events are kept so many days")] = 90
