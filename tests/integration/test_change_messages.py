"""Changes of the organization are told where a tenant wants it: each once, and never of what a replay loads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orgsync import sending
from orgsync.change_rules import ChangeRule
from orgsync.errors import ConfigurationError
from orgsync.pipeline import replay
from tests.integration.office import Office, open_office
from tests.integration.world import World

JOINED = ChangeRule("joined", ("joined",), everyone=True, most=1000)


@pytest.fixture
def telling(world: World) -> Office:
    office = open_office(world)
    office.tenant = replace(office.tenant, change_messages=(JOINED,))
    return office


def evolve(office: Office) -> set[str]:
    """Let time pass and sync; returns who joined."""
    before = set(office.people())
    office.world.control("POST", "evolve", {"rate": 0.3})
    office.world.sync()
    return set(office.people()) - before


def told(office: Office) -> list[str]:
    return [title for (title,) in office.world.query("select body from notify.message order by message_id")]


def test_nothing_is_told_unless_a_tenant_wants_it(dingtalk_office: Office) -> None:
    assert evolve(dingtalk_office)
    dingtalk_office.push()
    assert told(dingtalk_office) == []


def test_who_joined_is_told_once_to_those_who_want_to_know(telling: Office) -> None:
    joined = evolve(telling)
    names = {name for (name,) in telling.world.query("select name from org.users where user_id = any (%s)", list(joined))}
    telling.push()
    telling.push()
    bodies = told(telling)
    assert len(bodies) == len(joined) > 0
    assert all(any(name in body for body in bodies) for name in names)
    assert len(telling.calls()) == len(joined)
    [(keys,)] = telling.world.query(
        "select count(*) from notify.message where dedupe_key like 'change:%%:joined' and source = 'org.change'"
    )
    assert keys == len(joined)


def test_the_first_sync_is_no_news(telling: Office) -> None:
    """Everybody has joined in it."""
    telling.push()
    assert told(telling) == []


def test_a_replay_tells_nothing(telling: Office) -> None:
    joined = evolve(telling)
    telling.push()
    now = datetime.now(UTC)
    telling.world.query("delete from org.user_version where user_id = any (%s)", list(joined))
    replay(telling.world.make_run(), after=now - timedelta(hours=1), until=now)
    assert set(telling.people()) >= joined
    telling.push()
    assert len(told(telling)) == len(joined)


def test_a_reorganization_is_no_news_about_a_person(telling: Office) -> None:
    telling.tenant = replace(telling.tenant, change_messages=(replace(JOINED, most=1),))
    assert len(evolve(telling)) > 1
    telling.push()
    assert told(telling) == []
    assert telling.world.query("select messages from notify.announced_plan") == [(0,)]


@pytest.mark.parametrize(
    ("rule", "words"),
    [(replace(JOINED, template="lost"), "lost"), (replace(JOINED, everyone=False, departments=("404",)), "no department 404")],
    ids=["template", "audience"],
)
def test_a_rule_that_is_wrong_is_told_and_holds_no_other_tenant(telling: Office, rule: ChangeRule, words: str) -> None:
    evolve(telling)
    telling.tenant = replace(telling.tenant, change_messages=(rule,))
    assert sending.find_due(telling.world.settings, [telling.tenant], now=telling.clock()) == ["acme"]
    with pytest.raises(ConfigurationError, match=words):
        telling.push()
    assert telling.world.query("select count(*) from notify.announced_plan") == [(0,)]
