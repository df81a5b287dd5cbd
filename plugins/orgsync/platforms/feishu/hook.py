"""What Airflow calls the hook of a connection of type `feishu`."""

from __future__ import annotations

from airflow.sdk import BaseHook

from orgsync.platforms.feishu.connecting import FeishuConnector


class FeishuHook(FeishuConnector, BaseHook):  # type: ignore[misc]
    """The connector, for Airflow's forms and for DAGs of one's own. Imported by Airflow alone: its BaseHook costs seconds."""
