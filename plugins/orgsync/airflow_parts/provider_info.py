"""What Airflow learns about orgsync: its connection types and their forms, one for each platform."""

from __future__ import annotations

from typing import Any

from orgsync.platforms import PLATFORM_NAMES, load_platform


def get_provider_info() -> dict[str, Any]:
    return {
        "package-name": "orgsync",
        "name": "orgsync",
        "description": "Company directories of IM platforms.",
        "versions": ["0.1.0"],
        "auth-managers": ["orgsync.sign_in.manager.OrganizationAuthManager"],
        "connection-types": [load_platform(name).form for name in PLATFORM_NAMES],
    }
