"""Airflow's pools: one for each platform, so that the runs of all its tenants together leave it room."""

from __future__ import annotations

from typing import Any

from orgsync.platforms import PLATFORM_NAMES, load_platform


def list_pools() -> dict[str, dict[str, Any]]:
    """In the form of `airflow pools import`."""
    platforms = [load_platform(name) for name in PLATFORM_NAMES]
    return {
        platform.name: {
            "slots": platform.pool_slots,
            "description": f"Tasks that read from or write to {platform.title}",
            "include_deferred": False,
        }
        for platform in platforms
    }
