from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.feishu.app import CHILDREN, MEMBERS, FeishuApp

ROOT_CHILDREN = "contact/v3/departments/0/children"
NOWHERE = "od-" + "f" * 32


def damaged(app: FeishuApp, kind: str, **spec: Any) -> Any:
    app.fault(kind, CHILDREN, times=1, **spec)
    return app.raw(ROOT_CHILDREN, page_size=50).json()["data"]


def test_refusals_in_the_platforms_words(app: FeishuApp) -> None:
    cases = {"throttle": (429, 99991400), "busy": (400, 40003), "forbidden_department": (403, 40004)}
    for kind, expected in cases.items():
        app.fault(kind, "departments", times=1)
        assert app.refusal(ROOT_CHILDREN) == expected
    app.fault("throttle", "departments", times=1)
    assert app.raw(ROOT_CHILDREN).headers["x-ogw-ratelimit-reset"] == "1"


def test_any_error_code_with_any_status(app: FeishuApp) -> None:
    app.fault("error_code", MEMBERS, code=41027, status=504, message="create account failed")
    answer = app.raw(MEMBERS)
    assert (answer.status_code, answer.json()["code"], answer.json()["msg"]) == (504, 41027, "create account failed")


def test_forbidden_person(app: FeishuApp) -> None:
    app.fault("forbidden_department", "contact/v3/users/:user_id")
    assert app.refusal("contact/v3/users/ou_whoever") == (400, 41050)


def test_expired_token_stays_expired(app: FeishuApp) -> None:
    app.fault("expired_token", CHILDREN, calls=[2])
    codes = [app.raw(ROOT_CHILDREN).json()["code"] for _ in range(3)]
    assert codes == [0, 99991663, 99991663]
    del app.token
    assert app.raw(ROOT_CHILDREN).status_code == 200


def test_fault_can_concern_one_department_only(app: FeishuApp) -> None:
    other = app.data(ROOT_CHILDREN)["items"][0]["open_department_id"]
    app.fault("forbidden_department", "people", match={"department_id": other})
    assert app.refusal(MEMBERS, department_id=other) == (403, 40004)
    app.data(MEMBERS, department_id="0")
    app.fault("busy", "departments", match={"department_id": other})
    assert app.refusal(f"contact/v3/departments/{other}/children") == (400, 40003)
    app.data(ROOT_CHILDREN)


def test_proxies_and_servers_in_between(app: FeishuApp) -> None:
    app.fault("http_502", CHILDREN, calls=[1])
    app.fault("html", CHILDREN, calls=[2])
    app.fault("truncated_json", CHILDREN, calls=[3])
    app.fault("reset", CHILDREN, calls=[4])
    assert app.raw(ROOT_CHILDREN).status_code == 502
    assert "html" in app.raw(ROOT_CHILDREN).text
    with pytest.raises(requests.JSONDecodeError):
        app.raw(ROOT_CHILDREN).json()
    with pytest.raises(requests.ConnectionError):
        app.raw(ROOT_CHILDREN)


def test_damaged_departments(app: FeishuApp) -> None:
    rows = app.data(ROOT_CHILDREN, page_size=50)["items"]
    first = rows[0]["open_department_id"]
    assert "\x00" in damaged(app, "nul_in_name")["items"][0]["name"]
    assert damaged(app, "cycle")["items"][-1]["open_department_id"] == "0"
    assert damaged(app, "orphan")["items"][0]["parent_department_id"] == NOWHERE
    assert [row["open_department_id"] for row in damaged(app, "duplicate_id")["items"]].count(first) == 2
    assert damaged(app, "string_for_integer")["items"][0]["member_count"] == str(rows[0]["member_count"])
    assert damaged(app, "null_for_list")["items"] is None
    assert "items" not in damaged(app, "missing_key")
    assert not any("name" in row for row in damaged(app, "missing_key", key="name")["items"])
    assert damaged(app, "lost_rows", rows=2)["items"] == rows[:-2]
    assert damaged(app, "empty") == {"has_more": False, "items": []}
    assert app.data(ROOT_CHILDREN, page_size=50)["items"] == rows


def test_damaged_single_department_and_person(app: FeishuApp) -> None:
    department = app.data(ROOT_CHILDREN)["items"][0]["open_department_id"]
    app.fault("cycle", "contact/v3/departments/:department_id", times=1)
    assert app.data(f"contact/v3/departments/{department}")["department"]["parent_department_id"] == department
    user = app.truth()["users"][0]["open_id"]
    app.fault("orphan", "contact/v3/users/:user_id", times=1)
    assert app.data(f"contact/v3/users/{user}")["user"]["department_ids"] == [NOWHERE]
    app.fault("orphan", MEMBERS, times=1)
    assert app.data(MEMBERS, department_id="0")["items"][0]["department_ids"] == [NOWHERE]
    app.fault("cycle", MEMBERS, times=1)
    assert all("open_id" in row for row in app.data(MEMBERS, department_id="0")["items"])


def test_repeated_cursor_is_one_the_server_takes(app: FeishuApp) -> None:
    app.fault("repeated_cursor", CHILDREN)
    first = app.data(ROOT_CHILDREN)
    second = app.data(ROOT_CHILDREN, page_token=first["page_token"])
    assert (first["has_more"], second["has_more"]) == (True, True)
    assert (second["page_token"], second["items"]) == (first["page_token"], first["items"])


def test_endless_pages_have_new_cursors(app: FeishuApp) -> None:
    app.fault("endless_has_more", MEMBERS)
    page, tokens = app.data(MEMBERS, department_id="0"), []
    for _ in range(5):
        tokens.append(page["page_token"])
        page = app.data(MEMBERS, department_id="0", page_token=tokens[-1])
        assert page["has_more"]
    assert len(set(tokens)) == 5
    assert page["items"] == []


@pytest.mark.parametrize("kind", ["repeated_cursor", "endless_has_more"])
def test_only_pages_get_cursors(app: FeishuApp, kind: str) -> None:
    department = app.data(ROOT_CHILDREN)["items"][0]["open_department_id"]
    app.fault(kind, "contact/v3/departments/:department_id")
    app.fault(kind, "contact/v3/departments/batch")
    assert app.data(f"contact/v3/departments/{department}").keys() == {"department"}
    assert "has_more" not in app.data(f"contact/v3/departments/{department}")["department"]
    assert app.data("contact/v3/departments/batch", department_ids=department).keys() == {"items"}
