"""What orgsync adds to Airflow. Every process of Airflow imports this module, so it imports nothing heavy."""

from __future__ import annotations

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from orgsync.airflow_parts.connection_test import UnsetPort
from orgsync.airflow_parts.domain_files import DomainFiles
from orgsync.connections.site import PAGES
from orgsync.pages.mount import PagesApp

BESIDE = PAGES.lstrip("/")
"""Beside Airflow's own pages, which may be below a path of a proxy: the browser completes it."""


class OrgsyncPlugin(AirflowPlugin):  # type: ignore[misc]
    """Makes the *Test* button work for our connections, serves the files by which WeCom makes sure of a domain, shows the organization."""

    name = "orgsync"
    fastapi_root_middlewares: ClassVar = [
        {"name": "orgsync: test connections without a port", "middleware": UnsetPort},
        {"name": "orgsync: files that prove a domain", "middleware": DomainFiles},
    ]
    fastapi_apps: ClassVar = [{"name": "Organization", "app": PagesApp(), "url_prefix": PAGES}]
    external_views: ClassVar = [
        {
            "name": "Organization",
            "href": f"{BESIDE}/",
            "url_route": "organization",
            "destination": "nav",
            "icon": f"{BESIDE}/static/people.svg",
            "icon_dark_mode": f"{BESIDE}/static/people-light.svg",
            "nav_top_level": True,
        }
    ]
