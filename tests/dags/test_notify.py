"""Messages go from a form, an operator or a notifier through the outbox to whom they are for; once each, and never from a backfill."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orgsync.airflow_parts.notify_form import submit
from orgsync.outbox.composing import compose
from orgsync.outbox.sending import enqueue
from orgsync.tenants import Tenant, find_tenant, read_stanzas
from tests.dags.conftest import DAGS, run_script
from tests.integration.world import World

TENANTS = """
tenants:
  - {id: acme, platform: dingtalk, conn_id: acme_dingtalk}
  - {id: beta, platform: dingtalk, conn_id: beta_dingtalk}
"""
EMPTY = {
    "tenant": "acme", "what": "send", "kind": None, "title": None, "body": None, "url": None, "due_at": None, "template": None,
    "variables": None, "everyone": False, "users": None, "departments": None, "query": None, "priority": 5, "not_before": None,
    "expires_at": None, "dedupe_key": None, "message_id": None,
}  # fmt: skip
"""The form of org_notify_send as nobody has filled it."""

SENT = {"find_due": "success", "deliver[0]": "success"}
NOTIFY = {"dag": "org_notify", "params": {}}

RunDags = Callable[..., tuple[list[dict[str, Any]], str]]


@pytest.fixture
def staff(world: World) -> list[str]:
    """The tenant acme is synced; people of whom the sandbox tells what they got."""
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    world.sync()
    return [user_id for (user_id,) in world.query("select user_id from org.users order by user_id")]


@pytest.fixture
def run_dags(world: World, airflow_home: Path) -> RunDags:
    """Runs one DAG after the other; the environment is this process's, as it is then."""

    def run(*steps: dict[str, Any], folder: Path = DAGS, **environment: str) -> tuple[list[dict[str, Any]], str]:
        environment |= {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
        environment |= {"ORGSYNC_TENANTS": str(world.settings.tenants_file), "AIRFLOW__CORE__DAGS_FOLDER": str(folder)}
        found, output = run_script(airflow_home, "run_steps.py", str(folder), told=json.dumps(steps), **environment)
        return found, output

    return run


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder with our DAGs and those of somebody else."""
    folder = tmp_path / "dags"
    shutil.copytree(DAGS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).parent / "dags_that_notify.py", folder)
    return folder


def fill_form(**fields: Any) -> dict[str, Any]:
    return {"dag": "org_notify_send", "params": EMPTY | fields}


def tenant(world: World, tenant_id: str = "acme") -> Tenant:
    return find_tenant(read_stanzas(world.settings.tenants_file), tenant_id)


def queue(world: World, tenant_id: str, title: str) -> int:
    to = tenant(world, tenant_id)
    return enqueue(world.settings, to, compose(world.settings, to, title=title, everyone=True))


def titles(world: World) -> list[str]:
    return [title for (title,) in world.query("select title from notify.message order by title")]


def texts_of(world: World, user_id: str) -> list[str]:
    return sorted(message["text"] for message in world.control("GET", f"inbox?user={user_id}")["messages"])


def raised_by(home: Path, run_id: str) -> set[str]:
    """The tasks that raised the asset of the outbox."""
    connection = sqlite3.connect(home / "airflow.db")
    rows = connection.execute(
        "select source_task_id from asset_event join asset on asset.id = asset_event.asset_id where asset.name = ? and source_run_id = ?",
        ("org_notify.outbox", run_id),
    )
    found = {task_id for (task_id,) in rows}
    connection.close()
    return found


# --- the form ---


def test_message_of_the_form_arrives(world: World, staff: list[str], run_dags: RunDags, airflow_home: Path) -> None:
    (queued, sent), output = run_dags(fill_form(title="Hello", body="line one\nline two", users=staff[:2]), NOTIFY)
    assert (queued["state"], queued["tasks"]) == ("success", {"enqueue": "success"}), output
    assert (sent["state"], sent["tasks"]) == ("success", SENT), output
    assert [texts_of(world, each) for each in staff[:3]] == [["Hello\nline one\nline two"], ["Hello\nline one\nline two"], []]
    source = f"org_notify_send:{queued['run_id']}"
    assert world.query("select state, dedupe_key, source from notify.message") == [("sent", source, source)]
    assert raised_by(airflow_home, queued["run_id"]) == {"enqueue"}


def test_todo_of_the_form_is_changed_and_a_message_taken_back(world: World, staff: list[str], run_dags: RunDags) -> None:
    change = {"title": "Report of March", "due_at": "2031-03-01T18:00:00+08:00"}
    ended, output = run_dags(
        fill_form(kind="todo", title="Report", url="https://example.com/", users=staff[:1]),
        fill_form(title="Oops", users=staff[:1]),
        NOTIFY,
        fill_form(what="update todo", message_id=1, **change),
        NOTIFY,
        fill_form(what="complete todo", message_id=1),
        fill_form(what="recall", message_id=2),
        NOTIFY,
    )
    assert {each["state"] for each in ended} == {"success"}, output
    inbox = world.control("GET", f"inbox?user={staff[0]}")
    assert [(todo["title"], todo["done"]) for todo in inbox["todos"]] == [("Report of March", True)]
    assert [(message["text"], message["recalled"]) for message in inbox["messages"]] == [("Oops", True)]
    assert world.query("select action from notify.message order by message_id") == [("send",), ("send",), ("update",), ("complete",)]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        pytest.param({"title": "Hi"}, "nobody is named", id="nobody"),
        pytest.param({"kind": "card", "title": "Hi", "everyone": True}, "URL", id="a card without URL"),
    ],
)
def test_wrong_form_fails_and_sends_nothing(world: World, staff: list[str], run_dags: RunDags, wrong: dict[str, Any], told: str) -> None:
    (queued,), output = run_dags(fill_form(**wrong))
    assert (queued["state"], queued["tasks"]) == ("failed", {"enqueue": "failed"})
    assert told in output
    assert titles(world) == []


def test_form_that_is_submitted_again_sends_once(world: World, staff: list[str]) -> None:
    params = EMPTY | {"title": "Hello", "everyone": True}
    first, again, other = (submit(world.settings, params, source=source) for source in ("run 1", "run 1", "run 2"))
    assert first == again != other


# --- delivery ---


def test_where_nothing_is_due_the_run_is_green_and_delivers_nothing(world: World, staff: list[str], run_dags: RunDags) -> None:
    (sent,), output = run_dags(NOTIFY)
    assert (sent["state"], sent["tasks"]) == ("success", {"find_due": "success", "deliver": "skipped"}), output


def test_tenant_that_fails_turns_the_run_red_and_keeps_no_other_from_sending(
    world: World, staff: list[str], run_dags: RunDags, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BETA_DINGTALK", os.environ["AIRFLOW_CONN_ACME_DINGTALK"])
    queue(world, "acme", "to acme")
    queue(world, "beta", "to beta")
    monkeypatch.delenv("AIRFLOW_CONN_BETA_DINGTALK")
    (sent,), output = run_dags(NOTIFY)
    assert (sent["state"], sent["tasks"]) == ("failed", {"find_due": "success", "deliver[0]": "success", "deliver[1]": "failed"}), output
    assert "beta_dingtalk" in output
    assert texts_of(world, staff[0]) == ["to acme"]
    assert world.query("select state from notify.message where tenant_id = 'beta'") == [("pending",)]


# --- somebody else's DAGs ---


def test_operators_queue_once_and_raise_the_asset(
    world: World, staff: list[str], run_dags: RunDags, others: Path, airflow_home: Path
) -> None:
    (ended, _), output = run_dags({"dag": "telling", "params": {}}, NOTIFY, folder=others, PERSON=staff[0])
    succeeded = dict.fromkeys(("tell", "fill", "stumble", "each[0]", "each[1]"), "success")
    assert ended["tasks"] == succeeded | {"wrong": "failed"}, output
    assert "template 'announcement' and title exclude each other" in output
    assert titles(world) == ["first", "second", "stumbled", "telling is done", "【公告】filled"]
    assert len(texts_of(world, staff[0])) == 5
    assert raised_by(airflow_home, ended["run_id"]) == {"tell", "fill", "stumble", "each"}
    sources = {source for (source,) in world.query("select source from notify.message")}
    assert {f"telling/{ended['run_id']}/{place}" for place in ("tell", "each/0", "each/1")} < sources


def test_each_notifier_tells_once_of_each_task(world: World, staff: list[str], run_dags: RunDags, others: Path) -> None:
    (ended,), output = run_dags({"dag": "failing", "params": {}}, folder=others, PERSON=staff[0])
    assert ended["tasks"] == {"one": "failed", "two": "failed"}, output
    assert titles(world) == ["call for help", "one failed", "two failed"]


def test_backfill_sends_nothing_unless_asked_to(world: World, staff: list[str], run_dags: RunDags, others: Path) -> None:
    step = {"dag": "about_the_past", "params": {}, "run_type": "backfill"}
    (ended,), output = run_dags(step, folder=others, PERSON=staff[0])
    assert ended["tasks"] == {"silent": "success", "loud": "success", "fail_silently": "failed"}, output
    assert output.count("nothing is sent: this run is a backfill") == 2
    assert titles(world) == ["loud"]
