"""A company on WeCom whose list of everybody is later than a call may take: read in parts, the next time from the beginning."""

from __future__ import annotations

from collections import Counter

import pytest

from orgsync.landing.zone import read_answers, read_manifest
from tests.integration.test_recognizing import last_told, was_recognized
from tests.integration.world import World, set_platform, world_on

SECONDS = 2.0
BYTES_PER_SECOND = 75_000  # all 300 people are 208 kB, the largest part of them 114


@pytest.fixture
def slow(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    world.sandbox.control("POST", "wecom/organization", {"people": 300, "seed": 7})
    world.sandbox.control("PUT", "wecom/settings", {"bytes_per_second": BYTES_PER_SECOND})
    found = world_on(world, monkeypatch, "wecom")
    set_platform(monkeypatch, world.sandbox, "wecom", extra={"request_timeout_seconds": SECONDS})
    return found


def lists(world: World) -> tuple[int, int]:
    """How many lists of people the newest run was answered, and how many it had to ask for otherwise."""
    calls = read_manifest(newest(world)).calls["user/list"]
    return calls["read"], calls["retried"]


def newest(world: World) -> str:
    return f"file://{world.landed()[-1]}"


def covered(world: World) -> Counter[str]:
    answers = read_answers(newest(world), read_manifest(newest(world)), "users")
    return Counter(f"{answer.params['department_id']}{'+' * answer.params['fetch_child']}" for answer in answers)


def people(world: World) -> set[str]:
    return {user_id for (user_id,) in world.query("select user_id from org.users")}


def test_whole_company_is_loaded_and_the_next_read_knows_its_parts(slow: World) -> None:
    assert slow.sync()["outcome"] == "succeeded"
    assert people(slow) == {each["id"] for each in slow.truth()["users"]}
    assert lists(slow) == (4, 1)
    assert covered(slow) == Counter({"1": 1, "8+": 1, "9+": 1, "13+": 1})
    assert last_told(slow)[2] == "lists, in part subtree by subtree"
    slow.sync()
    assert lists(slow) == (4, 0)
    assert was_recognized(slow)
    slow.control("POST", "evolve", {"rate": 0.05})
    slow.sync(mode="frequent")
    assert lists(slow)[1] == 0
    assert people(slow) == {each["id"] for each in slow.truth()["users"]}


def test_company_that_is_fast_again_is_read_whole_and_nothing_changes(slow: World) -> None:
    slow.sync()
    history = slow.history()
    slow.control("PUT", "settings", {"bytes_per_second": 0})
    ways = []
    for _ in range(4):
        assert slow.sync()["history_rows"] == 0
        ways.append((lists(slow), was_recognized(slow)))
    assert ways == [((4, 0), True), ((1, 0), False), ((1, 0), True), ((1, 0), True)]
    assert slow.history() == history
