from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.feishu.app import FeishuApp

ROOT_CHILDREN = "contact/v3/departments/0/children"


def deep(truth: dict[str, Any]) -> dict[str, Any]:
    """A department at least three levels below the root."""
    by_id = {department["id"]: department for department in truth["departments"]}
    return next(
        department
        for department in truth["departments"]
        if department["id"] != "0" and by_id[department["parent_id"]]["parent_id"] not in (None, "0")
    )


def test_whole_tree_is_the_truth(app: FeishuApp) -> None:
    truth = {department["id"]: department for department in app.truth()["departments"]}
    shown = {row["open_department_id"]: row for row in app.departments()}
    assert shown.keys() == truth.keys() - {"0"}
    for department_id, row in shown.items():
        true = truth[department_id]
        assert (row["name"], row["parent_department_id"]) == (true["name"], true["parent_id"])
        assert row["order"] == ("" if true["order"] is None else str(true["order"]))
        assert row["i18n_name"]["en_us"] == (true["name_en"] or "")
        if true["source_identifier"]:
            assert row["department_id"] == true["source_identifier"]


def test_walk_level_by_level_finds_the_same_as_the_recursive_one(app: FeishuApp) -> None:
    pending, found = ["0"], []
    while pending:
        rows = app.items(f"contact/v3/departments/{pending.pop()}/children", page_size=50)
        found += [row["open_department_id"] for row in rows]
        pending += [row["open_department_id"] for row in rows]
    assert sorted(found) == sorted(row["open_department_id"] for row in app.departments())


def test_pages_have_ten_rows_and_tokens_that_need_encoding(app: FeishuApp) -> None:
    pages = app.pages(ROOT_CHILDREN, fetch_child="true")
    assert [len(page["items"]) for page in pages[:-1]] == [10] * (len(pages) - 1)
    assert all(set("/+=") <= set(page["page_token"]) for page in pages[:-1])
    assert "page_token" not in pages[-1]
    assert len({row["open_department_id"] for page in pages for row in page["items"]}) == sum(len(page["items"]) for page in pages)


@pytest.mark.parametrize("size", [0, 51])
def test_bad_page_size_is_40011(app: FeishuApp, size: int) -> None:
    assert app.refusal(ROOT_CHILDREN, page_size=size) == (400, 40011)


def test_bad_page_token_is_40012(app: FeishuApp) -> None:
    token = app.data(ROOT_CHILDREN, fetch_child="true", page_size=1)["page_token"]
    for bad in ("3", token[:-4], token.replace("+", " "), token.replace("/", "%2F"), "AQD9/Rn9+eij9Pm39ED40/AAAAAAAAAAA="):
        assert app.refusal(ROOT_CHILDREN, page_token=bad) == (400, 40012)


def test_smaller_order_comes_first_and_unsorted_ones_last(app: FeishuApp) -> None:
    orders = [row["order"] for row in app.items(ROOT_CHILDREN)]
    numbers = [int(order) for order in orders if order]
    assert numbers == sorted(numbers)
    assert orders == [str(number) for number in numbers] + [""] * (len(orders) - len(numbers))


def test_id_types_govern_what_goes_in_and_what_comes_out(app: FeishuApp) -> None:
    truth = app.truth()
    users = {user["id"]: user for user in truth["users"]}
    by_open_id = {row["open_department_id"]: row for row in app.departments()}
    for kind in ("open_id", "union_id", "user_id"):
        rows = app.departments(department_id_type="department_id", user_id_type=kind)
        for row in rows:
            parent = by_open_id[row["open_department_id"]]["parent_department_id"]
            assert row["parent_department_id"] == ("0" if parent == "0" else by_open_id[parent]["department_id"])
        led = next(department for department in truth["departments"] if department["id"] != "0" and department["leaders"])
        row = next(row for row in rows if row["open_department_id"] == led["id"])
        leader = users[led["leaders"][0]]["id" if kind == "user_id" else kind]
        assert (row["leader_user_id"], row["leaders"][0]) == (leader, {"leaderType": 1, "leaderID": leader})
        same = app.data(f"contact/v3/departments/{row['department_id']}", department_id_type="department_id", user_id_type=kind)
        assert same["department"] == row


def test_deputies_follow_the_main_leader(app: FeishuApp) -> None:
    app.control("POST", "organization", {"people": 2000, "seed": 1})
    led = next(one for one in app.truth()["departments"] if len(one["leaders"]) > 1)
    row = app.data(f"contact/v3/departments/{led['id']}", user_id_type="user_id")["department"]
    main, *deputies = led["leaders"]
    assert row["leader_user_id"] == main
    assert row["leaders"] == [{"leaderType": 1, "leaderID": main}, *({"leaderType": 2, "leaderID": one} for one in deputies)]


def test_id_of_another_type_and_unknown_id(app: FeishuApp) -> None:
    row = app.data(ROOT_CHILDREN)["items"][0]
    assert app.refusal(f"contact/v3/departments/{row['department_id']}") == (400, 40001)
    assert app.refusal(f"contact/v3/departments/{row['open_department_id']}", department_id_type="department_id") == (400, 40001)
    assert app.refusal(f"contact/v3/departments/od-{'0' * 32}") == (400, 40015)
    assert app.refusal("contact/v3/departments/HR999999", department_id_type="department_id") == (400, 40015)


def test_root_is_the_company(app: FeishuApp) -> None:
    truth = app.truth()
    root = app.data("contact/v3/departments/0")["department"]
    assert (root["name"], root["open_department_id"], root["department_id"]) == ("云杉科技有限公司", "0", "0")
    assert root["member_count"] == len(truth["users"])


def test_member_counts(app: FeishuApp) -> None:
    truth = app.truth()
    parents = {department["id"]: department["parent_id"] for department in truth["departments"]}

    def is_below(department: str | None, top: str) -> bool:
        while department not in (None, top):
            department = parents[department]
        return department == top

    for row in app.departments():
        department_id = row["open_department_id"]
        people = [user for user in truth["users"] if any(is_below(one, department_id) for one in user["department_ids"])]
        assert row["member_count"] == len(people)
        assert row["primary_member_count"] == sum(user["main_department_id"] == department_id for user in truth["users"])


def test_batch_leaves_out_what_it_does_not_know(app: FeishuApp) -> None:
    known = [row["open_department_id"] for row in app.data(ROOT_CHILDREN)["items"][:2]]
    items = app.data("contact/v3/departments/batch", department_ids=[*known, "od-unknown", "0"])["items"]
    assert [row["open_department_id"] for row in items] == [*known, "0"]
    assert app.refusal("contact/v3/departments/batch") == (400, 99992402)
    assert app.refusal("contact/v3/departments/batch", department_ids=["0"] * 51) == (400, 99992402)


def test_parents_nearest_first_without_the_root(app: FeishuApp) -> None:
    truth = app.truth()
    by_id = {department["id"]: department for department in truth["departments"]}
    department = deep(truth)
    expected, above = [], department["parent_id"]
    while above != "0":
        expected.append(above)
        above = by_id[above]["parent_id"]
    rows = app.items("contact/v3/departments/parent", department_id=department["id"])
    assert [row["open_department_id"] for row in rows] == expected
    assert app.refusal("contact/v3/departments/parent", department_id="0") == (400, 40002)


def test_older_list(app: FeishuApp) -> None:
    assert [row["open_department_id"] for row in app.items("contact/v3/departments")] == ["0"]
    below = app.items("contact/v3/departments", parent_department_id="0", fetch_child="true", page_size=50)
    assert below == app.departments()


def test_large_tree_is_refused_in_one_walk_only(app: FeishuApp) -> None:
    count = len(app.departments())
    app.settings(most_recursive_departments=count)
    assert len(app.departments()) == count
    app.settings(most_recursive_departments=count - 1)
    assert app.refusal(ROOT_CHILDREN, fetch_child="true") == (400, 43010)
    assert app.data(ROOT_CHILDREN)["items"]


def test_field_scopes_drop_keys(app: FeishuApp) -> None:
    app.settings(field_permissions=["contact:department.base:readonly"])
    base = {"name", "i18n_name", "department_id", "chat_id", "status"}
    free = {"open_department_id", "group_chat_employee_types", "leaders"}
    row = next(row for row in app.departments() if row["leaders"])
    assert row.keys() == base | free
    assert row["leaders"][0] == {"leaderType": 1}
    app.settings(field_permissions=[])
    assert all(row.keys() == free for row in app.departments())
    app.settings(permissions=["contact:contact:readonly_as_app"])
    assert app.departments()[0].keys() >= base | {"parent_department_id", "order"}


def test_blank_fields_can_be_left_out(app: FeishuApp) -> None:
    app.settings(blank_fields=False)
    rows = app.departments()
    assert not any(value in ("", [], {}) for row in rows for value in row.values())
    assert any("order" not in row for row in rows)
