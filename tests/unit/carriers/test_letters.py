"""However much is told, what is sent fits, and nothing is cut within a character."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.carriers import dingtalk_robot, feishu_robot, plain_json, wecom_robot
from orgsync.carriers.letters import Entry, Letter, cut, fit, write_plain

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
LETTERS = st.builds(
    Letter,
    key=st.just("k" * 32),
    subject=WORDS.map(lambda text: f"[orgsync] {text}"),
    entries=st.lists(
        st.builds(
            Entry,
            heading=WORDS,
            lines=st.lists(WORDS.map(lambda text: text * 40), max_size=4).map(tuple),
            link=st.sampled_from(["", "/x", "https://a.example/x"]),
        ),
        min_size=1,
        max_size=30,
    ).map(tuple),
    closing=st.just("Told by orgsync."),
)


@given(LETTERS)
def test_every_letter_fits_into_what_each_robot_takes(letter: Letter) -> None:
    assert len(msgspec.json.encode(dingtalk_robot.write(letter, "SEC", 1.0).body)) <= 20_000
    assert len(msgspec.json.encode(feishu_robot.write(letter, "secret", 1.0).body)) <= 20_000
    assert len(str(wecom_robot.write(letter, "", 1.0).body["markdown"]["content"]).encode()) <= 4096
    plain_json.write(letter, "secret", 1.0)


def test_fewer_entries_rather_than_half_ones() -> None:
    letter = Letter("k", "three", tuple(Entry(f"{number}", ("x" * 100,)) for number in range(3)))
    kept = fit(letter, lambda shorter: len(write_plain(shorter)), 240)
    assert write_plain(kept) == f"0\n{'x' * 100}\n\n1\n{'x' * 100}\n\n… and 1 more"


@pytest.mark.parametrize(
    ("text", "characters", "expected"), [("ab", 2, "ab"), ("abc", 2, "a…"), ("字字字字", 3, "字字…"), ("a b c", 3, "a…")]
)
def test_cut_says_that_something_is_missing(text: str, characters: int, expected: str) -> None:
    assert cut(text, characters) == expected


def test_only_addresses_of_the_web_are_links() -> None:
    assert [Entry("x", link=link).web_link for link in ("javascript:alert(1)", "/plugin/organization", "https://a.example")] == [
        "",
        "",
        "https://a.example",
    ]
