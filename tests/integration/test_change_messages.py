"""Changes of the organization are told where a tenant wants it: each once, and never of what a replay loads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.outbox import sending
from orgsync.sync.replaying import replay
from orgsync.tenants import Stanzas
from orgsync.tenants.stanza import ChangeRule
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


WRONG = {
    "template": (replace(JOINED, template="lost"), "changes are not told with template 'lost'.*there are"),
    "variables": (replace(JOINED, template="todo"), "template 'todo' needs what, link, and a change tells only kind, user_id"),
    "department": (replace(JOINED, everyone=False, departments=("404",)), "with template 'joined': tenant acme has no department 404"),
    "audience": (replace(JOINED, everyone=False, query="lost"), "with template 'joined': tenant acme has no saved audience 'lost'"),
}


def test_a_rule_that_is_wrong_is_named_and_holds_nothing_else(telling: Office) -> None:
    """Neither another tenant, nor other messages of its own, nor those of another rule; when it is mended it tells what it owes."""
    joined = evolve(telling)
    for rule, words in WRONG.values():
        telling.tenant = replace(telling.tenant, change_messages=(rule, JOINED))
        other = telling.enqueue(body="其他消息")
        assert sending.find_due(telling.world.settings, Stanzas((telling.tenant,)), clock=telling.clock) == ["acme"]
        with pytest.raises(ConfigurationError, match=words):
            telling.push()
        assert telling.state(other) in ("claimed", "sent")
        assert len([text for text in told(telling) if text != "其他消息"]) == len(joined)
        assert telling.world.query("select count(*) from notify.announced_plan") == [(0,)]
    telling.tenant = replace(telling.tenant, change_messages=(JOINED,))
    telling.push()
    assert telling.world.query("select messages, problems from notify.announced_plan") == [(len(joined), [])]


def test_a_change_that_makes_no_message_holds_no_other_and_is_kept(telling: Office, tmp_path: Path) -> None:
    joined = sorted(evolve(telling))
    templates = tmp_path / "messages"
    templates.mkdir()
    unlucky = f"{{% if user_id == '{joined[0]}' %}}{{{{ 1 // 0 }}}}{{% endif %}}"
    (templates / "joined.yaml").write_text(
        f'kind: text\ntitle: "{{{{ name }}}}"\nbody: "x{unlucky}"\nvariables: {{name: who, user_id: id}}\n', encoding="utf-8"
    )
    world = replace(telling.world, settings=replace(telling.world.settings, templates_folder=templates))
    replace(telling, world=world).push()
    assert len(told(telling)) == len(joined) - 1 > 0
    [(messages, problems)] = telling.world.query("select messages, problems from notify.announced_plan")
    assert messages == len(joined) - 1
    assert [problem for problem in problems if "with template joined: template 'joined' cannot be filled" in problem] == problems != []
