"""One DAG whose form puts a message into the outbox, changes a todo, or takes a message back."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Param, get_current_context, task

from orgsync.airflow_parts.notify_operator import FAIL_WHAT_NEEDS_A_PERSON, OUTBOX
from orgsync.platforms.sending.messages import KINDS
from orgsync.settings import read_settings
from orgsync.tenants import Tenant, read_stanzas

DOCS = """
### Send a message

*Trigger* shows a form. What it asks for goes to the outbox, and `org_notify` sends it at once. The task returns the message's id;
`orgsync outbox` shows what became of it.

* **send**: either *title*, *body* and *url*, or a *template* with its *variables*; to *everyone*, or to *users*, *departments* and *query*
  together.
* **update todo** takes *title*, *body* and *due_at*: what is left empty stays. **complete todo**, **delete todo** and **recall** take the
  *message_id* alone.
* A run sends its message once, however often it is retried or cleared. To send it again, trigger a new run.
* Airflow keeps what is typed here with the run.
"""

SETTINGS = read_settings()
TEXT = ["null", "string"]
LIST = {"type": ["null", "array"], "items": {"type": "string"}}


def build_params(tenant_ids: list[str]) -> dict[str, Param]:
    """The first tenant is chosen only where there is no other: a message to the wrong company is not taken back by a second look."""
    chosen = {"default": tenant_ids[0]} if len(tenant_ids) == 1 else {}
    who, what, when, which = "To whom", "What it says", "When, and how", "A message that is there"
    return {
        "tenant": Param(**chosen, type="string", enum=tenant_ids, description="The organization, as the tenants file names it"),
        "what": Param(
            "send",
            type="string",
            enum=["send", "update todo", "complete todo", "delete todo", "recall"],
            description="Send a message, or do something to one that is there",
        ),
        "kind": Param(None, type=TEXT, enum=[*KINDS, None], description="text if nothing is chosen; a template has its own", section=what),
        "title": Param(None, type=TEXT, description="One line", section=what),
        "body": Param(
            None, type=TEXT, format="multiline", description="Plain text; the platform's Markdown if kind is markdown", section=what
        ),
        "url": Param(None, type=TEXT, format="uri", description="What the message opens, with its https://", section=what),
        "due_at": Param(None, type=TEXT, format="date-time", description="Until when a todo is to be done", section=what),
        "template": Param(
            None, type=TEXT, description="The name of a message template, instead of kind, title, body, url and due_at", section=what
        ),
        "variables": Param(None, type=["null", "object"], description="The template's variables as a JSON object", section=what),
        "everyone": Param(default=False, type="boolean", description="Everybody in the organization", section=who),
        "users": Param(None, **LIST, description="Ids of people, one a line", section=who),
        "departments": Param(None, **LIST, description="Departments by id, name or path, one a line; with all below", section=who),
        "query": Param(None, type=TEXT, description="The name of a saved audience (notify.audience_query)", section=who),
        "priority": Param(5, type="integer", minimum=0, maximum=9, description="9 is the most urgent", section=when),
        "not_before": Param(None, type=TEXT, format="date-time", description="Not sent earlier than this", section=when),
        "expires_at": Param(None, type=TEXT, format="date-time", description="Not sent later than this", section=when),
        "dedupe_key": Param(
            None, type=TEXT, description="A message with the same key is not queued again; the run's id if left out", section=when
        ),
        "message_id": Param(
            None, type=["null", "integer"], description="Of the message to change or recall; empty to send one", section=which
        ),
    }


with DAG(
    dag_id="org_notify_send",
    description="Put a message into the outbox",
    doc_md=DOCS,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(Tenant.timezone)),
    catchup=False,
    # Never a backfill: a message is about now.
    allowed_run_types=["manual", "operator_triggered"],
    params=build_params(list(read_stanzas(SETTINGS.tenants_file).owners)),
    tags=["orgsync"],
    default_args={
        "owner": Tenant.owner,
        "retries": 3,
        "retry_delay": timedelta(seconds=10),
        "retry_policy": FAIL_WHAT_NEEDS_A_PERSON,
        "execution_timeout": timedelta(minutes=5),
    },
):

    @task(outlets=[OUTBOX])
    def enqueue() -> int:
        """Queue what the form asks for."""
        from orgsync.airflow_parts.notify_form import submit

        context = get_current_context()
        return submit(read_settings(), context["params"], source=f"org_notify_send:{context['run_id']}")

    enqueue()
