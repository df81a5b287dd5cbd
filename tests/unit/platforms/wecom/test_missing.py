"""Who was in the newest snapshot and is in no list, in whatever way that one was read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orgsync.platforms.platform import Answer
from orgsync.platforms.wecom.missing import list_missing


def answer(interface: str, content: dict[str, Any]) -> Answer:
    return Answer(interface, {}, json.dumps({"errcode": 0, "errmsg": "ok", **content}).encode())


def people(*records: object) -> dict[str, Any]:
    return {"userlist": list(records)}


ANN, BOB, EVE = ({"userid": name, "name": name.upper(), "department": [number]} for name, number in (("Ann", 1), ("bob", 2), ("eve", 9)))


@pytest.mark.parametrize("interface", ["user/list", "export/user"])
def test_whoever_was_listed_in_a_wanted_department_and_was_not_seen(interface: str) -> None:
    assert list_missing([answer(interface, people(ANN, BOB, EVE))], {"bob"}, {"1", "2"}) == ["Ann"]


def test_whoever_was_read_alone() -> None:
    assert list_missing([answer("user/get", ANN), answer("user/get", BOB)], {"ann"}, {"1", "2"}) == ["bob"]


def test_ids_are_compared_without_regard_to_case() -> None:
    assert list_missing([answer("user/list", people(ANN))], {"ann"}, {"1"}) == []


def test_ids_without_details_name_nobody() -> None:
    rows = {"dept_user": [{"userid": "Ann", "department": 1}]}
    assert list_missing([answer("user/list_id", rows), answer("agent/get", {})], set(), {"1"}) == []


@pytest.mark.parametrize(
    "damaged",
    [
        people(ANN, None, {"userid": ""}, {"userid": None, "department": [1]}),
        people(ANN, {"userid": 7, "department": "1"}),
        people(ANN | {"department": ["1", None, {}]}),
    ],
)
def test_what_is_damaged_is_passed_over(damaged: dict[str, Any]) -> None:
    assert list_missing([answer("user/list", damaged)], set(), {"1"}) == ["Ann"]


def test_damaged_value_does_not_hide_the_others() -> None:
    body = (
        b'{"errcode":0,"userlist":[{"userid":"Ann","name":"a\x00b","department":[1]},{"userid":"bob","name":"\\ud800","department":[2]}]}'
    )
    assert list_missing([Answer("user/list", {}, body)], set(), {"1", "2"}) == ["Ann", "bob"]
