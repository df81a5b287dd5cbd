"""What the form of org_notify_send is filled with is read as one thing, or an error that names the field."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orgsync.airflow_parts.notify_form import WRITTEN, Change, read_change, read_message
from orgsync.errors import ConfigurationError
from orgsync.settings import Settings
from orgsync.tenants import Tenant

TENANT = Tenant(id="acme", platform="wecom", conn_id="acme_wecom")
SETTINGS = Settings(tenants_file=Path("none"), landing_zone="file:///none", report_folder=Path("none"), templates_folder=Path("none"))
EMPTY: dict[str, Any] = dict.fromkeys(WRITTEN) | {"everyone": False, "priority": 5, "message_id": None}


def test_message_has_the_key_of_its_run_unless_it_names_another() -> None:
    keys = [
        read_message(SETTINGS, TENANT, EMPTY | {"title": "Hi", "everyone": True, "dedupe_key": key}, source="run 1").dedupe_key
        for key in (None, "", "mine")
    ]
    assert keys == ["run 1", "run 1", "mine"]


def test_update_takes_what_is_filled_and_keeps_the_rest() -> None:
    change = read_change(TENANT, EMPTY | {"what": "update todo", "message_id": 7, "title": "New", "body": "", "due_at": "2026-03-01"})
    assert change == Change(title="New", body=None, due_at=datetime(2026, 3, 1, 23, 59, tzinfo=ZoneInfo("Asia/Shanghai")))


@pytest.mark.parametrize("what", ["complete todo", "delete todo", "recall"])
def test_what_says_nothing_new_takes_the_message_alone(what: str) -> None:
    assert read_change(TENANT, EMPTY | {"what": what, "message_id": 7}) == Change()
    with pytest.raises(ConfigurationError, match=f"{what} does not take title, users"):
        read_change(TENANT, EMPTY | {"what": what, "message_id": 7, "title": "New", "users": ["anna"]})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"what": "recall"}, "message_id is empty; to recall"),
        ({"what": "update todo", "message_id": 7}, "fill at least one of title, body, due_at"),
        ({"what": "update todo", "message_id": 7, "title": "New", "priority": 9}, "does not take priority"),
        ({"what": "update todo", "message_id": 7, "template": "todo"}, "does not take template"),
        ({"what": "update todo", "message_id": 7, "due_at": "tomorrow"}, "due_at 'tomorrow' is no date"),
    ],
)
def test_wrong_change_names_the_field(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_change(TENANT, EMPTY | wrong)
    assert told in str(caught.value)


def test_message_that_is_sent_has_no_id_yet() -> None:
    with pytest.raises(ConfigurationError, match="message_id is for changing"):
        read_message(SETTINGS, TENANT, EMPTY | {"title": "Hi", "everyone": True, "message_id": 7}, source="run 1")
