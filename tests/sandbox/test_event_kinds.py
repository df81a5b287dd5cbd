"""Which events a platform makes of a change: held against what the evolution says that it did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from sandbox.changes import compare
from sandbox.dingtalk import events as of_dingtalk
from sandbox.dingtalk.settings import DingTalkSettings
from sandbox.dingtalk.tenant import DingTalk
from sandbox.events import Event
from sandbox.evolution import KINDS
from sandbox.feishu import events as of_feishu
from sandbox.feishu.numbering import open_department_id
from sandbox.feishu.settings import FeishuSettings
from sandbox.feishu.tenant import Feishu
from sandbox.generator import Recipe
from sandbox.tenant import Tenant
from sandbox.wecom import events as of_wecom
from sandbox.wecom.settings import WeComSettings
from sandbox.wecom.tenant import WeCom

RECIPE = Recipe(people=120, seed=3, departments=20)
SOME = dict.fromkeys(KINDS, 2)
NOW = 1_700_000_000.5
STEPS = range(4)
FINDERS: dict[str, Any] = {"dingtalk": of_dingtalk.find_events, "wecom": of_wecom.find_events, "feishu": of_feishu.find_events}


def evolved(tenant: Tenant[Any], steps: Iterable[int], amounts: dict[str, int]) -> tuple[list[Event], dict[str, Any]]:
    """The events of the last of so many steps, and the truth about it."""
    for _ in steps:
        past = tenant.past()
        truth = tenant.evolve(amounts)
    return FINDERS[tenant.name](past, tenant, compare(past.organization, tenant.organization), NOW), truth


def ids(events: list[Event], kind: str) -> set[str]:
    return {one for event in events if event.type == kind for one in event.object_ids}


def shown(found: Iterable[Any]) -> set[str]:
    return {str(one) for one in found}


@pytest.mark.parametrize("steps", [range(amount) for amount in (1, 2, 3, 4)], ids=str)
class TestEveryChange:
    def test_is_told_by_dingtalk(self, steps: range) -> None:
        tenant = DingTalk(RECIPE, DingTalkSettings())
        events, truth = evolved(tenant, steps, SOME)
        joined = {*truth["joined"], *truth["returned"]}
        changed = {*truth["moved"], *truth["renamed"], *truth["promoted"], *truth["manager_changed"]}
        assert ids(events, "user_add_org") == joined
        assert ids(events, "user_leave_org") == shown(truth["left"])
        assert changed | joined <= ids(events, "user_modify_org") <= changed | joined | shown(truth["left"])
        assert ids(events, "org_dept_create") == shown(truth["departments_created"])
        assert ids(events, "org_dept_remove") == shown(truth["departments_removed"])
        assert ids(events, "org_dept_modify") == shown([*truth["departments_moved"], *truth["departments_renamed"]])

    def test_is_told_by_wecom_as_far_as_it_tells(self, steps: range) -> None:
        tenant = WeCom(RECIPE, WeComSettings())
        events, truth = evolved(tenant, steps, SOME)
        joined = {*truth["joined"], *truth["returned"]}
        assert ids(events, "create_user") == joined
        assert ids(events, "delete_user") == shown(truth["left"])
        assert ids(events, "update_user") == joined | shown(truth["moved"])
        assert ids(events, "create_party") == shown(truth["departments_created"])
        assert ids(events, "delete_party") == shown(truth["departments_removed"])
        assert ids(events, "update_party") == shown(truth["departments_moved"])
        keys = {key for event in events for key in event.content}
        assert keys == {"UserID", "Department", "Id", "ParentId"}

    def test_is_told_by_feishu(self, steps: range) -> None:
        tenant = Feishu(RECIPE, FeishuSettings())
        events, truth = evolved(tenant, steps, SOME)
        changed = {*truth["moved"], *truth["renamed"], *truth["promoted"], *truth["manager_changed"]}
        assert ids(events, "contact.user.created_v3") == {*truth["joined"], *truth["returned"]}
        assert ids(events, "contact.user.deleted_v3") == shown(truth["left"])
        assert ids(events, "contact.user.updated_v3") == changed
        assert ids(events, "contact.department.created_v3") == shown(truth["departments_created"])
        assert ids(events, "contact.department.deleted_v3") == shown(truth["departments_removed"])
        assert ids(events, "contact.department.updated_v3") >= shown(
            [*truth["departments_moved"], *truth["departments_renamed"], *truth["leaders_changed"]]
        )

    def test_has_an_id_of_its_own(self, steps: range) -> None:
        for tenant in (DingTalk(RECIPE, DingTalkSettings()), Feishu(RECIPE, FeishuSettings())):
            events, _ = evolved(tenant, steps, SOME)
            assert len({event.id for event in events}) == len(events) > 0


def test_events_of_a_seed_and_a_step_are_the_same_each_time() -> None:
    first, second = (evolved(Feishu(RECIPE, FeishuSettings()), STEPS, SOME)[0] for _ in range(2))
    assert first == second


def test_departments_are_created_parents_first_and_removed_when_they_are_empty() -> None:
    events, _ = evolved(DingTalk(RECIPE, DingTalkSettings()), range(1), SOME)
    kinds = [event.type for event in events]
    people = [place for place, kind in enumerate(kinds) if kind.startswith("user_")]
    assert max(place for place, kind in enumerate(kinds) if kind == "org_dept_create") < min(people)
    assert min(place for place, kind in enumerate(kinds) if kind == "org_dept_remove") > max(people)


class TestDingTalk:
    def test_hire_is_added_and_modified_at_once(self) -> None:
        events, truth = evolved(DingTalk(RECIPE, DingTalkSettings()), range(1), {"joined": 1})
        assert [event.type for event in events][:2] == ["user_add_org", "user_modify_org"]
        assert events[0].content == {"timeStamp": str(events[0].at_ms), "userId": truth["joined"]}

    @pytest.mark.parametrize("style", ["object", "array", "absent"])
    def test_rename_says_both_names(self, style: str) -> None:
        tenant = DingTalk(RECIPE, DingTalkSettings(diff_info=style))  # type: ignore[arg-type]
        before = {user_id: person.name for user_id, person in tenant.organization.people.items()}
        events, truth = evolved(tenant, range(1), {"renamed": 1})
        (user_id,) = truth["renamed"]
        after = tenant.organization.people[user_id].name
        difference = {"prev": {"name": before[user_id]}, "curr": {"name": after}, "userid": user_id}
        assert [event.content.get("diffInfo") for event in events] == [
            {"object": difference, "array": [difference], "absent": None}[style],
        ]

    def test_what_was_cleared_is_not_in_the_new_values(self) -> None:
        tenant = DingTalk(RECIPE, DingTalkSettings())
        person = next(one for one in tenant.organization.people.values() if one.telephone)
        past = tenant.past()
        person.telephone = None
        (event,) = of_dingtalk.find_events(past, tenant, compare(past.organization, tenant.organization), NOW)
        assert event.content["diffInfo"]["curr"] == {}
        assert list(event.content["diffInfo"]["prev"]) == ["telephone"]

    def test_move_of_a_tree_is_told_of_its_top_alone(self) -> None:
        events, truth = evolved(DingTalk(RECIPE, DingTalkSettings()), range(1), {"departments_moved": 1})
        assert [(event.type, list(event.object_ids)) for event in events] == [
            ("org_dept_modify", [str(one)]) for one in truth["departments_moved"]
        ]

    def test_range_makes_no_difference(self) -> None:
        narrow = DingTalkSettings(visible_departments=(), visible_users=())
        assert evolved(DingTalk(RECIPE, narrow), range(1), SOME)[0] == evolved(DingTalk(RECIPE, DingTalkSettings()), range(1), SOME)[0]


class TestWeCom:
    @pytest.mark.parametrize("kind", ["renamed", "promoted", "departments_renamed"])
    def test_short_bodies_leave_it_untold(self, kind: str) -> None:
        assert evolved(WeCom(RECIPE, WeComSettings()), range(1), {kind: 3})[0] == []

    def test_full_bodies_tell_what_changed(self) -> None:
        tenant = WeCom(RECIPE, WeComSettings(event_bodies="full"))
        events, truth = evolved(tenant, range(1), {"renamed": 1})
        (user_id,) = truth["renamed"]
        assert [event.content for event in events] == [{"UserID": user_id, "Name": tenant.organization.people[user_id].name}]
        events, truth = evolved(tenant, range(1), {"departments_renamed": 1})
        assert [event.type for event in events] == ["update_party"]
        assert events[0].content["Name"] == tenant.organization.departments[truth["departments_renamed"][0]].name

    def test_hire_is_created_and_updated_in_the_same_second(self) -> None:
        events, truth = evolved(WeCom(RECIPE, WeComSettings()), range(1), {"joined": 1})
        assert [(event.type, event.at_ms, event.content["UserID"]) for event in events] == [
            ("create_user", 1_700_000_000_000, truth["joined"][0]),
            ("update_user", 1_700_000_000_000, truth["joined"][0]),
        ]

    def test_app_hears_of_its_range_alone(self) -> None:
        whole = WeCom(RECIPE, WeComSettings())
        top = whole.organization.children[1][0]
        tenant = WeCom(RECIPE, WeComSettings(event_receiver="app", visible_departments=(top,)))
        before = tenant.organization.people_below([top])
        events, truth = evolved(tenant, range(1), {"left": 20})
        assert ids(events, "delete_user") == set(truth["left"]) & set(before)
        assert 0 < len(events) < len(truth["left"])


class TestFeishu:
    def test_old_object_holds_only_what_changed(self) -> None:
        tenant = Feishu(RECIPE, FeishuSettings())
        past = tenant.past()
        truth = tenant.evolve({"renamed": 1})
        (event,) = of_feishu.find_events(past, tenant, compare(past.organization, tenant.organization), NOW)
        (user_id,) = truth["renamed"]
        assert event.content["old_object"] == {"name": past.organization.people[user_id].name}
        assert event.content["object"]["name"] == tenant.organization.people[user_id].name

    def test_mobile_and_mail_are_events_of_their_own(self) -> None:
        tenant = Feishu(RECIPE, FeishuSettings())
        person = next(one for one in tenant.organization.people.values() if one.mobile and one.email)
        past = tenant.past()
        person.mobile, person.email, person.name = "13900000000", "other@example.com", "某人"
        events = of_feishu.find_events(past, tenant, compare(past.organization, tenant.organization), NOW)
        assert [set(event.content["old_object"]) for event in events] == [{"name"}, {"mobile"}, {"email"}]

    def test_departments_of_a_person_are_not_filled_unless_wanted(self) -> None:
        told = {}
        for filled in (False, True):
            events, _ = evolved(Feishu(RECIPE, FeishuSettings(event_department_ids=filled)), range(1), {"joined": 1})
            told[filled] = events[0].content["object"]["department_ids"]
        assert told[False] == []
        assert told[True][0].startswith("od-")

    def test_leaver_is_shown_as_before_with_the_departments_beside(self) -> None:
        tenant = Feishu(RECIPE, FeishuSettings())
        past = tenant.past()
        truth = tenant.evolve({"left": 1})
        events = of_feishu.find_events(past, tenant, compare(past.organization, tenant.organization), NOW)
        (event,) = (one for one in events if one.type == "contact.user.deleted_v3")
        person = past.organization.people[truth["left"][0]]
        assert event.content["object"]["status"]["is_resigned"] is False
        assert event.content["old_object"]["department_ids"] == [open_department_id(one) for one in person.department_ids]

    def test_order_of_a_department_is_a_number(self) -> None:
        events, _ = evolved(Feishu(RECIPE, FeishuSettings()), range(1), {"departments_created": 2})
        assert all(type(event.content["object"]["order"]) is int for event in events)

    def test_without_a_scope_its_fields_are_not_told(self) -> None:
        tenant = Feishu(RECIPE, FeishuSettings(field_permissions=("contact:user.base:readonly",)))
        events, _ = evolved(tenant, range(1), {"joined": 1})
        assert "name" in events[0].content["object"]
        assert not {"mobile", "user_id", "email", "department_ids"} & set(events[0].content["object"])

    def test_only_the_range_is_told(self) -> None:
        top = Feishu(RECIPE, FeishuSettings()).organization.children[1][0]
        tenant = Feishu(RECIPE, FeishuSettings(visible_departments=(open_department_id(top),)))
        before = tenant.organization.people_below([top])
        events, truth = evolved(tenant, range(1), {"left": 20})
        assert ids(events, "contact.user.deleted_v3") == set(truth["left"]) & set(before)
        assert ids(events, "contact.user.deleted_v3") != set(truth["left"])

    def test_another_range_is_told(self) -> None:
        tenant = Feishu(RECIPE, FeishuSettings())
        first, second = tenant.organization.children[1][:2]
        user_id = next(iter(tenant.organization.people))
        tenant.change_settings({"visible_departments": [open_department_id(first)]})
        past = tenant.past()
        tenant.change_settings({"visible_departments": [open_department_id(second)], "visible_users": [user_id]})
        (event,) = of_feishu.find_range_events(past, tenant, NOW)
        assert event.type == "contact.scope.updated_v3"
        assert [one["open_department_id"] for one in event.content["added"]["departments"]] == [open_department_id(second)]
        assert [one["user_id"] for one in event.content["added"]["users"]] == [user_id]
        assert [one["open_department_id"] for one in event.content["removed"]["departments"]] == [open_department_id(first)]
        assert of_feishu.find_range_events(tenant.past(), tenant, NOW) == []


def test_past_of_a_tenant_stays_as_it_was() -> None:
    tenant = WeCom(RECIPE, WeComSettings())
    past, untouched = tenant.past(), WeCom(RECIPE, WeComSettings()).organization
    tenant.evolve(SOME)
    assert past.organization == untouched
    assert tenant.organization != untouched
