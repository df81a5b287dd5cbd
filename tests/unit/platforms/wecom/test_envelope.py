from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from orgsync.errors import RefusedError, UnexpectedAnswerError
from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.transport import Request, Response
from orgsync.platforms.wecom import envelope as checks
from orgsync.platforms.wecom.capacity import Capacity, note_capacity
from orgsync.platforms.wecom.envelope import Check, judge_by, judge_file

REQUEST = Request("user/list", "GET", "cgi-bin/user/list")
OK = Response(200, "application/json", b"")


def test_answer_without_errcode_is_good() -> None:
    assert judge_by(checks.lacks_token, "app")(REQUEST, OK, {"access_token": "t"}) == {"access_token": "t"}


def test_warning_with_errcode_0_is_an_alarm() -> None:
    content = {"errcode": 0, "errmsg": "ok. Warning: wrong json format. ", "dept_user": []}
    with pytest.raises(RefusedError, match="only in part"):
        judge_by(checks.lacks_user_ids, "contact")(REQUEST, OK, content)


BROKEN: list[tuple[Check, Any]] = [
    (checks.lacks_token, []),
    (checks.lacks_users, {"userlist": [{"userid": "a", "department": [1]}, {"userid": "b"}]}),
    (checks.lacks_token, {}),
    (checks.lacks_token, {"access_token": ""}),
    (checks.lacks_range, {"agentid": 1}),
    (checks.lacks_tag_members, {"userlist": None}),
    (checks.lacks_users, {}),
    (checks.lacks_users, {"userlist": None}),
    (checks.lacks_user, {"name": "x"}),
    (checks.lacks_departments, {"department": None}),
    (checks.lacks_departments, {"department": {"id": 1, "parentid": 0}}),
    (checks.lacks_departments, {"department": [{"id": 2}]}),
    (checks.lacks_departments, {"department": [{"parentid": 1}]}),
    (checks.lacks_departments, {"department": [None]}),
    (checks.lacks_departments, {"department": [{"id": True, "parentid": 1}]}),
    (checks.lacks_department_ids, {"department_id": [1, 2]}),
    (checks.lacks_user_ids, {}),
    (checks.lacks_user_ids, {"dept_user": [{"userid": "a"}]}),
    (checks.lacks_user_ids, {"dept_user": [{"department": 1}]}),
    (checks.lacks_user_ids, {"dept_user": ["a"]}),
    (checks.lacks_user_ids, {"dept_user": [], "next_cursor": {}}),
    (checks.lacks_job, {}),
    (checks.lacks_job_result, {}),
    (checks.lacks_job_result, {"status": 2}),
    (checks.lacks_job_result, {"status": 2, "data_list": []}),
    (checks.lacks_job_result, {"status": 2, "data_list": [{"url": "u", "size": 1}]}),
]


@pytest.mark.parametrize(("check", "content"), BROKEN)
def test_answer_that_is_not_whole_is_no_empty_answer(check: Check, content: Any) -> None:
    with pytest.raises(UnexpectedAnswerError):
        judge_by(check, "app")(REQUEST, OK, content)


GOOD: list[tuple[Check, Any]] = [
    (checks.lacks_range, {"allow_partys": {"partyid": [1]}}),
    (checks.lacks_users, {"userlist": []}),
    (checks.lacks_departments, {"department": [{"id": 1, "parentid": 0}, {"id": "2", "parentid": "1"}]}),
    (checks.lacks_user_ids, {"dept_user": []}),
    (checks.lacks_user_ids, {"dept_user": [{"userid": "a", "department": 1}], "next_cursor": None}),
    (checks.lacks_job_result, {"status": 0}),
    (checks.lacks_job_result, {"status": 2, "data_list": [{"url": "u", "size": 1, "md5": "m"}]}),
]


@pytest.mark.parametrize(("check", "content"), GOOD)
def test_whole_answer_is_good(check: Check, content: Any) -> None:
    assert judge_by(check, "app")(REQUEST, OK, {"errcode": 0, "errmsg": "ok", **content})


def list_of(*user_ids: str, department: str, deep: int) -> Answer:
    people = [{"userid": user_id, "department": [1]} for user_id in user_ids]
    body = json.dumps({"errcode": 0, "errmsg": "ok", "userlist": people}).encode()
    return Answer("user/list", {"department_id": department, "fetch_child": deep}, body)


def test_which_list_somebody_was_in_is_part_of_what_it_says() -> None:
    """In how many lists somebody is depends on it too; what was read in other parts is judged once, and then recognized."""
    whole = list_of("a", "b", department="1", deep=1)
    assert set(checks.list_statements(whole)) == set(checks.list_statements(list_of("b", "a", department="1", deep=1)))
    parts = [list_of("a", department="1", deep=0), list_of("b", department="2", deep=1)]
    assert not {each for part in parts for each in checks.list_statements(part)} & set(checks.list_statements(whole))


def test_what_is_noted_for_the_next_read_says_nothing() -> None:
    assert list(checks.list_statements(note_capacity(Capacity(most_people=5, people={"1": 3}, pause=1, wait=1)))) == []


FILE = b"cipher"
MD5 = hashlib.md5(FILE).hexdigest()


@pytest.mark.parametrize(("size", "md5"), [(6, MD5), ("6", MD5.upper())])
def test_file_with_its_size_and_md5_is_whole(size: object, md5: str) -> None:
    assert judge_file(size=size, md5=md5)(REQUEST, OK, FILE) == FILE


@pytest.mark.parametrize(
    ("status", "content", "size", "md5"),
    [(200, FILE, 7, MD5), (200, FILE, 6, "0" * 32), (403, {"error": "expired"}, 6, MD5)],
    ids=["size", "md5", "refused"],
)
def test_file_that_is_another_is_refused(status: int, content: Any, size: int, md5: str) -> None:
    with pytest.raises(UnexpectedAnswerError):
        judge_file(size=size, md5=md5)(REQUEST, Response(status, "x", b""), content)
