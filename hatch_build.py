"""What a wheel holds beside the package: all that orgsync finds below the checkout where it is installed from one."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BESIDE = {
    "dags": "orgsync/dags",
    "include/sql": "orgsync/include/sql",
    "include/templates": "orgsync/include/templates",
    "include/pages/static": "orgsync/include/pages/static",
    "include/pages/templates": "orgsync/include/pages/templates",
    "include/tenants.schema.json": "orgsync/include/tenants.schema.json",
}


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install has the checkout itself."""
        if version != "editable":
            build_data["force_include"] |= BESIDE
