"""Two reads that say the same have the same hash, however they were paged and in whatever order they came; others have another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.landing.substance import Substance, hash_statements
from orgsync.platforms import load_platform
from orgsync.platforms.platform import Answer
from orgsync.platforms.speaking.decoding import decode_json

PEOPLE = st.lists(
    st.dictionaries(st.sampled_from(["userid", "name", "title"]), st.text(max_size=5) | st.integers(), max_size=3), max_size=8
)


def dingtalk(people: Sequence[Any], number: int, is_last: object) -> bytes:
    page = {"has_more": not is_last, "next_cursor": number, "list": people}
    return json.dumps({"errcode": 0, "errmsg": "ok", "request_id": f"call {number}", "result": page}).encode()


def feishu(people: Sequence[Any], number: int, is_last: object) -> bytes:
    return json.dumps({"code": 0, "msg": "success", "data": {"has_more": not is_last, "page_token": str(number), "items": people}}).encode()


def wecom(people: Sequence[Any], number: int, is_last: object) -> bytes:
    return json.dumps({"errcode": 0, "errmsg": f"ok {number}", "userlist": people}).encode()


WRITERS = {"dingtalk": dingtalk, "feishu": feishu, "wecom": wecom}


def pages(platform: str, people: Sequence[Any], size: int, numbers: Iterable[int], department: int = 1) -> list[Answer]:
    split = [people[start : start + size] for start in range(0, len(people), size)] or [[]]
    return [
        Answer("people", {"dept_id": department, "cursor": number}, WRITERS[platform](page, number, page is split[-1]))
        for page, number in zip(split, numbers, strict=False)
    ]


def digest(platform: str, answers: Iterable[Answer], part: str = "users") -> str:
    substance, list_statements = Substance(), load_platform(platform).substance
    for answer in answers:
        substance.add(hash_statements(part, list_statements(answer)))
    return substance.digest


def some(people: list[Any]) -> str:
    """What records come to, apart from their order."""
    return repr(sorted(json.dumps(person) for person in people))


@pytest.mark.parametrize("platform", WRITERS)
@given(people=PEOPLE, size=st.integers(1, 4), seed=st.integers(0, 99))
def test_pages_order_and_what_is_of_the_call_do_not_count(platform: str, people: list[Any], size: int, seed: int) -> None:
    shuffled = people.copy()
    Random(seed).shuffle(shuffled)
    again = pages(platform, shuffled, size, range(100, 200))
    Random(seed).shuffle(again)
    assert digest(platform, again) == digest(platform, pages(platform, people, 10, range(50)))


@pytest.mark.parametrize("platform", WRITERS)
@given(one=PEOPLE, other=PEOPLE)
def test_other_records_are_another_substance(platform: str, one: list[Any], other: list[Any]) -> None:
    first, second = (digest(platform, pages(platform, people, 3, range(50))) for people in (one, other))
    assert (first == second) == (some(one) == some(other))


@pytest.mark.parametrize("platform", WRITERS)
def test_what_was_asked_counts_and_so_does_the_part(platform: str) -> None:
    people = [{"userid": "ada"}]
    asked = pages(platform, people, 3, range(50))
    assert digest(platform, asked) != digest(platform, pages(platform, people, 3, range(50), department=2))
    assert digest(platform, asked) != digest(platform, asked, part="departments")


@pytest.mark.parametrize("platform", WRITERS)
@pytest.mark.parametrize("damage", [b"\x01", b"\xff", b"\\ud83d", b"\\q"])
def test_damaged_answer_is_compared_as_it_is_read(platform: str, damage: bytes) -> None:
    def damaged(number: int, name: bytes) -> Answer:
        return Answer("people", {"dept_id": 1}, WRITERS[platform]([{"userid": "ada", "name": "?"}], number, True).replace(b"?", name))

    assert decode_json(damaged(1, damage).body)
    assert digest(platform, [damaged(1, damage)]) == digest(platform, [damaged(2, damage)])
    assert digest(platform, [damaged(1, damage)]) != digest(platform, [damaged(2, b"Ada")])


@pytest.mark.parametrize("platform", WRITERS)
@pytest.mark.parametrize("body", [b"", b"[1]", b"no json", b'{"result": 1, "data": [2], "userlist": {"a": 1}}'])
def test_what_has_not_the_shape_of_an_answer_counts_as_it_came(platform: str, body: bytes) -> None:
    first, second = (digest(platform, [Answer("people", {}, each)]) for each in (body, body + b" "))
    assert first != digest(platform, [])
    assert first == second or not body.startswith(b"{")


def test_new_fields_of_an_answer_count() -> None:
    """What nobody knows yet may decide something one day."""
    plain = {"errcode": 0, "result": {"list": []}}
    told = plain | {"result": {"list": [], "total": 4}}
    assert len({digest("dingtalk", [Answer("people", {}, msgspec.json.encode(each))]) for each in (plain, told)}) == 2
