from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.frames import FRAMES, TidySet
from orgsync.platforms.dingtalk.tidy import tidy
from orgsync.platforms.platform import Answer, Mode
from tests.unit.platforms.dingtalk.fake import Landing, department, user
from tests.unit.platforms.ways import ODD, assert_ways_agree, mixed

FIXTURES = Path(__file__).parents[3] / "fixtures" / "dingtalk"
LISTSUB, GET, LIST_USERS, GET_USER = "topapi/v2/department/listsub", "topapi/v2/department/get", "topapi/v2/user/list", "topapi/v2/user/get"


def landed(interface: str, result: Any, **params: Any) -> Answer:
    return Answer(interface, params, json.dumps({"errcode": 0, "errmsg": "ok", "result": result}, ensure_ascii=False).encode())


def recorded(interface: str, name: str, **params: Any) -> Answer:
    return Answer(interface, params, (FIXTURES / name).read_bytes())


def page(*people: dict[str, Any], dept_id: int, cursor: int = 0) -> Answer:
    return landed(LIST_USERS, {"has_more": False, "list": list(people)}, dept_id=dept_id, cursor=cursor)


def tidy_of(
    departments: list[Answer] | None = None, users: list[Answer] | None = None, *, mode: Mode = "full", mapping: Any = None
) -> TidySet:
    landing = Landing({"departments": departments or [landed(LISTSUB, [], dept_id=1)], "users": users or [], "organization": []})
    return tidy(landing.answers, mode=mode, mapping=mapping or {})


RECORDED_DEPARTMENTS = [
    recorded(LISTSUB, "listsub.json", dept_id=1),
    landed(LISTSUB, [], dept_id=434593665),
    recorded(GET, "department.json", dept_id=434593665),
    landed(GET, {"dept_id": 1, "name": "公司", "order": 0}, dept_id=1),
]
RECORDED_USERS = [recorded(LIST_USERS, "users.json", dept_id=1, cursor=0), recorded(GET_USER, "user.json", userid="u1003")]


def rows(frame: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    """Each row as plain values, missing ones as None, odd fields decoded."""
    plain = frame.astype(object).where(frame.notna(), None)
    return {row[key]: row | {"attributes": row["attributes"] and json.loads(row["attributes"])} for row in plain.to_dict("records")}


def test_recorded_departments() -> None:
    found = rows(tidy_of(RECORDED_DEPARTMENTS).departments, "department_id")
    assert found.keys() == {"1", "434593665"}
    assert (found["1"]["name"], found["1"]["parent_id"], found["1"]["leader_user_ids"]) == ("公司", None, [])
    flags = {"create_dept_group": True, "auto_add_user": True, "outer_dept": False}
    assert found["434593665"] == {
        "department_id": "434593665",
        "parent_id": "1",
        "name": "研发部",
        "name_en": None,
        "sort_order": 434593665,
        "is_hidden": True,
        "source_identifier": "RD",
        "leader_user_ids": ["u1001"],
        "attributes": flags | {"code": "D-01", "dept_permits": [1], "user_permits": [], "ext": {"faceCount": "1"}},
    }


def test_frequent_read_says_nothing_about_details() -> None:
    tidied = tidy_of(RECORDED_DEPARTMENTS, mode="frequent")
    details = {"sort_order", "is_hidden", "source_identifier", "leader_user_ids", "attributes", "name_en"}
    assert tidied.unobserved["department"] == details
    assert tidied.departments[sorted(details)].isna().all().all()
    assert rows(tidied.departments, "department_id")["1"]["name"] == "公司"


def test_recorded_users() -> None:
    found = rows(tidy_of(users=RECORDED_USERS).users, "user_id")
    first = {column: value for column, value in found["u1001"].items() if value is not None}
    assert first == {
        "user_id": "u1001",
        "union_id": "un_1001",
        "name": "甲",
        "mobile": "13900000001",
        "work_email": "jia@example.com",
        "telephone": "021-00000001",
        "job_number": "A01",
        "work_place": "上海",
        "hired_on": date(2020, 8, 12),
        "status": "active",
        "is_admin": True,
        "attributes": {"boss": False, "hide_mobile": False, "exclusive_account": False, "extension": {"工号": "77", "爱好": ""}},
    }
    second = found["u1002"]
    assert (second["name"], second["nickname"], second["status"], second["is_admin"]) == ("乙😀", "小乙", "inactive", False)
    third = found["u1003"]
    assert (third["manager_user_id"], third["main_department_id"], third["title"]) == ("u1001", "1", "顾问")


def test_recorded_memberships() -> None:
    tidied = tidy_of(users=RECORDED_USERS)
    found = rows(tidied.memberships, "user_id")
    assert [each["department_id"] for each in found.values()] == ["1", "1", "1"]  # 999 is outside the visible range
    assert [each["sort_order"] for each in found.values()] == [-176318668975061512, -176318668975061000, -176318668975061512]
    assert [each["is_leader"] for each in found.values()] == [True, False, True]
    assert [each["is_main"] for each in found.values()] == [None, None, True]
    assert found["u1003"]["title"] == "首席顾问"


def test_columns_that_only_details_tell_are_unobserved_without_them() -> None:
    tidied = tidy_of(users=RECORDED_USERS[:1])
    assert tidied.unobserved["user"] == {"open_id", "name_en", "gender", "employee_type", "manager_user_id", "main_department_id"}
    assert tidied.unobserved["membership"] == {"is_main", "title", "attributes"}


@pytest.mark.parametrize(
    ("missing", "withheld"),
    [
        (["mobile", "state_code"], {"mobile"}),
        (["email", "org_email", "work_place", "remark", "extension"], {"email", "work_email", "work_place", "attributes"}),
    ],
    ids=["fieldMobile", "fieldEmail"],
)
def test_field_absent_from_every_record_is_withheld(missing: list[str], withheld: set[str]) -> None:
    people = [user("a", 1, email="", state_code="86"), user("b", 1, org_email="b@example.com")]
    assert not tidy_of(users=[page(*people, dept_id=1)]).withheld
    for person in people:
        for field in missing:
            person.pop(field, None)
    tidied = tidy_of(users=[page(*people, dept_id=1)])
    assert tidied.withheld == {"user": withheld}
    assert withheld <= tidied.unobserved["user"]


def test_field_absent_from_one_record_is_empty() -> None:
    people = [user("a", 1, email="a@example.com"), user("b", 1)]
    assert not tidy_of(users=[page(*people, dept_id=1)]).withheld


def test_person_in_several_departments_is_one_row() -> None:
    departments = [landed(LISTSUB, [department(2, 1)], dept_id=1), landed(LISTSUB, [], dept_id=2)]
    pages = [page(user("a", 1, 2, dept_order=5, leader=True), dept_id=1), page(user("a", 1, 2, dept_order=7, leader=False), dept_id=2)]
    tidied = tidy_of(departments, pages)
    assert len(tidied.users) == 1
    places = zip(tidied.memberships["department_id"], tidied.memberships["sort_order"], tidied.memberships["is_leader"], strict=True)
    assert list(places) == [("1", -5, True), ("2", -7, False)]


def test_person_with_two_contents_keeps_both() -> None:
    tidied = tidy_of(users=[page(user("a", 1), user("a", 1, title="other"), dept_id=1)])
    assert tidied.users["user_id"].tolist() == ["a", "a"]
    assert len(tidied.memberships) == 1


@pytest.mark.parametrize("record", [{}, {"userid": ""}, {"userid": None, "name": "x"}, None, "text"])
def test_record_without_a_key_stays(record: Any) -> None:
    tidied = tidy_of(users=[page(record, user("a", 1), dept_id=1)])
    assert tidied.users["user_id"].isna().sum() == 1
    assert len(tidied.users) == 2


def test_departments_left_out_of_the_walk_have_no_row() -> None:
    """They are in their parent's list: excluded, linked, or negative."""
    departments = [landed(LISTSUB, [department(2, 1), department(3, 1), department(-7, 1)], dept_id=1), landed(LISTSUB, [], dept_id=2)]
    assert tidy_of(departments).departments["department_id"].tolist() == ["1", "2"]


def test_visible_tops_have_no_parent() -> None:
    departments = [landed(LISTSUB, [department(6, 5)], dept_id=5), landed(LISTSUB, [], dept_id=6), landed(LISTSUB, [], dept_id=8)]
    departments += [
        landed(GET, department(5, 1), dept_id=5),
        landed(GET, department(8, 1), dept_id=8),
        landed(GET, department(6, 99), dept_id=6),
    ]
    found = rows(tidy_of(departments).departments, "department_id")
    assert {key: each["parent_id"] for key, each in found.items()} == {"5": None, "6": "5", "8": None}


def test_department_under_two_parents_keeps_both() -> None:
    departments = [landed(LISTSUB, [department(2, 1), department(3, 1)], dept_id=1), landed(LISTSUB, [department(3, 2)], dept_id=2)]
    departments.append(landed(LISTSUB, [], dept_id=3))
    assert tidy_of(departments).departments["department_id"].tolist() == ["1", "2", "3", "3"]


def test_mapping_fills_a_column_from_a_custom_field() -> None:
    tidied = tidy_of(users=RECORDED_USERS, mapping={"user": {"job_number": "extension.工号", "employee_type": "extension.类型"}})
    assert rows(tidied.users, "user_id")["u1001"]["job_number"] == "77"
    assert "employee_type" not in tidied.unobserved["user"]


def test_mapping_from_a_withheld_field_is_withheld() -> None:
    tidied = tidy_of(users=[page(user("a", 1), dept_id=1)], mapping={"user": {"employee_type": "extension.类型"}})
    assert "employee_type" in tidied.withheld["user"]


def test_mapping_from_a_field_nobody_has_says_nothing() -> None:
    assert "employee_type" in tidy_of(users=[page(user("a", 1), dept_id=1)], mapping={"user": {"employee_type": "kind"}}).unobserved["user"]


@pytest.mark.parametrize("mode", ["full", "frequent"])
def test_list_that_fills_a_key_of_attributes_does_not_tell_the_others(mode: Any) -> None:
    tidied = tidy_of(RECORDED_DEPARTMENTS, mode=mode, mapping={"department": {"attributes.label": "name"}})
    assert ("attributes" in tidied.unobserved["department"]) is (mode == "frequent")
    if mode == "full":
        assert all(json.loads(text)["label"] for text in tidied.departments["attributes"])


def test_mapping_to_an_unknown_column_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="shoe_size"):
        tidy_of(mapping={"user": {"shoe_size": "extension.鞋"}})


def test_no_answer_at_all_gives_empty_frames() -> None:
    tidied = tidy(lambda part: [], mode="full", mapping={})
    for frame in FRAMES:
        assert {name: str(dtype) for name, dtype in tidied.frame(frame.name).dtypes.items()} == dict(frame.columns)
    assert not tidied.withheld


values = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=4) | st.floats(allow_nan=False, allow_infinity=False)
fields = ["name", "title", "mobile", "hired_date", "active", "admin", "leader", "dept_order", "extension", "remark", "dept_position_list"]
people = st.fixed_dictionaries({"userid": st.sampled_from(["a", "b", "c", "", None])}, optional=dict.fromkeys(fields, values))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.lists(people, max_size=4)), max_size=6), st.randoms(use_true_random=False))
def test_any_records_in_any_order_give_the_same_declared_frames(
    lists: list[tuple[int, list[dict[str, Any]]]], shuffler: random.Random
) -> None:
    departments = [landed(LISTSUB, [department(2, 1), department(3, 2)], dept_id=number) for number in (1, 2, 3)]
    pages = [page(*members, dept_id=number, cursor=cursor) for cursor, (number, members) in enumerate(lists)]
    first = tidy_of(departments, pages)
    shuffler.shuffle(pages)
    shuffler.shuffle(departments)
    second = tidy_of(departments, pages)
    for frame in FRAMES:
        pd.testing.assert_frame_equal(first.frame(frame.name), second.frame(frame.name))
        assert {name: str(dtype) for name, dtype in first.frame(frame.name).dtypes.items()} == dict(frame.columns)
    assert set(first.users["user_id"].dropna()) == {member["userid"] for _, members in lists for member in members if member["userid"]}


KEYS = st.sampled_from(["a", "b", "a!", 'q"', "a\\", "None", "ü", "a\x01", ""])
TEXT = st.sampled_from(["x", "", "\ufffd", "工程师", "13800000000"])
DOCUMENTED = {
    "userid": mixed(KEYS),
    "name": mixed(TEXT),
    "mobile": mixed(TEXT),
    "email": mixed(TEXT),
    "title": mixed(TEXT),
    "hired_date": mixed(st.sampled_from([0, 1_597_190_400_000, 17])),
    "active": mixed(st.booleans()),
    "admin": mixed(st.booleans()),
    "boss": mixed(st.booleans()),
    "leader": mixed(st.booleans()),
    "dept_order": mixed(st.integers(-1, 1)),
    "extension": mixed(st.sampled_from(['{"工号":"7"}', "{broken", "text", '{"n":1.50}'])),
    "role_list": mixed(st.just([{"id": 1, "name": "r"}])),
    "kind": ODD,
}
DOCUMENTED_PEOPLE = st.lists(st.fixed_dictionaries({}, optional=DOCUMENTED) | st.just(user("a", 1)) | ODD, max_size=4)


@settings(max_examples=60, deadline=None)
@example([(1, [{"userid": "a", "dept_order": 0}], LIST_USERS)])
@example([(1, [{"userid": "a", "dept_order": None}], LIST_USERS)])
@example([(1, [{"userid": "a", "dept_order": 0}], LIST_USERS), (2, [{"userid": "a", "dept_order": 1}], LIST_USERS)])
@given(
    st.lists(st.tuples(st.integers(1, 3), DOCUMENTED_PEOPLE, st.sampled_from([LIST_USERS, LIST_USERS, LIST_USERS, GET_USER])), max_size=5)
)
def test_people_are_the_same_in_whichever_way_they_are_read(lists: list[tuple[int, list[Any], str]]) -> None:
    departments = [landed(LISTSUB, [department(2, 1), department(3, 2)], dept_id=number) for number in (1, 2, 3)]
    users = [
        page(*members, dept_id=number)
        if interface == LIST_USERS
        else landed(GET_USER, {"userid": "z", "dept_id_list": [number]}, userid="z")
        for number, members, interface in lists
    ]
    mapping = {"job_number": "extension.工号", "employee_type": "kind", "work_place": "dept_order", "attributes.of": "extension.x"}
    assert_ways_agree(tidy, {"departments": departments, "users": users}, user=mapping)
