from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from sandbox.testing import start_sandbox
from tests.sandbox.wecom.app import CORP_ID, SECRET, WeComApp


def test_limit_by_minute_is_the_corps(app: WeComApp) -> None:
    tokens = [app.token, app.contact_token] * 2
    app.settings(calls_per_minute=1)
    codes = [app.code("department/simplelist", token=token) for token in tokens]
    assert codes.count(45009) >= 2  # a new minute may begin in between
    app.settings(calls_per_minute=0)
    assert app.code("department/simplelist") == 0


def test_limit_is_for_each_interface(app: WeComApp) -> None:
    token = app.token
    app.settings(calls_per_minute=2)
    assert 45009 in [app.code("department/simplelist", token=token) for _ in range(8)]
    assert app.code("agent/get", token=token, agentid=1000002) == 0


def test_limit_holds_for_tokens_too(app: WeComApp) -> None:
    app.settings(calls_per_minute=1)
    codes = [app.code("gettoken", token=None, corpid=CORP_ID, corpsecret=SECRET) for _ in range(6)]
    assert 45009 in codes


def test_limit_of_parallel_calls(app: WeComApp) -> None:
    app.settings(max_parallel_calls=2, latency_ms=200)
    token = app.token
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: app.code("department/simplelist", token=token), range(4)))
    assert sorted(set(codes)) == [0, 45033]
    assert app.code("department/simplelist") == 0


def test_answer_with_too_many_rows_is_refused(app: WeComApp) -> None:
    app.settings(most_rows=100)
    assert app.code("user/list", department_id=1, fetch_child=1) == 45029
    assert app.code("user/list", department_id=1) == 0


def test_large_list_takes_longer(app: WeComApp) -> None:
    whole, one = (len(app.raw("user/list", department_id=1, fetch_child=deep).content) for deep in (1, 0))
    app.settings(bytes_per_second=2 * whole)
    seconds = {}
    for path, deep in (("user/list", 1), ("user/list", 0), ("user/simplelist", 1)):
        begun = time.monotonic()
        assert app.code(path, department_id=1, fetch_child=deep) == 0
        seconds[path, deep] = time.monotonic() - begun
    assert seconds["user/list", 1] >= 0.5
    assert one < whole / 4
    assert seconds["user/list", 0] < 0.5
    assert seconds["user/simplelist", 1] < 0.5


def test_long_list_comes_in_pieces_and_others_meanwhile() -> None:
    with start_sandbox(people=2500, calls_per_second=0, calls_per_minute=0) as sandbox:
        app = WeComApp(sandbox)
        people = [each["id"] for each in app.truth()["users"]]
        assert sorted(each["userid"] for each in app.everyone()) == sorted(people)
        app.settings(bytes_per_second=1_000_000)
        with ThreadPoolExecutor(1) as pool:
            whole = pool.submit(app.everyone)
            time.sleep(0.3)
            assert app.code("department/simplelist") == 0
            assert not whole.done()
            assert len(whole.result()) == len(people)
        app.fault("duplicate_id", interface="people", times=1)
        assert len(app.everyone()) == len(people) + 1


def test_caller_who_does_not_wait_is_counted(app: WeComApp) -> None:
    app.settings(bytes_per_second=1000)
    token = app.token
    url = f"{app.sandbox.url}/cgi-bin/user/list"
    with pytest.raises(requests.ConnectionError, match="Read timed out"):
        requests.get(url, params={"access_token": token, "department_id": 1, "fetch_child": 1}, timeout=0.3)
    give_up_at = time.monotonic() + 5
    while not app.control("GET", "calls")["refusals"].get("too_slow") and time.monotonic() < give_up_at:
        time.sleep(0.05)
    assert app.control("GET", "calls")["refusals"]["too_slow"] == 1


def test_refusals_on_order(app: WeComApp) -> None:
    for call, (kind, spec) in enumerate(
        {
            "throttle": {},
            "busy": {},
            "forbidden_department": {},
            "error_code": {"code": 301007, "message": "corp is dissolved"},
        }.items(),
        start=1,
    ):
        app.fault(kind, interface="departments", calls=[call], **spec)
    answers = [app.raw("department/list") for _ in range(5)]
    assert [answer.json()["errcode"] for answer in answers] == [45009, -1, 60011, 301007, 0]
    assert answers[3].json()["errmsg"].startswith("corp is dissolved, hint: [")
    assert answers[0].headers["Error-Code"] == "45009"
    assert "Error-Code" not in answers[4].headers


def test_expired_token_stays_expired(app: WeComApp) -> None:
    app.fault("expired_token", interface="people", calls=[2])
    codes = [app.code("user/list", department_id=1) for _ in range(3)]
    assert codes == [0, 42001, 42001]
    del app.token
    assert app.code("user/list", department_id=1) == 0


def damaged(app: WeComApp, kind: str, path: str, **spec: Any) -> dict[str, Any]:
    key = spec.pop("key", None)
    app.fault(kind, interface=path, times=1, **({"key": key} if key else {}))
    return app.raw(path, **spec).json()


def test_damaged_departments(app: WeComApp) -> None:
    rows = app.call("department/list")["department"]
    first = rows[0]["id"]

    def damage(kind: str, **spec: Any) -> Any:
        return damaged(app, kind, "department/list", **spec)["department"]

    assert "\x00" in damage("nul_in_name")[0]["name"]
    assert damage("cycle", id=rows[1]["id"])[-1]["parentid"] == rows[1]["id"]
    assert damage("orphan")[0]["parentid"] == 999_999_999
    assert [row["id"] for row in damage("duplicate_id")].count(first) == 2
    assert damage("string_for_integer")[0]["id"] == str(first)
    assert damage("null_for_list") is None
    assert damage("lost_rows") == rows[:-1]
    assert damage("empty") == []
    assert "department" not in damaged(app, "missing_key", "department/list")
    assert not any("parentid" in row for row in damage("missing_key", key="parentid"))
    assert "\x00" not in damaged(app, "nul_in_name", "department/simplelist")["department_id"][1].get("name", "")
    assert app.call("department/list")["department"] == rows


def test_damaged_single_objects(app: WeComApp, truth: dict) -> None:
    department, user = truth["departments"][1]["id"], truth["users"][0]["id"]
    assert damaged(app, "cycle", "department/get", id=department)["department"]["parentid"] == department
    assert "id" not in damaged(app, "missing_key", "department/get", id=department)["department"]
    assert damaged(app, "orphan", "user/get", userid=user)["department"] == [999_999_999]
    assert "userid" not in damaged(app, "missing_key", "user/get", userid=user)
    status = damaged(app, "string_for_integer", "user/get", userid=user)
    assert (status["errcode"], status["status"]) == (0, "1")


def test_damaged_people(app: WeComApp) -> None:
    rows = app.call("user/list", department_id=1)["userlist"]
    assert damaged(app, "orphan", "user/list", department_id=1)["userlist"][0]["department"] == [999_999_999]
    assert len(damaged(app, "duplicate_id", "user/list", department_id=1)["userlist"]) == len(rows) + 1
    assert damaged(app, "null_for_list", "user/list", department_id=1)["userlist"] is None


def test_damaged_id_pages(app: WeComApp) -> None:
    path, token = "user/list_id", app.contact_token
    first = app.call(path, token=token, body={"limit": 20})
    second = {"limit": 20, "cursor": first["next_cursor"]}
    assert damaged(app, "repeated_cursor", path, token=token, body=second)["next_cursor"] == first["next_cursor"]
    assert damaged(app, "orphan", path, token=token, body={"limit": 20})["dept_user"][0]["department"] == 999_999_999
    assert len(damaged(app, "lost_rows", path, token=token, body={"limit": 20})["dept_user"]) == 19
    assert damaged(app, "empty", path, token=token, body={"limit": 20}).get("next_cursor") is None


def test_endless_id_pages_have_ever_new_cursors(app: WeComApp) -> None:
    app.fault("endless_has_more", interface="user/list_id")
    cursors = [""]
    for _ in range(4):
        cursors.append(app.call("user/list_id", token=app.contact_token, body={"cursor": cursors[-1]})["next_cursor"])
    assert len(set(cursors)) == 5
    assert all(cursors[1:])


@pytest.mark.parametrize("kind", ["http_503", "html", "truncated_json"])
def test_disruptions_below_the_platform(app: WeComApp, kind: str) -> None:
    app.fault(kind, interface="people", times=1)
    answer = app.raw("user/list", department_id=1)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_dingtalk_does_not_notice(app: WeComApp) -> None:
    token = app.token
    app.fault("http_503")
    assert app.raw("department/list", token=token).status_code == 503
    credentials = {"appkey": app.sandbox.client_id, "appsecret": app.sandbox.client_secret}
    assert app.session.get(f"{app.sandbox.url}/gettoken", params=credentials, timeout=10).json()["errcode"] == 0
