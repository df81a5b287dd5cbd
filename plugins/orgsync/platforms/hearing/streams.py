"""What every platform's stream has in common: a connection that we open, and frames that are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from orgsync.platforms.hearing.events import Event

Frame = str | bytes


@dataclass(frozen=True)
class Taken:
    """What a frame brought. `reply` is sent once the event is stored, `refusal` where that failed; None: nothing is.

    After a frame that `is_last` nothing more comes on this connection. `problem` is for the log: what could not be understood, without what
    it says.
    """

    event: Event | None = None
    reply: Frame | None = None
    refusal: Frame | None = None
    is_last: bool = False
    problem: str = ""


class Session(Protocol):
    """One connection as the platform granted it. Pure: whoever holds it carries the frames."""

    @property
    def url(self) -> str:
        """With what opens it: never shown."""
        ...

    @property
    def quiet_seconds(self) -> float:
        """After so long without a frame it counts as dead, whatever the network says."""
        ...

    @property
    def ping_seconds(self) -> float:
        """How often `ping` is sent; 0: never."""
        ...

    def ping(self) -> Frame: ...

    def take(self, frame: Frame) -> Taken:
        """Raises RefusedCallError for what is no frame: it is passed over, for who knows what platforms will say one day."""
        ...


class Stream(Protocol):
    """An app's stream. `company` is the organization's id where the connection names it."""

    @property
    def app(self) -> str: ...

    @property
    def company(self) -> str: ...

    def open(self) -> Session:
        """Asks the platform for one connection. Raises PlatformError."""
        ...
