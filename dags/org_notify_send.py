"""One DAG whose form puts a message into the outbox, changes a todo, or takes a message back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.sdk import DAG, Param, get_current_context, task

from orgsync.airflow_parts.notify_operator import FAIL_WHAT_NEEDS_A_PERSON, OUTBOX
from orgsync.airflow_parts.wording import describe_field, join_languages, say, say_page
from orgsync.platforms.sending.messages import KINDS
from orgsync.settings import read_settings
from orgsync.tenants import Tenant, read_stanzas

STANZAS = read_stanzas(read_settings().tenants_file)
LANGUAGE = join_languages(STANZAS.languages)
EMPTY: dict[str, Any] = {"default": None}
TEXT = ["null", "string"]
LIST = {"type": ["null", "array"], "items": {"type": "string"}}


def build_params(tenant_ids: list[str], language: str) -> dict[str, Param]:
    """The first tenant is chosen only where there is no other: a message to the wrong company is not taken back by a second look."""
    chosen = {"default": tenant_ids[0]} if len(tenant_ids) == 1 else {}
    who, what, when, which = (
        {"section": say(language, f"send.{section}")} for section in ("to_whom", "what_it_says", "when_and_how", "one_that_is_there")
    )
    actions = ["send", "update todo", "complete todo", "delete todo", "recall"]
    fields = {
        "tenant": chosen | {"type": "string", "enum": tenant_ids},
        "what": {"default": "send", "type": "string", "enum": actions},
        "kind": EMPTY | what | {"type": TEXT, "enum": [*KINDS, None]},
        "title": EMPTY | what | {"type": TEXT},
        "body": EMPTY | what | {"type": TEXT, "format": "multiline"},
        "url": EMPTY | what | {"type": TEXT, "format": "uri"},
        "due_at": EMPTY | what | {"type": TEXT, "format": "date-time"},
        "template": EMPTY | what | {"type": TEXT},
        "variables": EMPTY | what | {"type": ["null", "object"]},
        "everyone": who | {"default": False, "type": "boolean"},
        "users": EMPTY | who | LIST,
        "departments": EMPTY | who | LIST,
        "query": EMPTY | who | {"type": TEXT},
        "priority": when | {"default": 5, "type": "integer", "minimum": 0, "maximum": 9},
        "not_before": EMPTY | when | {"type": TEXT, "format": "date-time"},
        "expires_at": EMPTY | when | {"type": TEXT, "format": "date-time"},
        "dedupe_key": EMPTY | when | {"type": TEXT},
        "message_id": EMPTY | which | {"type": ["null", "integer"]},
    }
    return {name: Param(**field, **describe_field(language, f"send.{name}")) for name, field in fields.items()}


with DAG(
    dag_id="org_notify_send",
    description=say(LANGUAGE, "send.description"),
    doc_md=say_page(LANGUAGE, "send.docs"),
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(Tenant.timezone)),
    catchup=False,
    # Never a backfill: a message is about now.
    allowed_run_types=["manual", "operator_triggered"],
    params=build_params(list(STANZAS.owners), LANGUAGE),
    tags=["orgsync"],
    default_args={
        "owner": Tenant.owner,
        "retries": 3,
        "retry_delay": timedelta(seconds=10),
        "retry_policy": FAIL_WHAT_NEEDS_A_PERSON,
        "execution_timeout": timedelta(minutes=5),
    },
) as dag:

    @task(outlets=[OUTBOX])
    def enqueue() -> int:
        """Queue what the form asks for."""
        from orgsync.airflow_parts.notify_form import submit

        context = get_current_context()
        return submit(read_settings(), context["params"], source=f"org_notify_send:{context['run_id']}")

    enqueue()
