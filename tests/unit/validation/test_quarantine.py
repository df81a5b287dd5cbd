"""Judging parts a set in two: rows that may be merged, and rows that are named with what they broke."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.frames import FRAMES, Frame, TidySet
from orgsync.validation.quarantine import FINDING_COLUMNS, Verdict, judge
from tests.unit.validation.company import SOUND_DEPARTMENTS, SOUND_MEMBERSHIPS, SOUND_USERS, company, department, membership, user


def findings_of(verdict: Verdict) -> set[tuple[str, str | None, str | None, str]]:
    found = verdict.findings.astype(object).where(verdict.findings.notna(), None)
    return set(found[["entity", "user_id", "department_id", "rule"]].itertuples(index=False, name=None))


def keys_of(frame: Frame, rows: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Keys as a finding shows them: None where missing, U+FFFD for what PostgreSQL cannot store."""
    keys = rows[list(frame.key)].astype(object).where(rows[list(frame.key)].notna(), None)
    return [tuple(part and part.replace("\x00", "\ufffd") for part in key) for key in keys.itertuples(index=False, name=None)]


def test_sound_company_is_all_good() -> None:
    tidy = company()
    verdict = judge(tidy)
    assert verdict.findings.empty
    assert list(verdict.findings.columns) == FINDING_COLUMNS
    for frame in FRAMES:
        pd.testing.assert_frame_equal(verdict.tidy.frame(frame.name), tidy.frame(frame.name))


def test_empty_company_is_all_good() -> None:
    verdict = judge(company([], [], []))
    assert verdict.findings.empty
    assert verdict.results == ()
    assert [len(verdict.tidy.frame(frame.name)) for frame in FRAMES] == [0, 0, 0]


@pytest.mark.parametrize("left_out", ["departments", "users", "memberships"])
def test_company_with_one_empty_table_is_judged(left_out: str) -> None:
    verdict = judge(company(**{left_out: []}))
    assert [len(verdict.tidy.frame(frame.name)) for frame in FRAMES].count(0) >= 1


def test_bad_row_costs_that_row_and_what_belongs_to_it() -> None:
    tidy = company(
        [*SOUND_DEPARTMENTS, department("4", "99")],
        [*SOUND_USERS, user("cyd", mobile="unknown")],
        [*SOUND_MEMBERSHIPS, membership("cyd", "1"), membership("bob", "4"), membership("cyd", "4")],
    )
    verdict = judge(tidy)
    assert findings_of(verdict) == {
        ("department", None, "4", "orphan"),
        ("user", "cyd", None, "malformed_value"),
        ("membership", "cyd", "1", "quarantined_user"),
        ("membership", "bob", "4", "quarantined_department"),
        ("membership", "cyd", "4", "quarantined_user"),
        ("membership", "cyd", "4", "quarantined_department"),
    }
    assert list(verdict.tidy.departments["department_id"]) == ["1", "2", "3"]
    assert list(verdict.tidy.users["user_id"]) == ["ann", "bob"]
    assert len(verdict.tidy.memberships) == len(SOUND_MEMBERSHIPS)


def test_both_rows_of_a_contradiction_go() -> None:
    verdict = judge(
        company(users=[*SOUND_USERS, user("ann", name="another")], memberships=[membership("bob", "3")], departments=[department("3")])
    )
    assert findings_of(verdict) == {("user", "ann", None, "duplicate_id")}
    assert len(verdict.findings) == 2
    assert list(verdict.tidy.users["user_id"]) == ["bob"]


def test_row_that_breaks_several_rules_is_listed_with_each() -> None:
    verdict = judge(company(users=[*SOUND_USERS, user("cyd", name=None, email="?", status="fired")]))
    assert findings_of(verdict) == {("user", "cyd", None, rule) for rule in ("missing_value", "malformed_value", "unknown_value")}


def test_row_without_a_key_is_counted() -> None:
    verdict = judge(company(users=[*SOUND_USERS, user(None), user(None)]))
    assert findings_of(verdict) == {("user", None, None, "missing_value")}
    assert len(verdict.findings) == 2


def test_subtree_below_a_cycle_stays() -> None:
    departments = [department("1"), department("2", "3"), department("3", "2"), department("4", "3"), department("5", "4")]
    verdict = judge(company(departments, SOUND_USERS, [membership("ann", "5")]))
    assert list(verdict.tidy.departments["department_id"]) == ["1", "4", "5"]
    assert list(verdict.tidy.memberships["department_id"]) == ["5"]


def test_key_with_a_nul_is_shown_with_a_substitute() -> None:
    verdict = judge(company(users=[*SOUND_USERS, user("c\x00d")], memberships=[*SOUND_MEMBERSHIPS, membership("c\x00d", "1")]))
    assert {(entity, user_id) for entity, user_id, _, _ in findings_of(verdict)} == {("user", "c\ufffdd"), ("membership", "c\ufffdd")}


def test_findings_say_why_and_never_the_value() -> None:
    secret = "not-a-phone-8d1f"
    verdict = judge(company(users=[user("ann", mobile=secret, email=secret, status=secret, gender=secret, name=f"{secret}\x00")]))
    assert not verdict.findings.empty
    assert secret not in verdict.findings.to_csv()
    assert secret not in repr(verdict.results)
    assert verdict.findings["reason"].str.len().gt(10).all()


def test_what_is_not_observed_is_carried_on() -> None:
    unobserved, withheld = {"user": frozenset({"mobile", "email"})}, {"user": frozenset({"mobile"})}
    sound = company()
    verdict = judge(TidySet(sound.departments, sound.users.assign(mobile=None, email=None), sound.memberships, unobserved, withheld))
    assert verdict.findings.empty
    assert (verdict.tidy.unobserved, verdict.tidy.withheld) == (unobserved, withheld)


@pytest.mark.parametrize("index", [[5, 9, 2], [0, 0, 0], ["c", "b", "a"]], ids=["shuffled", "all the same", "texts"])
def test_index_of_the_frames_does_not_matter(index: list[Any]) -> None:
    plain = company(
        departments=[department("1"), department("2", "2"), department("3", "9")],
        users=[user("ann"), user("bob", status="?"), user("cyd")],
        memberships=[membership("ann", "1"), membership("bob", "1"), membership("cyd", "2")],
    )
    odd = TidySet(*(plain.frame(frame.name).set_axis(index) for frame in FRAMES))
    expected, verdict = judge(plain), judge(odd)
    pd.testing.assert_frame_equal(verdict.findings, expected.findings)
    for frame in FRAMES:
        pd.testing.assert_frame_equal(verdict.tidy.frame(frame.name), expected.tidy.frame(frame.name))


def test_input_is_left_as_it_was() -> None:
    tidy = company(users=[user("ann", status="?"), user("bob")])
    before = {frame.name: tidy.frame(frame.name).copy() for frame in FRAMES}
    judge(tidy)
    for frame in FRAMES:
        pd.testing.assert_frame_equal(tidy.frame(frame.name), before[frame.name])


PEOPLE = st.sampled_from(["ann", "bob", "cyd", "d\x00d", None])
PLACES = st.sampled_from(["1", "2", "3", "4", None])
ODD_TEXT = st.sampled_from([None, "fine", "\x00", "👩‍👩‍👧", "\r\n", "13800000000", "a@b"])
COMPANIES = st.builds(
    company,
    st.lists(
        st.builds(
            department,
            PLACES,
            PLACES,
            name=ODD_TEXT,
            leader_user_ids=st.none() | st.lists(st.sampled_from(["ann", "bob", "x\x00"]), max_size=2),
            attributes=st.sampled_from([None, {}, {"a": ["\x00"]}]),
        ),
        max_size=6,
    ),
    st.lists(
        st.builds(user, PEOPLE, name=ODD_TEXT, mobile=ODD_TEXT, email=ODD_TEXT, status=st.sampled_from(["active", "fired", None])),
        max_size=6,
    ),
    st.lists(st.builds(membership, PEOPLE, PLACES, is_main=st.sampled_from([True, False, None]), title=ODD_TEXT), max_size=6),
)


@settings(max_examples=30, deadline=None)
@given(COMPANIES)
def test_every_row_is_either_good_or_found(tidy: TidySet) -> None:
    verdict = judge(tidy)
    found = verdict.findings.astype(object).where(verdict.findings.notna(), None)
    for frame in FRAMES:
        given_keys = Counter(keys_of(frame, tidy.frame(frame.name)))
        good = Counter(keys_of(frame, verdict.tidy.frame(frame.name)))
        bad = set(found.loc[found["entity"] == frame.name, list(frame.key)].itertuples(index=False, name=None))
        assert set(good) | bad == set(given_keys)
        assert not set(good) & bad
        assert all(good[key] == given_keys[key] == 1 for key in good)


@settings(max_examples=15, deadline=None)
@given(COMPANIES)
def test_good_rows_are_good_again_unless_what_they_hung_on_is_gone(tidy: TidySet) -> None:
    """Rules that need only the row itself find nothing in what was let through."""
    of_the_row = {"missing_value", "nul_character", "duplicate_id", "malformed_value", "unknown_value", "several_main_departments", "cycle"}
    assert not set(judge(judge(tidy).tidy).findings["rule"]) & of_the_row
