from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.pages.comparison import KINDS, WALKS, Spot
from orgsync.pages.cursors import read_cursor, write_cursor
from orgsync.pages.stream import Place

IDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(st.lists(IDS, max_size=4))
def test_cursor_is_read_as_it_was_written_and_needs_no_quoting(parts: list[str]) -> None:
    text = write_cursor(*parts)
    assert read_cursor(text, parts=len(parts)) == parts
    assert re.fullmatch(r"[\w-]*", text, re.ASCII)


@given(st.text(max_size=50))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of json, of base64, of ours
        read_cursor(text, parts=3)


def test_brackets_within_brackets_are_refused() -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        read_cursor(base64.urlsafe_b64encode(b"[" * 100_000).decode(), parts=1)


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["user", "department"]), IDS)
def test_place_is_read_as_it_was_written(instant: datetime, entity: str, id_: str) -> None:
    place = Place(instant, entity, id_)
    assert Place.read(place.write()) == place


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(list(WALKS)), IDS)
def test_spot_is_read_for_what_its_walk_finds_alone(instant: datetime, walk: str, id_: str) -> None:
    spot = Spot(walk, instant, id_)
    for kind in KINDS:
        if kind in WALKS[walk].finds:
            assert Spot.read(spot.write(), kind) == spot
        else:
            with pytest.raises(ValueError, match="not a spot"):
                Spot.read(spot.write(), kind)


def test_people_come_before_departments_of_the_same_instant() -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC)
    places = [Place(now, "department", "z"), Place(now, "user", "a"), Place(now, "user", "b")]
    assert [place.id for place in sorted(places, reverse=True)] == ["b", "a", "z"]
