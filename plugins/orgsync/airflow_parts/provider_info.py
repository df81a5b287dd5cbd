"""What Airflow learns about orgsync: auth manager, assets, connection types with forms, one for each platform and one for webhooks."""

from __future__ import annotations

from typing import Any

from orgsync import __version__
from orgsync.carriers.form import FORM
from orgsync.platforms import PLATFORM_NAMES, load_platform


def get_provider_info() -> dict[str, Any]:
    return {
        "package-name": "orgsync",
        "name": "orgsync",
        "description": "Company directories of IM platforms.",
        "versions": [__version__],
        "auth-managers": ["orgsync.sign_in.manager.OrganizationAuthManager"],
        "cli": ["orgsync.airflow_parts.provider_info.list_commands"],
        # Without a handler Airflow takes no asset for one that it knows.
        "asset-uris": [
            {"schemes": ["orgsync"], "handler": None, "to_openlineage_converter": "orgsync.airflow_parts.lineage.to_openlineage"}
        ],
        "connection-types": [*(load_platform(name).form for name in PLATFORM_NAMES), FORM],
    }


def list_commands() -> list[Any]:
    """Of `airflow`: none of ours. Airflow warns on its standard output of an auth manager whose package names no place for them."""
    return []
