"""By what keys names, titles and departments are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.warehouse.spelling import LONGEST, MOST_ENDS, SURNAMES, find_own_key, fold, spell, spell_label, spell_name

LETTERS = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from("王李张曾单仇解欧阳诸葛伟芳娜敏静丽强磊洋勇艳𠮷㐀鿕 -·.'aBcXyZ0189ＡｂＣ１２３ßﬁİ　\t🙂👩‍💻"),
)
ANY = st.text(LETTERS, max_size=80)
CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=MOST_ENDS)
KINDS = st.sampled_from(["name", "title", "department"])


@given(ANY)
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.sampled_from("王伟AbcXyz019-. "), max_size=40))
def test_case_width_and_blanks_make_no_difference(text: str) -> None:
    assert fold(text.swapcase()) == fold(text)
    assert fold("".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)) == fold(text)
    assert fold(f"\u3000 {text}\t") == fold(text)


@given(KINDS, ANY)
def test_keys_are_folded_not_empty_and_not_too_long(kind: str, value: str) -> None:
    for key in spell(kind, value):
        assert key == key.casefold()
        assert key or not fold(value)
        assert len(key) <= LONGEST * len("zhuang")


@given(KINDS, ANY)
def test_keys_are_few(kind: str, value: str) -> None:
    """The whole, each end, with pinyin and initials; and the first of those as a surname."""
    assert 1 <= len(spell(kind, value)) <= (3 if kind != "name" else 3 * MOST_ENDS + 3)


@given(KINDS, ANY)
def test_value_has_its_own_key(kind: str, value: str) -> None:
    assert find_own_key(value) in spell(kind, value)


@given(KINDS, ANY)
def test_keys_are_the_same_however_it_is_written(kind: str, value: str) -> None:
    assert spell(kind, f"  {value}\u3000") == spell(kind, value)
    assert spell(kind, fold(value)) == spell(kind, value)


@given(CHINESE)
def test_chinese_name_is_found_by_every_end(name: str) -> None:
    keys = spell_name(name)
    assert {fold(name)[start:] for start in range(len(fold(name)))} <= keys


@given(st.text(st.sampled_from("王李张刘陈伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超"), min_size=1, max_size=MOST_ENDS))
def test_chinese_name_is_found_by_pinyin_and_initials_of_every_end(name: str) -> None:
    keys = spell_name(name)
    syllables = [max(spell_label(each) - {each}) for each in name]
    assert all(each.isascii() and each.isalpha() for each in syllables)
    for start in range(len(name)):
        assert "".join(syllables[start:]) in keys
        assert len(name) - start == 1 or "".join(each[0] for each in syllables[start:]) in keys


@given(st.text(st.sampled_from("王李张刘陈伟芳娜秀英敏静"), min_size=1, max_size=LONGEST))
def test_label_is_found_by_any_part_of_it_and_of_its_pinyin(label: str) -> None:
    keys = spell_label(label)
    syllables = [max(spell_label(each) - {each}) for each in label]
    for start in range(len(label)):
        assert any(label[start:] in key for key in keys)
        assert any("".join(syllables[start:]) in key for key in keys)


@pytest.mark.parametrize("surname", sorted(SURNAMES))
def test_surname_is_found_as_it_is_read_as_one_and_as_a_word(surname: str) -> None:
    keys = spell_name(f"{surname}明")
    assert f"{SURNAMES[surname]}ming" in keys
    assert f"{SURNAMES[surname][0]}m" in keys
    [read] = [key for key in spell_label(surname) if key.isascii()]
    assert f"{read}ming" in keys


def test_only_the_first_character_is_a_surname() -> None:
    assert "wangzeng" not in spell_name("王曾")
    assert "wangceng" in spell_name("王曾")
    assert {"zengli", "cengli"} <= spell_name("曾丽")


@pytest.mark.parametrize(
    ("name", "found_by"),
    [
        pytest.param("王小明", {"王小明", "小明", "明", "wangxiaoming", "wxm", "xiaoming", "xm", "ming"}, id="chinese"),
        pytest.param("欧阳娜娜", {"ouyangnana", "oynn", "阳娜娜", "nana"}, id="surname of two characters"),
        pytest.param("吕布", {"lvbu", "lb"}, id="ü is typed as v"),
        pytest.param("ＬＩＵ　Ｙａｎｇ", {"liu yang", "yang"}, id="full width"),
        pytest.param("Anna-Maria O'Neill", {"anna-maria o'neill", "maria o'neill", "neill"}, id="words"),
        pytest.param("阿凡提·买买提", {"买买提", "afantimaimaiti", "aftmmt"}, id="with a dot"),
        pytest.param("王 Jack", {"jack", "wangjack"}, id="mixed"),
        pytest.param("𠮷野家", {"野家", "yejia"}, id="outside the basic plane"),
    ],
)
def test_name_is_found_by(name: str, found_by: set[str]) -> None:
    assert found_by <= spell_name(name)


def test_name_that_is_not_chinese_has_no_pinyin() -> None:
    assert spell_name("Bob") == {"bob"}
    assert spell_label("CTO") == {"cto"}


def test_blank_has_nothing_that_anybody_could_type() -> None:
    assert spell_name(" \u3000 ") == {""}
