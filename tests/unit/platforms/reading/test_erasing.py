"""Who is taken out of an answer takes nothing of others along, however short their id and common their name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.platforms.platform import Answer, Person
from orgsync.platforms.reading.erasing import Traces

TRACES = Traces(own={"userid"}, mentions={"manager", "leaders", "allowed"}, holders={"about": {"id"}}, within="result")
IDS = st.sampled_from(["1", "2", "10", "100", "li", "李", "a1"])
TEXTS = st.sampled_from(["1", "李", "李四", "10 层", "department 1", "a1b", "13800000001", ""])
RECORDS = st.fixed_dictionaries(
    {"userid": IDS, "name": TEXTS, "dept": st.integers(0, 100), "note": TEXTS, "manager": IDS, "leaders": st.lists(IDS), "order": TEXTS},
    optional={
        "about": st.fixed_dictionaries({"id": IDS, "type": st.just(1)}),
        "nested": st.fixed_dictionaries({"floor": TEXTS, "id": IDS}),
    },
)


def answer(content: Any, **params: Any) -> Answer:
    return Answer("user/list", params, json.dumps(content).encode())


def erase(content: Any, person: Person, **params: Any) -> Any:
    erased = TRACES.erase(answer(content, **params), person).answer
    return None if erased is None else json.loads(erased.body)


@given(records=st.lists(RECORDS), gone=IDS)
def test_short_ids_count_only_where_an_id_of_a_person_stands(records: list[dict[str, Any]], gone: str) -> None:
    left = erase({"result": {"list": records, "count": 1}, "id": 1}, Person(frozenset({gone})))
    expected = [
        record
        | {
            "manager": "" if record["manager"] == gone else record["manager"],
            "leaders": [each for each in record["leaders"] if each != gone],
        }
        | ({"about": {} if record["about"]["id"] == gone else record["about"]} if "about" in record else {})
        for record in records
        if record["userid"] != gone
    ]
    assert left == {"result": {"list": expected, "count": 1}, "id": 1}


@given(records=st.lists(RECORDS), gone=IDS)
def test_a_second_time_changes_nothing(records: list[dict[str, Any]], gone: str) -> None:
    person = Person(frozenset({gone}), ("13800000001",))
    once = TRACES.erase(answer({"result": {"list": records}}), person).answer
    assert once is not None
    again = TRACES.erase(once, person)
    assert (again.answer, again.records, again.mentions) == (once, 0, 0)


def test_answer_about_the_person_alone_is_gone() -> None:
    assert erase({"result": {"userid": "1", "name": "x"}}, Person(frozenset({"1"}))) is None
    assert erase({"userid": "1", "name": "x"}, Person(frozenset({"1"}))) is None
    assert erase({"errcode": 60111}, Person(frozenset({"1"})), userid="1") is None
    assert erase({"result": {"dept": 1}}, Person(frozenset({"1"})), dept_id="1") == {"result": {"dept": 1}}


def test_ids_with_something_between_them_keep_the_others() -> None:
    assert erase({"result": {"allowed": "1,10,11|1"}}, Person(frozenset({"1"}))) == {"result": {"allowed": "10,11"}}


def test_escaped_and_damaged_texts_are_seen_through() -> None:
    body = b'{"result":{"list":[{"userid":"\\u674e"},{"userid":"b","manager":"\\u674e","note":"\\ud83d"}]}}'
    left = TRACES.erase(Answer("user/list", {}, body), Person(frozenset({"李"}))).answer
    assert left is not None
    assert json.loads(left.body) == {"result": {"list": [{"userid": "b", "manager": "", "note": "\ufffd"}]}}


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("call 13800000001", "call ***"),
        ("call 138000000012", "call 138000000012"),
        ("x13800000001", "x13800000001"),
        ("请联系13800000001。", "请联系***。"),
        ("a.b@c.example and A.B@c.example", "*** and A.B@c.example"),
    ],
)
def test_values_go_out_of_texts_as_whole_words(text: str, cleaned: str) -> None:
    assert Person(frozenset(), ("13800000001", "a.b@c.example")).clean_text(text) == cleaned
