from __future__ import annotations

import json
import random
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.frames import FRAMES, TidySet
from orgsync.platforms.feishu.extract import extract
from orgsync.platforms.feishu.tidy import tidy
from orgsync.platforms.platform import Answer, Scope, Wanted
from tests.unit.platforms.feishu.fake import (
    CHILDREN,
    DEPARTMENTS,
    MEMBERS,
    ROOT,
    USERS,
    FakeFeishu,
    Landing,
    client_of,
    department,
    user,
)
from tests.unit.platforms.ways import ODD, assert_ways_agree, mixed

KINDS = {"department_id_type": "open_department_id", "user_id_type": "user_id"}


def landed(interface: str, data: Any, **params: Any) -> Answer:
    body = json.dumps({"code": 0, "msg": "success", "data": data}, ensure_ascii=False).encode()
    return Answer(interface, {**KINDS, **params}, body)


def members(department_id: str, *people: Any, **params: Any) -> Answer:
    return landed(MEMBERS, {"has_more": False, "items": list(people)}, department_id=department_id, cursor="", **params)


def children(*departments: Any, of: str = "0", **params: Any) -> Answer:
    return landed(CHILDREN, {"has_more": False, "items": list(departments)}, department_id=of, fetch_child="true", **params)


def root(**more: Any) -> Answer:
    company = {"name": "公司", "open_department_id": "0", "department_id": "0", "parent_department_id": "", "member_count": 3}
    return landed(ROOT, {"department": company | more}, department_id="0")


def tidy_of(departments: list[Answer] | None = None, users: list[Answer] | None = None, *, mapping: Any = None) -> TidySet:
    landing = Landing({"departments": departments or [root()], "users": users or [members("0")], "organization": []})
    return tidy(landing.answers, mode="full", mapping=mapping or {})


def rows(frame: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    """Each row as plain values, missing ones as None, odd fields decoded."""
    plain = frame.astype(object).where(frame.notna(), None)
    return {row[key]: row | {"attributes": row["attributes"] and json.loads(row["attributes"])} for row in plain.to_dict("records")}


def of(tidied: TidySet, user_id: str = "ann") -> dict[str, Any]:
    return {column: value for column, value in rows(tidied.users, "user_id")[user_id].items() if value is not None}


RICH_DEPARTMENT = department(
    "a",
    i18n_name={"zh_cn": "研发部", "ja_jp": "", "en_us": "R&D"},
    order="9007199254740993",
    leaders=[{"leaderType": 2, "leaderID": "bob"}, {"leaderType": 1, "leaderID": "ann"}],
    leader_user_id="ann",
    chat_id="oc_1",
    unit_ids=["u1"],
    group_chat_employee_types=[1, 2],
    department_hrbps=["eve"],
    primary_member_count=1,
)
RICH_USER = user(
    "ann",
    "od-a",
    "0",
    en_name="Ann",
    nickname="安",
    email="ann@example.com",
    enterprise_email="ann@corp.example.com",
    gender=2,
    avatar={"avatar_72": "https://a/72", "avatar_240": "https://a/240", "avatar_origin": "https://a/o"},
    job_title="工程师",
    employee_no="A01",
    city="上海",
    country="CN",
    work_station="3F-12",
    join_time=1597161600,
    employee_type=1,
    is_tenant_manager=True,
    leader_user_id="bob",
    mobile_visible=False,
    is_frozen=False,
    job_level_id="l1",
    custom_attrs=[
        {"type": "TEXT", "id": "C-1", "value": {"text": "77"}},
        {"type": "HREF", "id": "C-2", "value": {"text": "page", "url": "https://p", "pc_url": "https://pc"}},
        {"type": "ENUMERATION", "id": "C-3", "value": {"option_id": "o1", "option_value": "早班"}},
        {"type": "PICTURE_ENUM", "id": "C-4", "value": {"option_id": "o2", "name": "star", "picture_url": "https://s"}},
        {"type": "GENERIC_USER", "id": "C-5", "value": {"generic_user": {"id": "bob", "type": 1}}},
    ],
)


def test_departments() -> None:
    tidied = tidy_of([root(), children(RICH_DEPARTMENT, department("b", "od-a"))], [members("0"), members("od-a"), members("od-b")])
    found = rows(tidied.departments, "department_id")
    assert found.keys() == {"0", "od-a", "od-b"}
    assert (found["0"]["name"], found["0"]["parent_id"], found["0"]["leader_user_ids"]) == ("公司", None, [])
    assert found["od-a"] == {
        "department_id": "od-a",
        "parent_id": "0",
        "name": "Department a",
        "name_en": "R&D",
        "sort_order": 9007199254740993,
        "is_hidden": None,
        "source_identifier": "custom-a",
        "leader_user_ids": ["ann", "bob"],
        "attributes": {
            "chat_id": "oc_1",
            "unit_ids": ["u1"],
            "group_chat_employee_types": [1, 2],
            "i18n_name": {"zh_cn": "研发部", "ja_jp": "", "en_us": "R&D"},
        },
    }
    assert found["od-b"]["parent_id"] == "od-a"
    assert tidied.unobserved["department"] == {"is_hidden"}


LEADERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "as Feishu's SDK calls them": ({"leaders": [{"leader_type": 1, "leader_id": "ann"}]}, ["ann"]),
    "numbers as text": ({"leaders": [{"leaderType": "2", "leaderID": "bob"}, {"leaderType": "1", "leaderID": "ann"}]}, ["ann", "bob"]),
    "only the main one": ({"leader_user_id": "ann"}, ["ann"]),
    "types without ids": ({"leaders": [{"leaderType": 1}], "leader_user_id": "ann"}, ["ann"]),
    "none": ({"leaders": [], "leader_user_id": ""}, []),
    "no list": ({"leaders": None}, []),
}


@pytest.mark.parametrize(("fields", "expected"), LEADERS.values(), ids=LEADERS.keys())
def test_leaders(fields: dict[str, Any], expected: list[str]) -> None:
    tidied = tidy_of([root(), children(department("a", **fields))], [members("0"), members("od-a", user("ann", "od-a"))])
    assert rows(tidied.departments, "department_id")["od-a"]["leader_user_ids"] == expected
    assert tidied.memberships["is_leader"].tolist() == ["ann" in expected]


def test_users() -> None:
    tidied = tidy_of(users=[members("0", RICH_USER)])
    assert of(tidied) == {
        "user_id": "ann",
        "open_id": "ou_ann",
        "union_id": "on_ann",
        "name": "Name ann",
        "name_en": "Ann",
        "nickname": "安",
        "mobile": "+8613900000000",
        "email": "ann@example.com",
        "work_email": "ann@corp.example.com",
        "gender": "female",
        "avatar_url": "https://a/o",
        "title": "工程师",
        "job_number": "A01",
        "work_place": "上海",
        "employee_type": "1",
        "hired_on": date(2020, 8, 12),
        "status": "active",
        "is_admin": True,
        "manager_user_id": "bob",
        "main_department_id": "od-a",
        "attributes": {
            "country": "CN",
            "work_station": "3F-12",
            "mobile_visible": False,
            "custom_attrs": {"C-1": "77", "C-2": "https://p", "C-3": "早班", "C-4": "star", "C-5": "bob"},
        },
    }
    assert tidied.unobserved["user"] == {"telephone"}


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ({"is_activated": True}, "active"),
        ({"is_activated": False}, "inactive"),
        ({"is_unjoin": True}, "inactive"),
        ({"is_activated": True, "is_frozen": True}, "disabled"),
        ({"is_activated": True, "is_exited": True}, "resigned"),
        ({"is_frozen": True, "is_resigned": True}, "resigned"),
        ("odd", None),
    ],
)
def test_status(flags: Any, status: str | None) -> None:
    assert of(tidy_of(users=[members("0", user("ann", "0", status=flags))])).get("status") == status


@pytest.mark.parametrize(("value", "gender"), [(0, None), (1, "male"), (2, "female"), (3, "other"), ("1", "male"), (9, None)])
def test_gender(value: Any, gender: str | None) -> None:
    assert of(tidy_of(users=[members("0", user("ann", "0", gender=value))])).get("gender") == gender


@pytest.mark.parametrize(
    ("seconds", "day"),
    [(1597161600, date(2020, 8, 12)), ("1597161600", date(2020, 8, 12)), (0, None), (-86400, date(1969, 12, 31)), ("", None)],
)
def test_join_time_is_in_seconds_and_zero_is_none(seconds: Any, day: date | None) -> None:
    assert of(tidy_of(users=[members("0", user("ann", "0", join_time=seconds))])).get("hired_on") == day


def test_person_in_several_departments_is_one_row() -> None:
    person = user("ann", "od-a", "od-b", "od-unseen")
    person["orders"][1]["user_order"] = 2**60
    tidied = tidy_of(
        [root(), children(department("a", leader_user_id="ann"), department("b"))],
        [members("0"), members("od-a", person), members("od-b", person)],
    )
    assert tidied.users["user_id"].tolist() == ["ann"]
    assert tidied.memberships.drop(columns=["title", "attributes"]).to_dict("records") == [
        {"user_id": "ann", "department_id": "od-a", "is_main": True, "is_leader": True, "sort_order": -5},
        {"user_id": "ann", "department_id": "od-b", "is_main": False, "is_leader": False, "sort_order": -(2**60)},
    ]
    assert tidied.unobserved["membership"] == {"title", "attributes"}


def test_person_without_a_visible_department_is_a_user() -> None:
    tidied = tidy_of([children(department("a"))], [members("od-a"), landed(USERS, {"items": [user("ann", "od-x")]}, user_ids=["ann"])])
    assert tidied.users["user_id"].tolist() == ["ann"]
    assert tidied.memberships.empty


def test_where_somebody_was_found_counts_if_nothing_else_says_it() -> None:
    person = {key: value for key, value in user("ann", "0").items() if key not in ("department_ids", "orders")}
    tidied = tidy_of(users=[members("0", person)])
    assert tidied.memberships[["user_id", "department_id"]].to_numpy().tolist() == [["ann", "0"]]
    assert tidied.withheld["membership"] == {"is_main", "sort_order"}
    assert {"manager_user_id", "main_department_id"} <= tidied.withheld["user"]


def test_people_are_keyed_as_they_were_asked_for() -> None:
    page = members("0", user("ann", "0", leader_user_id="ou_bob"), user_id_type="open_id")
    tidied = tidy_of([root(leader_user_id="ou_ann")], [page])
    assert (of(tidied, "ou_ann")["open_id"], of(tidied, "ou_ann")["manager_user_id"]) == ("ou_ann", "ou_bob")
    assert tidied.memberships[["user_id", "is_leader"]].to_numpy().tolist() == [["ou_ann", True]]


def test_person_with_two_contents_keeps_both() -> None:
    tidied = tidy_of(users=[members("0", user("ann", "0"), user("ann", "0", job_title="other"))])
    assert tidied.users["user_id"].tolist() == ["ann", "ann"]
    assert len(tidied.memberships) == 1


@pytest.mark.parametrize("record", [{}, {"user_id": ""}, {"user_id": None, "name": "x"}, None, "text"])
def test_record_without_a_key_stays(record: Any) -> None:
    tidied = tidy_of(users=[members("0", record, user("ann", "0"))])
    assert tidied.users["user_id"].isna().sum() == 1
    assert len(tidied.users) == 2


def test_departments_left_out_of_the_read_have_no_row() -> None:
    tidied = tidy_of(
        [root(), children(department("a"), department("b", "od-a"))], [members("0"), members("od-a", user("ann", "od-a", "od-b"))]
    )
    assert tidied.departments["department_id"].tolist() == ["0", "od-a"]
    assert tidied.memberships["department_id"].tolist() == ["od-a"]


def test_parents_outside_a_partial_read_are_none() -> None:
    batch = landed(DEPARTMENTS, {"items": [department("a", "od-above"), department("c", "0")]}, department_ids=["od-a", "od-c"])
    answers = [batch, children(department("b", "od-a"), of="od-a")]
    tidied = tidy_of(answers, [members("od-a"), members("od-b"), members("od-c")])
    assert {key: row["parent_id"] for key, row in rows(tidied.departments, "department_id").items()} == {
        "od-a": None,
        "od-b": "od-a",
        "od-c": None,
    }


def test_parent_missing_from_a_whole_read_is_for_validation_to_find() -> None:
    tidied = tidy_of([root(), children(department("a", "od-nowhere"))], [members("0"), members("od-a")])
    assert rows(tidied.departments, "department_id")["od-a"]["parent_id"] == "od-nowhere"


def test_department_in_two_answers_is_one_row_unless_they_differ() -> None:
    first, second = children(department("a")), children(department("a", member_count=9), of="od-x")
    assert tidy_of([root(), first, second], [members("0"), members("od-a")]).departments["department_id"].tolist() == ["0", "od-a"]
    third = children(department("a", name="other"))
    assert len(tidy_of([root(), first, third], [members("0"), members("od-a")]).departments) == 3


USER_SCOPES: dict[str, tuple[list[str], set[str]]] = {
    "contact:user.base:readonly": (["name", "en_name", "nickname", "avatar"], {"name", "name_en", "nickname", "avatar_url"}),
    "contact:user.email:readonly": (["email"], {"email"}),
    "contact:user.phone:readonly": (["mobile"], {"mobile"}),
    "contact:user.gender:readonly": (["gender"], {"gender"}),
    "contact:user.department:readonly": (["department_ids", "leader_user_id", "orders"], {"manager_user_id", "main_department_id"}),
    "contact:user.employee_number:read": (["employee_no"], {"job_number"}),
    "contact:user.job_level:readonly": (["job_level_id"], set()),
    "contact:user.employee:readonly": (
        ["status", "city", "country", "work_station", "join_time", "is_tenant_manager", "employee_type", "custom_attrs",
         "enterprise_email", "job_title"],
        {"status", "work_place", "hired_on", "is_admin", "employee_type", "work_email", "title", "attributes"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "withheld"), USER_SCOPES.values(), ids=USER_SCOPES.keys())
def test_what_a_missing_field_scope_hides_is_withheld(fields: list[str], withheld: set[str]) -> None:
    poor = {key: value for key, value in RICH_USER.items() if key not in fields}
    tidied = tidy_of(users=[members("0", poor, user("eve", "0") if not set(fields) & user("eve", "0").keys() else poor)])
    assert tidied.withheld.get("user", frozenset()) == withheld
    assert withheld <= tidied.unobserved["user"]
    assert tidied.users[sorted(withheld)].isna().all().all()


DEPARTMENT_SCOPES = {
    "contact:department.base:readonly": (
        ["name", "i18n_name", "department_id", "chat_id", "status"],
        {"name", "name_en", "source_identifier", "attributes"},
    ),
    "contact:department.organize:readonly": (
        ["parent_department_id", "leader_user_id", "order", "unit_ids", "member_count", "primary_member_count"],
        {"parent_id", "leader_user_ids", "sort_order", "attributes"},
    ),
    "contact:department.hrbp:readonly": (["department_hrbps"], set()),
}


@pytest.mark.parametrize(("fields", "withheld"), DEPARTMENT_SCOPES.values(), ids=DEPARTMENT_SCOPES.keys())
def test_what_a_missing_field_scope_hides_of_departments_is_withheld(fields: list[str], withheld: set[str]) -> None:
    poor = {key: value for key, value in RICH_DEPARTMENT.items() if key not in fields}
    poor["leaders"] = [{"leaderType": 1}] if "leader_user_id" in fields else RICH_DEPARTMENT["leaders"]
    company = {"name": "公司", "open_department_id": "0", "department_id": "0", "member_count": 1}
    answers = [landed(ROOT, {"department": {k: v for k, v in company.items() if k not in fields}}, department_id="0"), children(poor)]
    tidied = tidy_of(answers, [members("0"), members("od-a", RICH_USER)])
    assert tidied.withheld.get("department", frozenset()) == withheld
    assert tidied.departments[sorted(withheld)].isna().all().all()
    leaders_hidden = {"is_leader"} if "leader_user_ids" in withheld else set()
    assert tidied.withheld.get("membership", frozenset()) == leaders_hidden
    assert tidied.memberships["is_leader"].isna().all() == bool(leaders_hidden)


def test_nothing_is_withheld_where_everything_is_told() -> None:
    assert not tidy_of([root(), children(RICH_DEPARTMENT)], [members("0"), members("od-a", RICH_USER)]).withheld


def test_field_absent_from_one_record_is_empty() -> None:
    tidied = tidy_of([root(), children(RICH_DEPARTMENT)], [members("0", user("bob", "0")), members("od-a", RICH_USER)])
    assert not tidied.withheld
    assert pd.isna(tidied.users.set_index("user_id").loc["bob", "email"])


def test_mapping_fills_a_column_from_a_custom_field_or_one_with_a_permission_of_its_own() -> None:
    mapping = {"user": {"job_number": "custom_attrs.C-1", "telephone": "custom_attrs.C-9", "work_place": "job_level_id"}}
    tidied = tidy_of(users=[members("0", RICH_USER)], mapping=mapping)
    assert (of(tidied)["job_number"], of(tidied)["work_place"]) == ("77", "l1")
    assert "telephone" not in tidied.unobserved["user"]
    assert "work_place" in tidy_of(users=[members("0", user("ann", "0"))], mapping=mapping).withheld["user"]


def test_mapping_from_the_place_in_a_department() -> None:
    mapping = {"membership": {"title": "user_order"}, "department": {"name_en": "i18n_name.ja_jp"}}
    tidied = tidy_of([root(), children(RICH_DEPARTMENT)], [members("0"), members("od-a", RICH_USER)], mapping=mapping)
    assert tidied.memberships.set_index("department_id").loc["od-a", "title"] == "5"
    assert "title" not in tidied.unobserved["membership"]


def test_mapping_to_an_unknown_column_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="shoe_size"):
        tidy_of(mapping={"user": {"shoe_size": "custom_attrs.C-1"}})


def test_no_answer_at_all_gives_empty_frames() -> None:
    tidied = tidy(lambda part: [], mode="full", mapping={})
    for frame in FRAMES:
        assert {name: str(dtype) for name, dtype in tidied.frame(frame.name).dtypes.items()} == dict(frame.columns)
    assert not tidied.withheld


@pytest.mark.parametrize("scope", [Scope(), Scope(exclude=("od-a",)), Scope(include=("od-a",))])
def test_what_was_read_is_what_is_tidied(scope: Scope) -> None:
    tree = [department("a"), department("b"), department("c", "od-a")]
    people = [user("boss", "0"), user("ann", "od-a", "od-b"), user("cem", "od-c")]
    landing = Landing()
    extract(client_of(FakeFeishu(tree, people)), Wanted("full", scope), landing.record)
    tidied = tidy(landing.answers, mode="full", mapping={})
    places = set(zip(tidied.memberships["user_id"], tidied.memberships["department_id"], strict=True))
    above = {("boss", "0"), ("ann", "od-b")}
    below = {("ann", "od-a"), ("cem", "od-c")}
    assert places == (below if scope.include else above if scope.exclude else above | below)
    assert set(tidied.departments["department_id"]) == {department_id for _, department_id in places}
    assert set(tidied.users["user_id"]) == {user_id for user_id, _ in places}
    assert tidied.departments["parent_id"].isna().sum() == 1


values = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=4) | st.floats(allow_nan=False, allow_infinity=False)
odd = values | st.lists(values, max_size=2) | st.dictionaries(st.sampled_from(["id", "value", "department_id"]), values, max_size=2)
fields = [
    "open_id", "name", "mobile", "join_time", "status", "gender", "avatar", "orders", "department_ids", "custom_attrs", "employee_type",
]  # fmt: skip
people = st.fixed_dictionaries({"user_id": st.sampled_from(["a", "b", "c", "", None])}, optional=dict.fromkeys(fields, odd))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["0", "od-a", "od-b"]), st.lists(people, max_size=4)), max_size=6), st.randoms(use_true_random=False)
)
def test_any_records_in_any_order_give_the_same_declared_frames(
    lists: list[tuple[str, list[dict[str, Any]]]], shuffler: random.Random
) -> None:
    departments = [root(), children(department("a")), children(department("b", "od-a"), department("a", name="x"), of="od-a")]
    pages = [members(number, *each) for number, each in lists]
    first = tidy_of(departments, pages)
    shuffler.shuffle(pages)
    shuffler.shuffle(departments)
    second = tidy_of(departments, pages)
    for frame in FRAMES:
        pd.testing.assert_frame_equal(first.frame(frame.name), second.frame(frame.name))
        assert {name: str(dtype) for name, dtype in first.frame(frame.name).dtypes.items()} == dict(frame.columns)
    assert (first.unobserved, first.withheld) == (second.unobserved, second.withheld)
    assert set(first.users["user_id"].dropna()) == {member["user_id"] for _, each in lists for member in each if member["user_id"]}


KEYS = st.sampled_from(["a", "b", "a!", 'q"', "a\\", "None", "ü", ""])
PLACES = st.sampled_from(["0", "od-a", "od-b", "od-x", "", "\ufffd", 'o"'])
TEXT = st.sampled_from(["x", "", "\ufffd", "13800000000"])
ORDER = st.fixed_dictionaries(
    {}, optional={"department_id": mixed(PLACES), "user_order": mixed(st.integers(0, 2)), "is_primary_dept": mixed(st.booleans())}
)
STATUS = st.fixed_dictionaries({}, optional=dict.fromkeys(["is_resigned", "is_frozen", "is_activated"], mixed(st.booleans())))
DOCUMENTED = {
    "user_id": mixed(KEYS),
    "open_id": mixed(KEYS),
    "name": mixed(TEXT),
    "mobile": mixed(TEXT),
    "employee_type": mixed(st.integers(0, 6)),
    "gender": mixed(st.integers(0, 3)),
    "join_time": mixed(st.sampled_from([0, 1_597_190_400, 17])),
    "status": mixed(STATUS),
    "avatar": mixed(st.just({"avatar_72": "https://x/72", "avatar_240": ""})),
    "is_tenant_manager": mixed(st.booleans()),
    "orders": mixed(st.lists(ORDER, max_size=2)),
    "department_ids": mixed(st.lists(PLACES, max_size=3)),
    "custom_attrs": mixed(st.just([{"id": "C-1", "type": "TEXT", "value": {"text": "7"}}])),
    "geo": mixed(st.just("x")),
    "kind": ODD,
}
DOCUMENTED_PEOPLE = st.lists(st.fixed_dictionaries({}, optional=DOCUMENTED) | st.just(user("a", "od-a", "od-b")) | ODD, max_size=4)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["0", "od-a", "od-b"]), DOCUMENTED_PEOPLE, st.booleans()), max_size=5),
    st.sampled_from(["user_id", "open_id"]),
    st.booleans(),
)
def test_people_are_the_same_in_whichever_way_they_are_read(lists: list[tuple[str, list[Any], bool]], key: str, has_leaders: bool) -> None:
    leaders = {"leader_user_id": "a", "leaders": [{"leaderType": 1, "leaderID": "a"}]} if has_leaders else {}
    departments = [root(), children(department("a", **leaders), department("b", "od-a"))]
    users = [
        landed(USERS, {"items": records}, user_id_type=key) if is_batch else members(number, *records, user_id_type=key)
        for number, records, is_batch in lists
    ]
    mapping = {"job_number": "custom_attrs.C-1", "telephone": "kind", "work_place": "geo", "attributes.of": "job_title"}
    assert_ways_agree(tidy, {"departments": departments, "users": users}, user=mapping)
