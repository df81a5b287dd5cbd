"""What a stanza says about events: how a tenant receives what its platform pushes, and how soon it acts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

Way = Literal["off", "http", "stream"]
Seconds = Annotated[int, Field(strict=True, ge=1, le=3600)]
Days = Annotated[int, Field(strict=True, ge=1, le=3650)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Events:
    """An event is a hint: it wakes the tenant's sync, which asks the platform. Schedules stay as they are."""

    receive: Annotated[
        Way, Field(description="off; http: the platform calls `orgsync receive`; stream: we hold a connection to the platform")
    ] = "off"
    window: Annotated[Seconds, Field(description="Events of so many seconds are acted on together")] = 5
    keep_days: Annotated[Days, Field(description="Events are kept so many days")] = 90
