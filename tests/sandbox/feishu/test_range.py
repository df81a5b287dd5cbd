from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.feishu.app import MEMBERS, FeishuApp

ROOT_CHILDREN = "contact/v3/departments/0/children"
CONFIGURATION = "application/v6/applications/cli_sandbox/contacts_range_configuration"


class Partial:
    """A department below another one with children of its own, and a person who is not in there."""

    def __init__(self, truth: dict[str, Any]) -> None:
        self.by_id = {department["id"]: department for department in truth["departments"]}
        parents = {department["parent_id"] for department in truth["departments"]}
        self.node = next(one for one in truth["departments"] if one["parent_id"] not in (None, "0") and one["id"] in parents)
        self.children = [one["id"] for one in truth["departments"] if one["parent_id"] == self.node["id"]]
        self.outside = self.node["parent_id"]
        self.loner = next(user for user in truth["users"] if user["department_ids"] == ["0"])
        self.stranger = next(user for user in truth["users"] if user["department_ids"] == ["0"] and user != self.loner)
        self.member = next(user for user in truth["users"] if self.node["id"] in user["department_ids"])


@pytest.fixture
def partial(app: FeishuApp) -> Partial:
    found = Partial(app.truth())
    app.settings(visible_departments=[found.node["id"]], visible_users=[found.loner["id"]])
    return found


def test_all_staff_lists_the_first_level(app: FeishuApp) -> None:
    truth = app.truth()
    scopes = app.data("contact/v3/scopes", page_size=100)
    assert set(scopes["department_ids"]) == {one["id"] for one in truth["departments"] if one["parent_id"] == "0"}
    assert set(scopes["user_ids"]) == {user["open_id"] for user in truth["users"] if "0" in user["department_ids"]}
    assert (scopes["group_ids"], scopes["has_more"]) == ([], False)
    assert app.data(CONFIGURATION)["contacts_range"] == {"contacts_scope_type": "all"}


def test_page_of_scopes_counts_all_lists_together_people_first(app: FeishuApp) -> None:
    whole = app.data("contact/v3/scopes", page_size=100)
    pages = app.pages("contact/v3/scopes", page_size=3)
    assert all(sum(len(page[name]) for name in ("user_ids", "department_ids", "group_ids")) == 3 for page in pages[:-1])
    assert [one for page in pages for one in page["user_ids"]] == whole["user_ids"]
    assert [one for page in pages for one in page["department_ids"]] == whole["department_ids"]
    assert not pages[0]["department_ids"] or len(whole["user_ids"]) < 3
    assert app.refusal("contact/v3/scopes", page_size=101) == (400, 40011)


def test_scopes_hide_people_without_the_field_scope(app: FeishuApp) -> None:
    app.settings(field_permissions=[])
    assert "user_ids" not in app.data("contact/v3/scopes")


def test_partial_range_lists_what_was_configured(app: FeishuApp, partial: Partial) -> None:
    scopes = app.data("contact/v3/scopes")
    assert (scopes["department_ids"], scopes["user_ids"]) == ([partial.node["id"]], [partial.loner["open_id"]])
    configured = app.data(CONFIGURATION)["contacts_range"]
    assert configured["contacts_scope_type"] == "some"
    assert configured["visible_list"] == {
        "open_ids": [partial.loner["open_id"]],
        "department_ids": [partial.node["id"]],
        "group_ids": [],
    }


def test_partial_range_has_no_root(app: FeishuApp, partial: Partial) -> None:
    assert app.refusal(ROOT_CHILDREN) == (403, 40004)
    assert app.refusal("contact/v3/departments/0") == (403, 40004)
    assert app.refusal(MEMBERS, department_id="0") == (403, 40004)
    assert app.refusal("contact/v3/departments", parent_department_id="0") == (403, 40014)


def test_department_in_the_range_brings_those_below(app: FeishuApp, partial: Partial) -> None:
    rows = app.items(f"contact/v3/departments/{partial.node['id']}/children", page_size=50)
    assert {row["open_department_id"] for row in rows} == set(partial.children)
    app.members(partial.children[0])
    assert app.refusal(f"contact/v3/departments/{partial.outside}/children") == (403, 40004)
    batch = app.data("contact/v3/departments/batch", department_ids=[partial.node["id"], partial.outside])["items"]
    assert [row["open_department_id"] for row in batch] == [partial.node["id"]]


def test_parent_may_lie_outside(app: FeishuApp, partial: Partial) -> None:
    department = app.data(f"contact/v3/departments/{partial.node['id']}")["department"]
    assert department["parent_department_id"] == partial.outside
    above = app.items("contact/v3/departments/parent", department_id=partial.children[0])
    assert [row["open_department_id"] for row in above] == [partial.node["id"]]


def test_people_outside_are_41050_or_found_without_id(app: FeishuApp, partial: Partial) -> None:
    assert app.data(f"contact/v3/users/{partial.loner['open_id']}")["user"]["open_id"] == partial.loner["open_id"]
    assert app.data(f"contact/v3/users/{partial.member['open_id']}")["user"]["department_ids"] == partial.member["department_ids"]
    assert app.refusal(f"contact/v3/users/{partial.stranger['open_id']}") == (400, 41050)
    answer = app.raw("contact/v3/users/batch_get_id", method="POST", json={"mobiles": [partial.stranger["mobile"]]}).json()
    assert answer["data"]["user_list"] == [{"mobile": partial.stranger["mobile"]}]


def test_older_lists_give_nodes_and_stand_alone_people(app: FeishuApp, partial: Partial) -> None:
    app.settings(visible_users=[partial.loner["id"], partial.member["id"]])
    assert [row["open_department_id"] for row in app.items("contact/v3/departments")] == [partial.node["id"]]
    assert [row["open_id"] for row in app.items("contact/v3/users")] == [partial.loner["open_id"]]


def test_empty_range_shows_nothing(app: FeishuApp) -> None:
    app.settings(visible_departments=[], visible_users=[])
    assert app.data("contact/v3/scopes") == {"has_more": False, "department_ids": [], "user_ids": [], "group_ids": []}


def test_configuration_of_another_app_is_refused(app: FeishuApp) -> None:
    assert app.refusal("application/v6/applications/cli_other/contacts_range_configuration") == (400, 40001)
