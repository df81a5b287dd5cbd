"""The knobs that all platforms share, changed while running through the control API."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from sandbox.organization import ROOT

Knobs = TypeVar("Knobs", bound="Settings")


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


def changed(settings: Knobs, changes: dict[str, Any]) -> Knobs:
    """Raises `msgspec.ValidationError` for an unknown name or a wrong type."""
    return msgspec.convert(msgspec.to_builtins(settings) | changes, type(settings))
