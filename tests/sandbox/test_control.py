from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from sandbox.testing import CHECKOUT, ControlCallError, start_sandbox
from tests.sandbox.app import App


def test_health(app: App) -> None:
    health = app.sandbox.control("GET", "health")
    assert health["status"] == "ok"
    assert health["process_id"] == app.sandbox.process_id


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nowhere/organization", None, 404),
        ("GET", "dingtalk/nothing", None, 404),
        ("DELETE", "dingtalk/settings", None, 405),
        ("PUT", "dingtalk/settings", {"latency": 3}, 400),
        ("PUT", "dingtalk/settings", {"latency_ms": "much"}, 400),
        ("PUT", "dingtalk/settings", {"calls_per_second": -1}, 400),
        ("PUT", "dingtalk/settings", [1], 400),
        ("POST", "dingtalk/organization", {"people": 5}, 400),
        ("POST", "dingtalk/organization", {"persons": 50}, 400),
        ("POST", "dingtalk/evolve", {"joined": -1}, 400),
        ("POST", "dingtalk/evolve", {"hired": 1}, 400),
        ("POST", "dingtalk/evolve", {"rate": 0.1, "joined": 1}, 400),
        ("GET", "dingtalk/calls?recent=all", None, 400),
    ],
)
def test_bad_control_call_says_what_is_wrong(app: App, method: str, path: str, body: object, status: int) -> None:
    with pytest.raises(ControlCallError) as refusal:
        app.sandbox.control(method, path, body)
    assert refusal.value.status == status
    assert len(str(refusal.value)) > 20


def test_new_organization_replaces_the_old(app: App) -> None:
    summary = app.control("POST", "organization", {"people": 40, "seed": 2, "departments": 5, "school": False})
    assert (summary["people"], summary["departments"], summary["school_departments"]) == (40, 6, 0)
    assert app.result("user/count", only_active=False) == {"count": 40}


def test_truth_is_whole(app: App) -> None:
    truth, summary = app.truth(), app.control("GET", "organization?summary=1")
    assert (len(truth["users"]), len(truth["memberships"])) == (summary["people"], summary["memberships"])
    assert len(truth["departments"]) == summary["departments"]
    by_user = {user["id"]: set(user["department_ids"]) for user in truth["users"]}
    assert {(row["user_id"], row["department_id"]) for row in truth["memberships"]} == {
        (user, department) for user, departments in by_user.items() for department in departments
    }


def test_evolution_shows_at_once(app: App) -> None:
    before = {user["id"]: user for user in app.truth()["users"]}
    happened = app.control("POST", "evolve", {"joined": 3, "left": 2, "renamed": 1, "promoted": 1})
    after = {user["id"]: user for user in app.truth()["users"]}
    assert set(happened["joined"]) == after.keys() - before.keys()
    assert set(happened["left"]) == before.keys() - after.keys()
    assert app.code("v2/user/get", userid=happened["left"][0]) == 60121
    assert app.result("v2/user/get", userid=happened["renamed"][0])["name"] != before[happened["renamed"][0]]["name"]
    assert app.result("user/count", only_active=False)["count"] == len(after)
    assert app.control("POST", "evolve")["step"] == 2


def test_settings_change_only_what_is_named(app: App, first_settings: dict) -> None:
    assert app.control("PUT", "settings", {"latency_ms": 2}) == first_settings | {"latency_ms": 2}


def test_calls_are_counted_and_secrets_left_out(app: App) -> None:
    app.page(1)
    app.code("v2/user/list", dept_id=1, cursor=0, size=1000)
    calls = app.control("GET", "calls?recent=10")
    assert calls["total"] == 3
    assert calls["by_interface"] == {"gettoken": 1, "topapi/v2/user/list": 2}
    assert calls["refusals"] == {"40069": 1}
    assert [call["parameters"] for call in calls["recent"]] == [
        {"appkey": "sandbox-dingtalk"},
        {"dept_id": 1, "cursor": 0, "size": 100},
        {"dept_id": 1, "cursor": 0, "size": 1000},
    ]
    assert calls["recent"][-1]["refusal"] == "40069"
    app.control("DELETE", "calls")
    assert app.control("GET", "calls")["total"] == 0


def test_state_survives_a_restart(tmp_path: Path) -> None:
    with start_sandbox(people=50, seed=3, state=tmp_path) as first:
        first.control("POST", "dingtalk/evolve", {"joined": 2, "left": 3})
        first.control("POST", "dingtalk/evolve", {"returned": 1, "departments_renamed": 1})
        truth = first.control("GET", "dingtalk/organization")
    with start_sandbox(people=90, seed=4, state=tmp_path) as second:
        assert second.control("GET", "dingtalk/organization") == truth
    assert [path.name for path in tmp_path.iterdir()] == ["sandbox.json"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly_even_with_a_caller_waiting(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--people", "10", "--client-id", "me", "--client-secret", "x"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        url = line.split()[3]
        requests.post(f"{url}/_sandbox/dingtalk/faults", json={"kind": "stall"}, timeout=10)
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{url}/gettoken", timeout=0.1)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
    assert line.startswith("sandbox ready on http://127.0.0.1:")
    assert (process.returncode, rest, errors) == (0, "", "")


def test_it_ends_with_whoever_started_it() -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--people", "10", "--until-stdin-closes"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_it_listens_on_loopback_only(app: App) -> None:
    listening = [one.laddr.ip for one in psutil.Process(app.sandbox.process_id).net_connections("inet") if one.status == "LISTEN"]
    assert listening == ["127.0.0.1"]


@pytest.mark.parametrize("option", [["--people", "3"], ["--people", "2000000"], ["--departments", "0"]], ids=str)
def test_senseless_option_ends_it_with_a_sentence(option: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", *option], cwd=CHECKOUT, capture_output=True, text=True, timeout=10
    )
    assert ended.returncode == 1
    assert "no organization can be made" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_hidden_people_are_in_no_list_and_no_count_and_come_back_as_they_were(app: App) -> None:
    before = app.truth()
    hidden = app.control("PUT", "hidden", {"share": 0.3})["hidden"]
    assert len(hidden) == round(0.3 * len(before["users"]))
    assert app.result("user/count", only_active=False)["count"] == len(before["users"]) - len(hidden)
    assert {user["id"] for user in app.truth()["users"]} == {user["id"] for user in before["users"]} - set(hidden)
    assert app.code("v2/user/get", userid=hidden[0]) == 60121
    assert app.control("PUT", "hidden", {"share": 0}) == {"hidden": []}
    after = app.truth()
    assert after == before
    assert app.control("GET", "hidden") == {"hidden": []}
