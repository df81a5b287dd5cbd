"""What stands in one value costs that value on every platform: all else is loaded, the last known value stays, and it is told."""

from __future__ import annotations

from typing import Any

import pytest

from orgsync.errors import IncompleteSnapshotError
from orgsync.sync.lookups import list_quarantine
from tests.integration.world import World

# A raw field of a person that tells a number or a day, and the column that is made of it.
NUMBERS = {
    "dingtalk": ("hired_date", "select user_id, hired_on from org.users"),
    "wecom": ("main_department", "select user_id, main_department_id from org.users"),
    "feishu": ("join_time", "select user_id, hired_on from org.users"),
}
KEYS = {"dingtalk": "userid", "wecom": "userid", "feishu": "user_id"}
REPLACEMENT = "\ufffd"


def break_value(world: World, key: str, value: str) -> None:
    """In the first row of the first list of people from now on; of others nothing is broken any more."""
    world.control("DELETE", "faults")
    world.control("POST", "faults", {"kind": "broken_value", "interface": "people", "key": key, "value": value, "calls": [1]})


def column(world: World, name: str) -> dict[str, Any]:
    return dict(world.query(f"select user_id, {name} from org.users"))


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    assert before.keys() == after.keys()
    return [key for key in before if before[key] != after[key]]


@pytest.mark.parametrize("value", ["control", "cut_character", "bad_escape"])
def test_name_is_loaded_with_what_could_not_be_read_replaced(any_world: World, value: str) -> None:
    any_world.sync()
    before = column(any_world, "name")
    break_value(any_world, "name", value)
    any_world.sync()
    after = column(any_world, "name")
    [damaged] = differing(before, after)
    assert after[damaged].startswith(before[damaged][0] + REPLACEMENT)
    assert list_quarantine(any_world.settings, "acme") == []
    told = "select suite, column_name, unexpected_count from ops.expectation_result where not is_success"
    assert any_world.query(told) == [("users", "name", 1)]


def test_last_known_value_stays_where_one_cannot_be_read(any_world: World) -> None:
    """Numbers and days that are none, and values by which people are found; the row's other values are loaded."""
    raw, statement = NUMBERS[any_world.platform]
    any_world.sync()
    before, mobiles, history = dict(any_world.query(statement)), column(any_world, "mobile"), any_world.history()
    for key, value in ((raw, "not_a_number"), (raw, "long_number"), ("mobile", "latin1")):
        break_value(any_world, key, value)
        assert any_world.sync()["outcome"] == "unchanged"
        listed = list_quarantine(any_world.settings, "acme")
        assert [row["rules"] for row in listed if row["entity"] == "user"] == ["unread_value"]
        assert all("its last known value stays" in row["reasons"] for row in listed)
        counts = "select counts -> 'unread_values', counts -> 'quarantined' from ops.snapshot order by taken_at desc limit 1"
        assert any_world.query(counts) == [(len(listed), 0)]
    assert (dict(any_world.query(statement)), column(any_world, "mobile"), any_world.history()) == (before, mobiles, history)
    any_world.control("DELETE", "faults")
    any_world.sync()
    assert list_quarantine(any_world.settings, "acme") == []


def test_person_whose_id_cannot_be_read_has_not_left(any_world: World) -> None:
    any_world.sync()
    before = any_world.history()
    break_value(any_world, KEYS[any_world.platform], "tab")
    with pytest.raises(IncompleteSnapshotError):
        any_world.sync()
    assert any_world.history() == before
