"""Damage in a value costs that value; what was cut is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orgsync.platforms.speaking.decoding import REPLACEMENT, decode_json, decode_or_none

FIXTURES = Path(__file__).parents[3] / "fixtures" / "damaged"

# Inside a text. A space follows each, so that what comes next does not complete it.
BROKEN_TEXTS = [
    b"\x00", b"\x08", b"\x0b", b"\x1b[0m", b"\x1f", b"\n", b"\r", b"\t",
    b"\xff", b"\xed", b"\xc3", b"\xe7\x94", b"\xf0\x9f\x98", b"\xed\xa0\xbd",
    rb"\x41", rb"\u12", rb"\u", rb"\ud83d", rb"\ude00", rb"\a", b"\\\n", "\\中".encode(),
]  # fmt: skip
# In place of a value.
BROKEN_NUMBERS = {
    "NaN": REPLACEMENT,
    "-Infinity": REPLACEMENT,
    "Infinity": REPLACEMENT,
    "1e400": "1e400",
    "-1.5E+999999999": "-1.5E+999999999",
    "9" * 4301: "9" * 4301,
    "-" + "1" * 100_000: "-" + "1" * 100_000,
}

characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=8)
printables = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | texts
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts.filter(lambda key: key != "damaged"), inner, max_size=3)
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[dict[str, Any], bytes]:
    """What an answer means, damaged values left out, and its bytes, with damage at any depth of it."""
    meant: dict[str, Any] = {"before": draw(documents), "rows": draw(st.lists(documents, max_size=3)), "after": draw(documents)}
    damage = draw(st.sampled_from(BROKEN_TEXTS)) + b" "
    around = [json.dumps(draw(printables), ensure_ascii=draw(st.booleans())).encode()[1:-1] for _ in range(2)]
    text = b'"' + around[0] + damage + around[1] + b'"'
    number = draw(st.sampled_from(sorted(BROKEN_NUMBERS))).encode()
    place = draw(st.integers(0, len(meant["rows"])))
    rows = [*meant["rows"][:place], {"damaged": ["TEXT", {"deep": "NUMBER"}]}, *meant["rows"][place:]]
    whole = json.dumps({**meant, "rows": rows}, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))).encode()
    assume(whole.count(b'"TEXT"') == whole.count(b'"NUMBER"') == 1)
    return meant, whole.replace(b'"TEXT"', text).replace(b'"NUMBER"', number)


@given(answers())
def test_all_values_but_the_damaged_one_are_exact(answer: tuple[dict[str, Any], bytes]) -> None:
    meant, body = answer
    content = decode_json(body)
    [damaged] = [row["damaged"] for row in content["rows"] if isinstance(row, dict) and "damaged" in row]
    rest = {**content, "rows": [row for row in content["rows"] if not (isinstance(row, dict) and "damaged" in row)]}
    assert rest == meant
    text, number = damaged[0], damaged[1]["deep"]
    assert REPLACEMENT in text
    assert min(text) >= " "
    assert number in BROKEN_NUMBERS.values()
    assert decode_json(msgspec.json.encode(content)) == content, "what was read can be written again"


@given(answers(), st.data())
def test_answer_that_was_cut_is_refused(answer: tuple[dict[str, Any], bytes], data: st.DataObject) -> None:
    _, body = answer
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with pytest.raises(ValueError, match=r".*"):
        decode_json(cut)
    assert decode_or_none(cut) is None


@given(st.binary(max_size=40))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    content = decode_or_none(body)
    if content is not None:
        assert decode_json(msgspec.json.encode(content)) == content


@given(documents)
def test_sound_answers_are_not_touched(document: Any) -> None:
    told: list[str] = []
    assert decode_json(json.dumps(document).encode(), on_repair=lambda: told.append("repaired")) == document
    assert told == []


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_person_beside_a_damaged_one_is_exact(path: Path) -> None:
    told: list[str] = []
    damaged, sound = decode_json(path.read_bytes(), on_repair=lambda: told.append("repaired"))["userlist"]
    assert sound == {"userid": "u2", "name": "乙", "department": [1], "status": 1}
    assert {**damaged, "name": ""} == {"userid": "u1", "name": "", "department": [1], "status": 1}
    assert damaged["name"].count(REPLACEMENT) == 1
    assert damaged["name"].replace(REPLACEMENT, "").isprintable()
    assert told == ["repaired"]


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (rb'"\ud83d\ude00\ud83d"', "😀\ufffd"),
        (rb'"\\ud83d\n"', "\\ud83d\n"),
        (rb'"C:\zhang"', "C:\ufffdzhang"),
        (b'"\\\n"', "\ufffd\ufffd"),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'["NaN", NaN]', ["NaN", "\ufffd"]),
        (b'["\xff", ' + b"7" * 4300 + b"]", ["\ufffd", int("7" * 4300)]),
    ],
)
def test_odd_answers(body: bytes, content: object) -> None:
    assert decode_json(body) == content


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>it's down</html>", b'{"a": "b"', b'{"a": "\xff', b'{"a": "b\\', b'{"a": "b\\"}', b'{"a": "\x07"}}', b"{\x07}",
        b'{"a": 007}', b'{"a": .5}', b'{"a": 1.}', b'{"a": NaNs}', b"[1e400", b"[NaN", b'{"a": "x\x07" "b": 1}',
        b"[" * 100_000 + b"]" * 100_000,
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_json(body)


def test_long_text_that_was_cut_takes_no_longer_than_others() -> None:
    assert decode_or_none(b'{"a": "' + rb"\"{\"x\":" * 300_000) is None


def test_number_with_a_fraction_that_no_machine_number_can_hold_is_its_text() -> None:
    large, long = "7" * 400 + ".5", "1." + "0" * 5000
    assert decode_json(f'["\x07", {large}, {long}]'.encode()) == [REPLACEMENT, large, 1.0]


def test_repair_is_told_also_where_what_is_not_json_is_none() -> None:
    told: list[str] = []
    assert decode_or_none(b'["\x07"]', on_repair=lambda: told.append("repaired")) == [REPLACEMENT]
    assert told == ["repaired"]


def test_what_is_nested_too_deep_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match=r"^lists and objects are nested too deep$"):
        decode_json(b"[" * 100_000 + b"]" * 100_000)
