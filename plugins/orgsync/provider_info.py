"""What Airflow learns about orgsync: its connection types and their forms."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    return {"package-name": "orgsync", "name": "orgsync", "description": "Company directories of IM platforms.", "versions": ["0.1.0"]}
