from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.testing import ControlCallError
from tests.sandbox.app import App

LISTSUB = "topapi/v2/department/listsub"
USERS = "topapi/v2/user/list"


def codes(app: App, calls: int) -> list[int]:
    return [app.call("v2/department/listsub", dept_id=1)["errcode"] for _ in range(calls)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [-1] * 6),
        ({"calls": [2, 4]}, [0, -1, 0, -1, 0, 0]),
        ({"from": 3}, [0, 0, -1, -1, -1, -1]),
        ({"from": 3, "to": 4}, [0, 0, -1, -1, 0, 0]),
        ({"every": 3}, [0, 0, -1, 0, 0, -1]),
        ({"times": 2}, [-1, -1, 0, 0, 0, 0]),
    ],
    ids=str,
)
def test_fault_strikes_the_calls_it_names(app: App, when: dict, expected: list[int]) -> None:
    app.fault("busy", interface=LISTSUB, **when)
    app.result("user/count", only_active=True)
    assert codes(app, 6) == expected
    shown = app.control("GET", "faults")["faults"][0]
    assert (shown["seen"], shown["struck"]) == (6, expected.count(-1))


def test_fault_can_concern_one_department_only(app: App) -> None:
    other = app.result("v2/department/listsub", dept_id=1)[0]["dept_id"]
    app.fault("forbidden_department", interface=LISTSUB, match={"dept_id": other})
    assert app.code("v2/department/listsub", dept_id=1) == 0
    assert app.code("v2/department/listsub", dept_id=other) == 50004


def test_fault_without_interface_strikes_everything(app: App) -> None:
    app.fault("http_503")
    assert app.session.get(f"{app.url}/gettoken", timeout=10).status_code == 503


def test_faults_can_be_removed(app: App) -> None:
    app.control("POST", "faults", [{"kind": "busy", "calls": [9]}, {"kind": "html"}])
    second = app.control("GET", "faults")["faults"][1]["id"]
    assert app.control("DELETE", f"faults?id={second}") == {"removed": 1}
    assert codes(app, 1) == [0]
    assert app.control("DELETE", "faults") == {"removed": 1}


@pytest.mark.parametrize(
    "spec",
    [{"kind": "earthquake"}, {}, {"kind": "busy", "when": 1}, {"kind": "busy", "calls": "all"}, {"kind": "busy", "every": 0}],
    ids=str,
)
def test_senseless_fault_is_refused(app: App, spec: dict) -> None:
    with pytest.raises(ControlCallError) as refusal:
        app.control("POST", "faults", spec)
    assert refusal.value.status == 400


def test_throttle_reads_like_the_real_one(app: App) -> None:
    app.fault("throttle", interface=LISTSUB)
    answer = app.call("v2/department/listsub")
    assert (answer["errcode"], answer["sub_code"]) == (88, "90018")
    assert "超过了 20 次" in answer["sub_msg"]


def test_throttle_of_the_new_generation_is_a_403(app: App) -> None:
    app.fault("throttle", interface="v1.0/oauth2/accessToken")
    answer = requests.post(f"{app.url}/v1.0/oauth2/accessToken", json={}, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")


def test_any_error_code_plain_or_wrapped(app: App) -> None:
    app.fault("error_code", interface=LISTSUB, code=60019, calls=[1])
    app.fault("error_code", interface=LISTSUB, code=88, sub_code="90002", message="限流", calls=[2])
    plain, wrapped = app.call("v2/department/listsub"), app.call("v2/department/listsub")
    assert (plain["errcode"], plain.get("sub_code")) == (60019, None)
    assert (wrapped["errcode"], wrapped["sub_code"], wrapped["sub_msg"]) == (88, "90002", "限流")


def test_expired_token_stays_expired(app: App) -> None:
    app.fault("expired_token", interface=LISTSUB, calls=[2])
    assert codes(app, 3) == [0, 88, 88]
    del app.token
    assert codes(app, 1) == [0]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_error_is_html_with_a_status(app: App, status: int) -> None:
    app.fault(f"http_{status}", interface=LISTSUB)
    answer = app.raw("v2/department/listsub")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html;charset=UTF-8")


def test_html_of_a_proxy_and_of_the_ip_ban_is_a_200(app: App) -> None:
    app.fault("html", calls=[1], interface=LISTSUB)
    app.fault("ip_ban", calls=[2], interface=LISTSUB)
    app.fault("ip_ban", calls=[3], interface=LISTSUB, form="json", status=403)
    proxy, page, body = (app.raw("v2/department/listsub") for _ in range(3))
    assert (proxy.status_code, page.status_code, body.status_code) == (200, 200, 403)
    assert "html" in proxy.text
    assert "访问被拒绝" in page.text
    assert (body.json()["punish"], body.json()["status"]) == ("deny", 1111)


def test_reset_breaks_the_connection(app: App) -> None:
    app.fault("reset", interface=LISTSUB, times=1)
    with pytest.raises(requests.ConnectionError):
        app.raw("v2/department/listsub")
    assert codes(app, 1) == [0]
    assert app.control("GET", "calls")["refusals"] == {"reset": 1}


def test_stall_says_nothing(app: App) -> None:
    app.fault("stall", interface=LISTSUB, times=1)
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{app.url}/{LISTSUB}", params={"access_token": app.token}, json={}, timeout=0.2)
    assert codes(app, 1) == [0]


def test_slow_answers_late_but_rightly(app: App) -> None:
    app.fault("slow", interface=LISTSUB, seconds=0.2)
    answer = app.raw("v2/department/listsub")
    assert answer.elapsed.total_seconds() > 0.15  # timers may fire a little early
    assert answer.json()["errcode"] == 0


def test_truncated_json_is_whole_as_http(app: App) -> None:
    app.fault("truncated_json", interface=LISTSUB)
    with pytest.raises(requests.JSONDecodeError):
        app.raw("v2/department/listsub").json()


@pytest.fixture
def crowd(app: App) -> int:
    """The only department of a company, with several pages of people."""
    app.control("POST", "organization", {"people": 250, "seed": 5, "departments": 1})
    return app.truth()["departments"][1]["id"]


def test_repeated_cursor_and_endless_pages(app: App, crowd: int) -> None:
    app.fault("repeated_cursor", interface=USERS, calls=[1])
    app.fault("endless_has_more", interface=USERS, **{"from": 2})
    assert app.page(crowd, cursor=100)["next_cursor"] == 100
    cursors = []
    cursor = 200
    for _ in range(3):
        page = app.page(crowd, cursor=cursor)
        assert page["has_more"]
        cursor = page["next_cursor"]
        cursors.append(cursor)
    assert cursors == sorted(set(cursors))


def test_lost_rows_are_missing_without_a_trace(app: App, crowd: int) -> None:
    whole = app.page(crowd)
    app.fault("lost_rows", interface=USERS, rows=3)
    lossy = app.page(crowd)
    assert lossy["list"] == whole["list"][:97]
    assert (lossy["has_more"], lossy["next_cursor"]) == (True, 100)


def test_empty_page_claims_to_be_the_last(app: App, crowd: int) -> None:
    app.fault("empty", interface=USERS)
    assert app.page(crowd) == {"has_more": False, "list": []}


def damaged(app: App, kind: str, **spec: Any) -> Any:
    app.fault(kind, interface=spec.pop("interface", LISTSUB), **spec)
    return app.call("v2/department/listsub", dept_id=1)


def test_damaged_departments(app: App) -> None:
    rows = app.result("v2/department/listsub", dept_id=1)
    first = rows[0]["dept_id"]
    assert "\x00" in damaged(app, "nul_in_name", times=1)["result"][0]["name"]
    assert damaged(app, "cycle", times=1)["result"][-1]["dept_id"] == 1
    assert damaged(app, "orphan", times=1)["result"][0]["parent_id"] == 999_999_999_999
    assert [row["dept_id"] for row in damaged(app, "duplicate_id", times=1)["result"]].count(first) == 2
    assert damaged(app, "string_for_integer", times=1)["result"][0]["dept_id"] == str(first)
    assert damaged(app, "null_for_list", times=1)["result"] is None
    assert "result" not in damaged(app, "missing_key", times=1)
    assert not any("name" in row for row in damaged(app, "missing_key", times=1, key="name")["result"])
    assert {row["name"] for row in damaged(app, "same_value", times=1, key="name", constant="")["result"]} == {""}
    assert app.result("v2/department/listsub", dept_id=1) == rows


def raw_answer(app: App, **spec: Any) -> bytes:
    app.fault("broken_value", interface=LISTSUB, times=1, **spec)
    return app.raw("v2/department/listsub", {"dept_id": 1}).content


def test_broken_values(app: App) -> None:
    name = app.result("v2/department/listsub", dept_id=1)[0]["name"].encode()
    first = name.decode()[0].encode()
    for value, broken in {"control": b"\x08", "latin1": b"\xed", "cut_escape": rb"\u12 ", "line_break": b"\n"}.items():
        assert b'"name":"' + first + broken + name[len(first) :] + b'"' in raw_answer(app, value=value)
    for value, broken in {"not_a_number": b"NaN", "huge_number": b"1e400", "long_number": b"9" * 5000}.items():
        assert b'"parent_id":' + broken + b"," in raw_answer(app, key="parent_id", value=value)
    assert b'"errmsg":"o\tk"' in raw_answer(app, key="errmsg", value="tab")
    with pytest.raises(ControlCallError, match="value is none of control"):
        app.fault("broken_value", value="odd")


def test_damage_to_an_empty_list_does_no_harm(app: App) -> None:
    for kind in ("lost_rows", "nul_in_name", "orphan", "duplicate_id", "string_for_integer", "empty"):
        app.fault(kind, interface=USERS, times=1)
        assert app.code("v2/user/list", dept_id=1, cursor=9000, size=10) == 0


def test_damaged_detail_and_ids(app: App) -> None:
    department = app.result("v2/department/listsub", dept_id=1)[0]["dept_id"]
    app.fault("cycle", interface="topapi/v2/department/get", times=1)
    assert app.result("v2/department/get", dept_id=department)["parent_id"] == department
    app.fault("string_for_integer", interface="topapi/v2/department/get", times=1)
    assert app.result("v2/department/get", dept_id=department)["dept_id"] == str(department)
    app.fault("orphan", interface="topapi/v2/user/get", times=1)
    user = app.truth()["users"][0]["id"]
    assert app.result("v2/user/get", userid=user)["dept_id_list"] == [999_999_999_999]
    app.fault("cycle", interface="topapi/v2/department/listsubid", times=1)
    assert app.result("v2/department/listsubid", dept_id=department)["dept_id_list"][-1] == department
