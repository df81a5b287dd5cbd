from __future__ import annotations

import json
import random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.frames import FRAMES, TidySet
from orgsync.platforms.platform import Answer, Wanted
from orgsync.platforms.wecom.extract import extract
from orgsync.platforms.wecom.tidy import tidy
from tests.unit.platforms.ways import ODD, assert_ways_agree, mixed
from tests.unit.platforms.wecom.fake import FakeWeCom, Landing, client_of, department, user

NEVER = {"union_id", "open_id", "job_number", "work_place", "employee_type", "hired_on", "is_admin"}


def landed(interface: str, content: dict[str, Any], **params: Any) -> Answer:
    return Answer(interface, params, json.dumps({"errcode": 0, "errmsg": "ok", **content}, ensure_ascii=False).encode())


def departments_of(*records: Any, **params: Any) -> Answer:
    return landed("department/list", {"department": list(records)}, **params)


def skeleton_of(*records: Any, **params: Any) -> Answer:
    return landed("department/simplelist", {"department_id": list(records)}, **params)


def people_of(*records: Any, department_id: str = "1", fetch_child: int = 1) -> Answer:
    return landed("user/list", {"userlist": list(records)}, department_id=department_id, fetch_child=fetch_child)


def ids_of(*rows: tuple[str, int]) -> Answer:
    return landed("user/list_id", {"dept_user": [{"userid": user_id, "department": number} for user_id, number in rows]}, limit=10000)


def details_of(record: dict[str, Any], read_at: str = "2026-03-01", **params: Any) -> Answer:
    return landed("user/get", record, userid=record["userid"], read_at=read_at, **params)


TREE = [department(1, 0, name="公司"), department(2, 1), department(3, 2)]


def tidy_of(departments: list[Answer] | None = None, users: list[Answer] | None = None, *, mapping: Any = None) -> TidySet:
    landing = Landing({"departments": [departments_of(*TREE)] if departments is None else departments, "users": users or []})
    return tidy(landing.answers, mode="full", mapping=mapping or {})


def rows(frame: pd.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    """Each row as plain values, missing ones as None, odd fields decoded."""
    plain = frame.astype(object).where(frame.notna(), None)
    return {row[key]: row | {"attributes": row["attributes"] and json.loads(row["attributes"])} for row in plain.to_dict("records")}


def places(tidied: TidySet) -> list[tuple[Any, ...]]:
    plain = tidied.memberships.astype(object).where(tidied.memberships.notna(), None)
    return sorted(plain[["user_id", "department_id", "is_main", "is_leader", "sort_order"]].itertuples(index=False, name=None))


def test_department_below_one_that_was_not_listed_does_not_move_to_the_top() -> None:
    """Read from the root down it is an orphan, to be quarantined; of a part, a top has its parent outside."""
    parents = rows(tidy_of([departments_of(*TREE, department(4, 9))]).departments, "department_id")
    assert [parents[each]["parent_id"] for each in "1234"] == [None, "1", "2", "9"]
    assert rows(tidy_of([departments_of(department(4, 9))]).departments, "department_id")["4"]["parent_id"] is None


def test_departments() -> None:
    records = [department(1, 0, name="公司"), department(2, 1, name="广州研发中心", name_en="RDGZ", order=2**32 - 1)]
    records[1]["department_leader"] = ["zhangsan", "lisi"]
    found = rows(tidy_of([departments_of(*records)]).departments, "department_id")
    assert (found["1"]["name"], found["1"]["parent_id"], found["1"]["leader_user_ids"]) == ("公司", None, [])
    assert found["2"] == {
        "department_id": "2",
        "parent_id": "1",
        "name": "广州研发中心",
        "name_en": "RDGZ",
        "sort_order": -(2**32 - 1),
        "is_hidden": None,
        "source_identifier": None,
        "leader_user_ids": ["zhangsan", "lisi"],
        "attributes": None,
    }


def test_what_wecom_never_tells_of_departments_is_unobserved() -> None:
    assert tidy_of().unobserved["department"] == {"is_hidden", "source_identifier", "attributes", "name_en"}
    assert "name_en" not in tidy_of([departments_of(department(1, 0, name_en="Company"))]).unobserved["department"]


def test_visible_tops_have_no_parent() -> None:
    found = rows(tidy_of([departments_of(department(5, 1), department(6, 5), department(8, 7))]).departments, "department_id")
    assert {key: each["parent_id"] for key, each in found.items()} == {"5": None, "6": "5", "8": None}


# The fields of the official sample of `user/get` (page 90196), with people and numbers made up.
SAMPLE = {
    "userid": "zhangsan", "name": "张三", "department": [1, 2], "order": [1, 2**32 - 1], "position": "后台工程师",
    "mobile": "13800000000", "gender": "1", "email": "zhangsan@example.com", "biz_mail": "zs@corp.example.com",
    "is_leader_in_dept": [1, 0], "direct_leader": ["lisi", "wangwu"], "avatar": "https://wx.example.com/0", "thumb_avatar": "https://wx.example.com/100",
    "telephone": "020-123456", "alias": "jack", "address": "广州市", "open_userid": "xxx", "main_department": 1, "english_name": "Jack",
    "extattr": {"attrs": [
        {"type": 0, "name": "工号", "text": {"value": "A-77"}}, {"type": 0, "name": "空", "text": {"value": ""}},
        {"type": 1, "name": "主页", "web": {"url": "https://example.com", "title": "标题"}},
        {"name": "旧", "value": "old"}, {"type": 0, "text": {"value": "nameless"}},
    ]},
    "status": 1, "enable": 1, "qr_code": "https://open.example.com/qr", "external_position": "产品经理",
    "external_profile": {"external_corp_name": "简称"},
}  # fmt: skip


def test_person() -> None:
    tidied = tidy_of(users=[people_of(SAMPLE)])
    found = {column: value for column, value in rows(tidied.users, "user_id")["zhangsan"].items() if value is not None}
    assert found == {
        "user_id": "zhangsan",
        "name": "张三",
        "name_en": "Jack",
        "nickname": "jack",
        "mobile": "13800000000",
        "email": "zhangsan@example.com",
        "work_email": "zs@corp.example.com",
        "telephone": "020-123456",
        "gender": "male",
        "avatar_url": "https://wx.example.com/0",
        "title": "后台工程师",
        "status": "active",
        "manager_user_id": "lisi",
        "main_department_id": "1",
        "attributes": {
            "extattr": {"工号": "A-77", "主页": {"url": "https://example.com", "title": "标题"}, "旧": "old"},
            "external_position": "产品经理",
            "external_profile": {"external_corp_name": "简称"},
            "direct_leader": ["lisi", "wangwu"],
        },
    }
    assert tidied.unobserved["user"] == NEVER
    assert not tidied.withheld
    assert places(tidied) == [("zhangsan", "1", True, True, -1), ("zhangsan", "2", False, False, -(2**32 - 1))]
    assert tidied.unobserved["membership"] == {"title", "attributes"}


@pytest.mark.parametrize(
    ("raw", "status"), [(1, "active"), (2, "disabled"), (4, "inactive"), (5, "resigned"), ("4", "inactive"), (3, None), (None, None)]
)
def test_status(raw: object, status: str | None) -> None:
    assert rows(tidy_of(users=[people_of(user("a", 1, status=raw))]).users, "user_id")["a"]["status"] == status


@pytest.mark.parametrize(("raw", "gender"), [("1", "male"), ("2", "female"), (2, "female"), ("0", None), (0, None), ("", None)])
def test_gender_is_text_or_number(raw: object, gender: str | None) -> None:
    tidied = tidy_of(users=[people_of(user("a", 1, gender=raw), user("b", 1, gender="1"))])
    assert rows(tidied.users, "user_id")["a"]["gender"] == gender
    assert not {"gender"} & tidied.unobserved["user"]


RESTRICTED = {"mobile": "mobile", "email": "email", "biz_mail": "work_email", "avatar": "avatar_url", "gender": "gender"}
FULL = {"mobile": "13900000000", "email": "a@example.com", "biz_mail": "b@example.com", "avatar": "https://x.example.com", "gender": "2"}


@pytest.mark.parametrize(("field", "column"), RESTRICTED.items())
@pytest.mark.parametrize("shape", ["absent", None, ""])
def test_field_that_nobody_has_is_withheld_whatever_its_shape(field: str, column: str, shape: object) -> None:
    people = [user("a", 1, **FULL), user("b", 1, **FULL)]
    assert not tidy_of(users=[people_of(*people)]).withheld
    for person in people:
        if shape == "absent":
            del person[field]
        else:
            person[field] = shape
    tidied = tidy_of(users=[people_of(*people)])
    assert tidied.withheld == {"user": {column}}
    assert column in tidied.unobserved["user"]


def test_gender_0_for_all_is_withheld() -> None:
    people = [user("a", 1, **FULL | {"gender": "0"}), user("b", 1, **FULL | {"gender": 0})]
    assert tidy_of(users=[people_of(*people)]).withheld == {"user": {"gender"}}


def test_field_that_somebody_has_is_empty_for_the_others() -> None:
    tidied = tidy_of(users=[people_of(user("a", 1, **FULL), user("b", 1, **FULL | {"email": ""}))])
    assert not tidied.withheld
    assert rows(tidied.users, "user_id")["b"]["email"] is None


def test_other_empty_fields_are_empty_not_withheld() -> None:
    tidied = tidy_of(users=[people_of(user("a", 1, alias="", position="", **FULL))])
    assert not {"nickname", "title"} & tidied.unobserved["user"]


def test_places_are_limited_to_departments_that_were_read() -> None:
    tidied = tidy_of(users=[people_of(user("a", 2, 99), user("b", 99))])
    assert places(tidied) == [("a", "2", True, False, -5)]
    assert set(tidied.users["user_id"]) == {"a", "b"}


@pytest.mark.parametrize(
    "lists", [{"order": [1]}, {"order": None}, {"order": "5"}, {"is_leader_in_dept": [1, 0, 1]}, {"is_leader_in_dept": {}}]
)
def test_lists_of_unequal_length_say_nothing_and_lose_nobody(lists: dict[str, Any]) -> None:
    tidied = tidy_of(users=[people_of(user("a", 1, 2, **lists))])
    column = 4 if "order" in lists else 3
    assert [place[column] for place in places(tidied)] == [None, None]
    assert len(tidied.users) == 1


@pytest.mark.parametrize("departments", [None, "1", [None, True, "x"], {}, 7])
def test_person_with_damaged_departments_stays(departments: Any) -> None:
    tidied = tidy_of(users=[people_of(user("a") | {"department": departments})])
    assert (len(tidied.users), len(tidied.memberships)) == (1, 0)


def test_person_in_two_lists_is_one_row() -> None:
    tidied = tidy_of(users=[people_of(user("a", 1, 2)), people_of(user("a", 1, 2), department_id="2")])
    assert (len(tidied.users), len(tidied.memberships)) == (1, 2)


def test_person_with_two_contents_keeps_both() -> None:
    tidied = tidy_of(users=[people_of(user("a", 1), user("a", 1, position="other"))])
    assert tidied.users["user_id"].tolist() == ["a", "a"]


@pytest.mark.parametrize("record", [{}, {"userid": ""}, {"userid": None, "name": "x"}, None, "text"])
def test_record_without_a_key_stays(record: Any) -> None:
    tidied = tidy_of(users=[people_of(record, user("a", 1))])
    assert tidied.users["user_id"].isna().sum() == 1
    assert len(tidied.users) == 2


def test_department_named_twice_with_different_contents_keeps_both() -> None:
    tidied = tidy_of([departments_of(*TREE, department(3, 1))])
    assert tidied.departments["department_id"].tolist() == ["1", "2", "3", "3"]


def test_excluded_departments_have_no_rows_and_no_places() -> None:
    departments = [departments_of(*TREE, include=[], exclude=["3"])]
    users = [
        people_of(user("a", 2, 3), fetch_child=0),
        landed("user/get", user("single"), userid="single"),
        landed("user/get", user("hidden", 3), userid="hidden"),
    ]
    tidied = tidy_of(departments, users)
    assert set(tidied.departments["department_id"]) == {"1", "2"}
    assert set(tidied.users["user_id"]) == {"a", "single"}
    assert [place[:2] for place in places(tidied)] == [("a", "2")]


def test_included_department_is_a_top() -> None:
    tidied = tidy_of([departments_of(*TREE, include=["2"], exclude=[])], [people_of(user("a", 1, 3), department_id="2")])
    assert rows(tidied.departments, "department_id").keys() == {"2", "3"}
    assert rows(tidied.departments, "department_id")["2"]["parent_id"] is None
    assert [place[:2] for place in places(tidied)] == [("a", "3")]


# --- by ids


def bare(*records: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: record[name] for name in ("id", "parentid", "order")} for record in records]


def test_ids_alone_say_who_is_where_and_nothing_else() -> None:
    tidied = tidy_of([skeleton_of(*bare(*TREE))], [ids_of(("a", 1), ("a", 2)), ids_of(("b", 2), ("a", 2))])
    assert tidied.users["user_id"].tolist() == ["a", "b"]
    assert [place[:2] for place in places(tidied)] == [("a", "1"), ("a", "2"), ("b", "2")]
    assert rows(tidied.departments, "department_id")["3"] | {"leader_user_ids": None} == {
        "department_id": "3", "parent_id": "2", "name": None, "name_en": None, "sort_order": -30, "is_hidden": None,
        "source_identifier": None, "leader_user_ids": None, "attributes": None,
    }  # fmt: skip
    user_frame = next(frame for frame in FRAMES if frame.name == "user")
    assert tidied.unobserved["user"] == set(user_frame.content)
    assert tidied.unobserved["membership"] == {"is_main", "is_leader", "sort_order", "title", "attributes"}
    assert {"name", "leader_user_ids"} <= tidied.unobserved["department"]
    assert not {"parent_id", "sort_order"} & tidied.unobserved["department"]
    assert not tidied.withheld


def test_ids_with_details() -> None:
    """Names of what the app sees; who has not been read has a row without a name."""
    departments = [skeleton_of(*bare(*TREE)), departments_of(department(2, 1, name="二"))]
    known = user("zhang", 2, is_leader_in_dept=[1], order=[9], main_department=2)
    users = [
        ids_of(("Zhang", 2), ("Zhang", 3), ("b", 1)),
        details_of(known),
        landed("user/get", {}, userid="b", read_at="x", refused="60111"),
    ]
    tidied = tidy_of(departments, users)
    assert {key: each["name"] for key, each in rows(tidied.departments, "department_id").items()} == {"1": None, "2": "二", "3": None}
    found = rows(tidied.users, "user_id")
    assert (found["Zhang"]["name"], found["Zhang"]["mobile"], found["b"]["name"]) == ("名zhang", "13900000000", None)
    assert places(tidied) == [("Zhang", "2", True, True, -9), ("Zhang", "3", False, None, None), ("b", "1", None, None, None)]
    assert tidied.unobserved["user"] >= NEVER
    assert "name" not in tidied.unobserved["user"]
    assert "mobile" not in tidied.unobserved["user"]


def test_department_below_one_that_the_app_does_not_see_is_a_top() -> None:
    """Names are of what the app sees; what it does not see is there, and nothing is said of it."""
    forest = [department(1, 0), department(2, 1), department(3, 2), department(4, 3), department(5, 1)]
    departments = [skeleton_of(*bare(*forest)), departments_of(department(3, 2, name="三"), department(4, 3, name="四"))]
    tidied = tidy_of(departments, [ids_of(("a", 4))])
    parents = {key: each["parent_id"] for key, each in rows(tidied.departments, "department_id").items()}
    assert parents == {"1": None, "2": "1", "3": None, "4": "3", "5": "1"}
    assert tidied.not_read["department"] == {"1", "2", "5"}


def test_details_read_later_hold() -> None:
    old, new = details_of(user("a", 1, position="old"), "2026-01"), details_of(user("a", 1, position="new"), "2026-02")
    for users in ([old, new], [new, old]):
        tidied = tidy_of([skeleton_of(*bare(*TREE))], [ids_of(("a", 1)), *users])
        assert tidied.users["title"].tolist() == ["new"]


def test_scope_limits_ids() -> None:
    departments = [skeleton_of(*bare(*TREE), include=["2"], exclude=["3"])]
    tidied = tidy_of(departments, [ids_of(("a", 1), ("b", 2), ("c", 3), ("d", 2), ("d", 3))])
    assert tidied.users["user_id"].tolist() == ["b", "d"]
    assert [place[:2] for place in places(tidied)] == [("b", "2"), ("d", "2")]


# --- the ways agree


@pytest.mark.parametrize("scope", [{}, {"exclude": ["3"]}, {"include": ["2"]}])
def test_export_is_tidied_like_lists(scope: dict[str, list[str]]) -> None:
    """An export holds all; what the scope does not want is left out."""
    people = [user("a", 1), user("b", 2), user("c", 3), user("d", 1, 3)]
    full = {"include": [], "exclude": [], **scope} if scope else {}
    departments = [landed("export/department", {"department": TREE[:2]}, block=0, **full)]
    departments.append(landed("export/department", {"department": TREE[2:]}, block=1, **full))
    tidied = tidy_of(
        departments, [landed("export/user", {"userlist": people[:2]}, block=0), landed("export/user", {"userlist": people[2:]}, block=1)]
    )
    wanted = {"1", "2", "3"} - ({"3"} if "exclude" in scope else {"1"} if "include" in scope else set())
    assert set(tidied.departments["department_id"]) == wanted
    assert set(tidied.users["user_id"]) == {person["userid"] for person in people if wanted & set(map(str, person["department"]))}
    assert set(tidied.memberships["department_id"]) == wanted


@pytest.mark.parametrize("read_by", ["lists", "ids", "export"])
def test_every_way_gives_the_same_frames(read_by: str) -> None:
    platform = FakeWeCom(departments=TREE, users=[user("a", 1), user("b", 2, 3, **FULL), user("C", 3)])
    landing, expected = Landing(), Landing()
    extract(client_of(platform, contact=True, read_by=read_by), Wanted(mode="full"), landing.record)
    extract(client_of(platform), Wanted(mode="full"), expected.record)
    found, other = (tidy(each.answers, mode="full", mapping={}) for each in (landing, expected))
    for frame in FRAMES:
        pd.testing.assert_frame_equal(found.frame(frame.name), other.frame(frame.name))
    assert found.unobserved == other.unobserved


# --- mapping


def test_mapping_fills_a_column_from_a_custom_field() -> None:
    tidied = tidy_of(users=[people_of(SAMPLE)], mapping={"user": {"job_number": "extattr.工号", "work_place": "address"}})
    found = rows(tidied.users, "user_id")["zhangsan"]
    assert (found["job_number"], found["work_place"]) == ("A-77", "广州市")
    assert not {"job_number", "work_place"} & tidied.unobserved["user"]


def test_mapping_from_a_withheld_field_is_withheld() -> None:
    tidied = tidy_of(users=[people_of(user("a", 1, **FULL))], mapping={"user": {"work_place": "address"}})
    assert tidied.withheld == {"user": {"work_place"}}


def test_mapping_from_a_field_nobody_has_says_nothing() -> None:
    assert "employee_type" in tidy_of(users=[people_of(user("a", 1))], mapping={"user": {"employee_type": "kind"}}).unobserved["user"]


def test_mapping_fills_keys_of_attributes() -> None:
    mapping = {"user": {"attributes.工号": "extattr.工号"}, "department": {"attributes.zh": "name"}}
    tidied = tidy_of([departments_of(department(1, 0))], users=[people_of(SAMPLE)], mapping=mapping)
    attributes = rows(tidied.users, "user_id")["zhangsan"]["attributes"]
    assert (attributes["工号"], attributes["external_position"]) == ("A-77", "产品经理")
    assert rows(tidied.departments, "department_id")["1"]["attributes"] == {"zh": tidied.departments["name"][0]}
    assert "attributes" not in tidied.unobserved["department"] | tidied.unobserved["user"]


@pytest.mark.parametrize("path", ["address", "kind.x"])
def test_attributes_that_lack_a_mapped_key_throughout_keep_what_was_known(path: str) -> None:
    tidied = tidy_of(users=[people_of(user("a", 1, **FULL))], mapping={"user": {"attributes.x": path}})
    assert "attributes" in tidied.unobserved["user"]
    assert ("attributes" in tidied.withheld.get("user", ())) is (path == "address")


def test_mapping_to_an_unknown_column_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="shoe_size"):
        tidy_of(mapping={"user": {"shoe_size": "extattr.鞋"}})


def test_no_answer_at_all_gives_empty_frames() -> None:
    tidied = tidy(lambda part: [], mode="full", mapping={})
    for frame in FRAMES:
        assert {name: str(dtype) for name, dtype in tidied.frame(frame.name).dtypes.items()} == dict(frame.columns)
    assert not tidied.withheld


values = st.none() | st.booleans() | st.integers(-(2**33), 2**33) | st.text(max_size=4) | st.floats(allow_nan=False, allow_infinity=False)
lists = values | st.lists(st.integers(0, 4) | values, max_size=3)
fields = ["name", "position", "mobile", "gender", "status", "order", "is_leader_in_dept", "department", "main_department", "direct_leader"]
people = st.fixed_dictionaries(
    {"userid": st.sampled_from(["a", "b", "c", "", None])},
    optional={**dict.fromkeys(fields, lists), "extattr": st.just({"attrs": [None]}) | values},
)
shapes = st.sampled_from(["user/list", "user/get", "user/list_id", "export/user"])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(shapes, st.lists(people, max_size=4)), max_size=6), st.booleans(), st.randoms(use_true_random=False))
def test_any_records_in_any_order_give_the_same_declared_frames(
    answers: list[tuple[str, list[dict[str, Any]]]], by_ids: bool, shuffler: random.Random
) -> None:
    departments = [departments_of(*TREE, None, {"id": "x"}), *([skeleton_of(*bare(*TREE))] if by_ids else [])]
    users = [_answer(interface, records) for interface, records in answers]
    first = tidy_of(departments, users)
    shuffler.shuffle(users)
    shuffler.shuffle(departments)
    second = tidy_of(departments, users)
    for frame in FRAMES:
        pd.testing.assert_frame_equal(first.frame(frame.name), second.frame(frame.name))
        assert {name: str(dtype) for name, dtype in first.frame(frame.name).dtypes.items()} == dict(frame.columns)
    assert first.unobserved == second.unobserved


def _answer(interface: str, records: list[dict[str, Any]]) -> Answer:
    if interface == "user/get":
        return landed(interface, records[0] if records else {}, userid=str(records[0]["userid"]) if records else "a")
    return landed(interface, {"dept_user" if interface == "user/list_id" else "userlist": records}, department_id="1")


TEXT = st.sampled_from(["x", "", "\ufffd", "13800000000"])
NUMBERS = st.lists(st.integers(0, 4), max_size=3)
DOCUMENTED = {
    "userid": mixed(st.sampled_from(["a", "b", "a!", 'q"', "a\\", "None", "ü", ""])),
    "name": mixed(TEXT),
    "mobile": mixed(TEXT),
    "avatar": mixed(TEXT),
    "gender": mixed(st.sampled_from(["0", "1", 0, 2])),
    "status": mixed(st.sampled_from([1, 2, 4, "5"])),
    "department": mixed(NUMBERS),
    "order": mixed(NUMBERS),
    "is_leader_in_dept": mixed(NUMBERS),
    "main_department": mixed(st.integers(0, 3)),
    "direct_leader": mixed(st.lists(st.sampled_from(["a", "b"]), max_size=2)),
    "extattr": mixed(st.just({"attrs": [{"name": "工号", "type": 0, "text": {"value": "77"}}]})),
    "kind": ODD,
}
DOCUMENTED_PEOPLE = st.lists(st.fixed_dictionaries({}, optional=DOCUMENTED) | st.just(user("a", 1, 2)) | ODD, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["user/list", "user/get", "export/user"]), DOCUMENTED_PEOPLE), max_size=5), st.booleans())
def test_people_are_the_same_in_whichever_way_they_are_read(answers: list[tuple[str, list[Any]]], is_limited: bool) -> None:
    scope = {"include": ["2"], "exclude": ["3"]} if is_limited else {}
    users = [
        landed("user/get", records[0] if records and isinstance(records[0], dict) else {}, userid="a")
        if interface == "user/get"
        else landed(interface, {"userlist": records}, **({"department_id": "1"} if interface == "user/list" else {"block": 0}))
        for interface, records in answers
    ]
    mapping = {"job_number": "extattr.工号", "employee_type": "kind", "work_place": "department", "attributes.of": "alias"}
    assert_ways_agree(tidy, {"departments": [departments_of(*TREE, **scope)], "users": users}, user=mapping)
