"""The knobs that all platforms share, changed while running through the control API."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from sandbox.organization import ROOT

Knobs = TypeVar("Knobs", bound="Settings")
Changeable = TypeVar("Changeable", bound=msgspec.Struct)


class Settings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    client_id: str
    client_secret: str
    latency_ms: Annotated[float, Meta(ge=0)] = 0
    calls_per_second: Annotated[int, Meta(ge=0)] = 20
    """For each interface; 0 is no limit."""
    calls_per_minute: Annotated[int, Meta(ge=0)] = 0
    token_seconds: Annotated[int, Meta(ge=1)] = 7200
    permissions: tuple[str, ...] = ()
    field_permissions: tuple[str, ...] = ()
    visible_departments: tuple[int, ...] = (ROOT,)
    visible_users: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    """Empty: from anywhere."""
    app_enabled: bool = True
    """False: switched off in the console."""
    clock_ahead_seconds: float = 0
    """So much is the clock ahead that answers are dated by."""
    limits_slide: bool = True
    """Messages of any sixty seconds count together, or of any hour; false: from each full minute and hour anew."""
    limits_offset_seconds: float = 0
    """So much is the clock ahead by which messages are counted, and by which days begin."""
    code_seconds: Annotated[float, Meta(ge=0)] = 300
    """So long is the code of a sign-in good."""
    client_user: str = ""
    """Who is signed in to the platform's client, where its login page asks nobody: an id of the truth, `stranger`, `visitor`, `refuse`."""
    event_check_seconds: Annotated[float, Meta(gt=0)] = 1
    """So long the platform waits for the answer when the URL of callbacks is set."""
    event_answer_seconds: Annotated[float, Meta(gt=0)] = 3
    event_retry_seconds: tuple[Annotated[float, Meta(ge=0)], ...] = ()
    """So long after each failed attempt comes another, and no more after the last."""
    event_retry_on_refusal: bool = True
    """Not only where no answer came."""
    event_signed_anew: bool = True
    """A retry has a timestamp and a signature of its own."""
    events_at_once: Annotated[int, Meta(ge=1)] = 8
    """So many are under way; 1: none goes out before the one before it was answered."""


class StreamingSettings(Settings, kw_only=True):
    """Of a platform that also tells of changes over connections which the app opens."""

    stream_answer_seconds: Annotated[float, Meta(gt=0)] = 3
    stream_retry_seconds: tuple[Annotated[float, Meta(ge=0)], ...] = ()
    stream_ping_seconds: Annotated[float, Meta(gt=0)] = 25
    """So often the platform, or the app where it is hers to do, sends a sign of life."""
    stream_linger_seconds: Annotated[float, Meta(ge=0)] = 10
    """So long a connection stays open after the platform said that it ends."""
    most_streams: Annotated[int, Meta(ge=1)] = 50
    """Connections of the app."""


def changed(settings: Changeable, changes: dict[str, Any]) -> Changeable:
    """Raises `msgspec.ValidationError` for an unknown name or a wrong type."""
    return msgspec.convert(msgspec.to_builtins(settings) | changes, type(settings))
