"""By what somebody is found: what others have as well, or what is short, is told apart by its place alone."""

from __future__ import annotations

import pytest

from orgsync.removal.identity import hash_subject, identify, is_distinctive, list_candidates


@pytest.mark.parametrize(
    ("value", "is_so"), [("1", False), ("李", False), ("王芳", False), ("欧阳娜", True), ("li.si", False), ("li.si7", True)]
)
def test_short_values_are_told_apart_by_their_place_alone(value: str, is_so: bool) -> None:
    assert is_distinctive(value) is is_so


def test_what_others_have_too_is_not_looked_for() -> None:
    known = [("union_id", "union-of-li"), ("name", "李小龙"), ("mobile", "13800000001"), ("email", "shared@c.example")]
    found = identify("li", known, taken={"李小龙", "shared@c.example"})
    assert found.ids == {"li", "union-of-li"}
    assert found.values == ("13800000001", "union-of-li")
    assert found.vague == ("李小龙",)
    assert list_candidates("li", known) == {"union-of-li", "李小龙", "13800000001", "shared@c.example"}


def test_hash_differs_by_salt() -> None:
    assert hash_subject("li", "salt") == hash_subject("li", "salt") != hash_subject("li", "other")
