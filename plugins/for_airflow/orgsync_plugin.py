"""What orgsync adds to Airflow. Every Airflow process loads this file, so it imports nothing heavy."""

from __future__ import annotations

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from orgsync.airflow_parts.connection_test import UnsetPort
from orgsync.airflow_parts.domain_files import DomainFiles


class OrgsyncPlugin(AirflowPlugin):
    """Makes the *Test* button work for our connection types, and serves the files by which WeCom makes sure of a domain."""

    name = "orgsync"
    fastapi_root_middlewares: ClassVar = [
        {"name": "orgsync: test connections without a port", "middleware": UnsetPort},
        {"name": "orgsync: files that prove a domain", "middleware": DomainFiles},
    ]
