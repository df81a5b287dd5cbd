from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.pages.matching import (
    BEGINS,
    DEPARTMENT,
    EXACT,
    FORMERLY,
    TITLE,
    Ways,
    finds_label,
    finds_name,
    join_words,
    match_department,
    match_person,
    part_of,
    split_words,
)
from orgsync.warehouse.spelling import fold, spell_label, spell_name
from orgsync.warehouse.statements import Row

WAYS = Ways(
    {
        "1": {"department_id": "1", "parent_id": None, "name": "云杉科技", "is_there": True},
        "2": {"department_id": "2", "parent_id": "1", "name": "北京分公司", "is_there": True},
        "3": {"department_id": "3", "parent_id": "2", "name": "研发部", "is_there": True},
        "4": {"department_id": "4", "parent_id": "1", "name": "Sales/EMEA", "is_there": False},
    }
)
ROUND = Ways(
    {
        "7": {"department_id": "7", "parent_id": "8", "name": "hen", "is_there": True},
        "8": {"department_id": "8", "parent_id": "7", "name": "egg", "is_there": True},
    }
)
WORD = st.text(st.sampled_from("王伟明weimwng曾zc A1"), min_size=1, max_size=4)
NAME = st.text(st.sampled_from("王伟明曾AbC 1é"), max_size=8)


def person(**values: Any) -> Row:
    row = {"user_id": "u-17", "name": "王伟明", "title": "高级工程师", "job_number": "A0042", "left_at": None, "department_ids": ["3"]}
    return {**row, "names": [values.get("name", "王伟明")], **values}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \u3000 \t", []),
        ("ＷＡＮＧ　Wei", ["wang", "wei"]),
        ("王伟 王伟", ["王伟"]),
        ("云杉科技 / 北京分公司 / 研发部", ["云杉科技", "北京分公司", "研发部"]),
        ("云杉科技/研发部", ["云杉科技", "研发部"]),
        ("云杉科技＞研发部、测试部", ["云杉科技", "研发部", "测试部"]),
        ("A/12", ["a/12"]),
        ("R&D / Platform,", ["r&d", "platform"]),
        ("///", []),
        ("O'Neill-Smith", ["o'neill-smith"]),
        ("100% a_b \\", ["100%", "a_b", "\\"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@given(st.text(max_size=100))
def test_words_are_folded_and_hold_no_blanks(text: str) -> None:
    words = split_words(text)
    assert all(word and word == fold(word) and len(word.split()) == 1 for word in words)
    assert len(set(words)) == len(words)


def test_syllables_typed_apart_are_joined() -> None:
    assert join_words(["wang"]) == []
    assert join_words(["wang", "wei"]) == ["wangwei", "wang wei"]
    assert join_words(["a", "b", "c"]) == ["ab", "a b", "bc", "b c", "abc", "a b c"]


def test_pattern_takes_no_letter_for_another() -> None:
    assert part_of("50%_\\") == "%50\\%\\_\\\\%"
    assert (part_of("%"), part_of("a"), part_of("王")) == ("\\%%", "a%", "%王%")


@given(WORD, NAME)
def test_names_are_found_as_by_their_keys(word: str, name: str) -> None:
    word = fold(word)
    assert finds_name(word, name) == any(key.startswith(word) for key in spell_name(name))
    is_slight = len(word) == 1 and word.isascii()
    assert finds_label(word, name) == any(key.startswith(word) if is_slight else word in key for key in spell_label(name))


@pytest.mark.parametrize(
    ("word", "closeness"),
    [
        pytest.param("王伟明", EXACT, id="the name"),
        pytest.param("a0042", EXACT, id="the job number"),
        pytest.param("u-17", EXACT, id="the id"),
        pytest.param("王伟", BEGINS, id="its beginning"),
        pytest.param("伟明", BEGINS, id="its end"),
        pytest.param("wangw", BEGINS, id="pinyin"),
        pytest.param("wwm", BEGINS, id="initials"),
        pytest.param("a00", BEGINS, id="beginning of the job number"),
        pytest.param("工程", TITLE, id="within the title"),
        pytest.param("gcs", TITLE, id="initials within the title"),
        pytest.param("研发", DEPARTMENT, id="the department"),
        pytest.param("beijing", DEPARTMENT, id="one above"),
        pytest.param("0042", None, id="not the end of a number"),
        pytest.param("sales", None, id="another department"),
    ],
)
def test_word_fits_a_person(word: str, closeness: int | None) -> None:
    found = match_person(person(), [word], WAYS)
    assert (found and found.closeness) == closeness


def test_each_word_must_fit() -> None:
    assert match_person(person(), ["王", "研发", "北京", "工程师"], WAYS)
    assert match_person(person(), ["王", "研发", "上海"], WAYS) is None


def test_without_ways_nobody_is_found_by_a_department() -> None:
    assert match_person(person(), ["研发"]) is None


def test_former_name_is_told_only_where_it_was_needed() -> None:
    renamed = person(name="钱山", names=["汪宇杰", "钱山"])
    by_old, by_new = match_person(renamed, ["汪"]), match_person(renamed, ["钱"])
    assert by_old
    assert (by_old.formerly, by_old.closeness) == ("汪宇杰", FORMERLY)
    assert by_new
    assert by_new.formerly is None


def test_who_is_there_comes_first_then_former_names_then_who_left() -> None:
    rows = [
        person(user_id="left", left_at="2026-11-01"),
        person(user_id="renamed", name="钱山", names=["王伟明", "钱山"]),
        person(user_id="longer", name="王伟明明"),
        person(user_id="there"),
    ]
    found = [each for row in rows if (each := match_person(row, ["王伟明"]))]
    assert [each.row["user_id"] for each in sorted(found, key=lambda each: each.rank)] == ["there", "longer", "renamed", "left"]


def test_somebody_without_title_number_or_department_is_found_too() -> None:
    bare = person(title=None, job_number=None, department_ids=[])
    assert match_person(bare, ["王伟明"], WAYS)
    assert match_person(bare, ["工程师"], WAYS) is None


@pytest.mark.parametrize(
    ("department_id", "words", "is_found"),
    [
        pytest.param("3", ["研发"], True, id="its name"),
        pytest.param("3", ["yfb"], True, id="its initials"),
        pytest.param("3", ["北京", "研发"], True, id="one above, and its name"),
        pytest.param("3", ["北京"], False, id="only one above"),
        pytest.param("3", ["研发", "上海"], False, id="a word that fits nothing"),
        pytest.param("3", ["3"], True, id="its id"),
        pytest.param("2", ["研发"], False, id="one below"),
        pytest.param("4", ["emea"], True, id="one that is gone"),
    ],
)
def test_word_fits_a_department(department_id: str, words: list[str], is_found: bool) -> None:
    found = match_department(WAYS.rows[department_id], words, WAYS)
    assert bool(found) == is_found


def test_department_tells_its_way_and_its_former_name() -> None:
    found = match_department(WAYS.rows["3"], ["战略"], WAYS, ["战略部", "研发部"])
    assert found
    assert (found.path, found.above, found.formerly) == ("云杉科技 / 北京分公司 / 研发部", ("1", "2"), "战略部")


def test_departments_come_the_closest_first() -> None:
    rows = {
        each: {"department_id": each, "parent_id": None, "name": each, "is_there": each != "研发"}
        for each in ("研发二部", "研发部", "研发")
    }
    found = [each for row in rows.values() if (each := match_department(row, ["研发部"], Ways(rows), ["研发部"]))]
    assert [each.row["name"] for each in sorted(found, key=lambda each: each.rank)] == ["研发部", "研发二部", "研发"]


def test_circle_of_departments_ends() -> None:
    assert ROUND.path("7") == "egg / hen"
    assert match_person(person(department_ids=["7"]), ["egg"], ROUND)


def test_department_that_nobody_knows_has_no_way() -> None:
    assert WAYS.climb("99") == []
    assert WAYS.path("99") == ""
