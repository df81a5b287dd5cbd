"""What Airflow calls the hook of a connection of type `orgsync_webhook`."""

from __future__ import annotations

from airflow.sdk import BaseHook

from orgsync.carriers.letters import Entry, Letter
from orgsync.carriers.webhooks import CONN_TYPE, Webhook, open_webhook
from orgsync.errors import OrgsyncError

TRIAL = Letter(
    key="trial",
    subject="[orgsync] test 测试",
    entries=(Entry("The connection works. 连接可用。", ("Somebody pressed Test in Airflow. 有人在 Airflow 中点了 Test。",)),),
    data={"notices": []},
)


class WebhookHook(BaseHook):  # type: ignore[misc]
    """For Airflow's forms, and for DAGs of one's own. Imported by Airflow alone: its BaseHook costs seconds."""

    conn_name_attr = "conn_id"
    conn_type = CONN_TYPE
    hook_name = "orgsync webhook (group robots, JSON)"
    default_conn_name = "orgsync_webhook_default"

    def __init__(self, conn_id: str | None = None) -> None:
        super().__init__()
        self.conn_id = conn_id or self.default_conn_name

    def get_conn(self) -> Webhook:
        return open_webhook(self.conn_id)

    def test_connection(self) -> tuple[bool, str]:
        """Posts a line that says it is a trial: whether it arrives nothing else tells."""
        from uuid import uuid4

        try:
            webhook = self.get_conn()
            # A platform that knows a message by its key would drop the second trial.
            webhook.post(Letter(f"trial-{uuid4().hex}", TRIAL.subject, TRIAL.entries, data=TRIAL.data))
        except OrgsyncError as error:
            return False, str(error)
        return True, f"A test message was taken ({webhook.way.title})"
