"""One folder per IM platform; everything else knows a platform only through `Platform`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from orgsync.errors import ConfigurationError

if TYPE_CHECKING:
    from orgsync.platforms.platform import Platform

PLATFORM_NAMES = ("dingtalk", "wecom", "feishu")


def load_platform(name: str) -> Platform:
    """Import one platform's folder; the others are never imported for it."""
    if name not in PLATFORM_NAMES:
        raise ConfigurationError(f"platform {name!r} is not one of {', '.join(PLATFORM_NAMES)}")
    platform: Platform = import_module(f"orgsync.platforms.{name}").PLATFORM
    return platform
