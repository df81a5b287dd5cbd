"""Whom a message would reach is known before it is sent, and departments are asked for as people call them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orgsync.errors import ConfigurationError
from orgsync.outbox import sending
from orgsync.outbox.queueing import Audience, Message
from orgsync.platforms.sending.messages import Content
from tests.integration.office import Office
from tests.integration.world import Command, World


def reach(office: Office, **audience: Any) -> Any:
    return sending.measure_reach(office.world.settings, office.tenant, Message(Content("text", "", "b"), Audience(**audience)))


def test_preview_counts_as_the_sending_does_and_leaves_nothing(dingtalk_office: Office) -> None:
    office = dingtalk_office
    one, gone, *_ = office.people()
    office.world.query("update org.user_version set status = 'resigned' where user_id = %s and valid_to is null", gone)
    office.world.query(
        "insert into notify.audience_query values ('acme', 'some', %s)", f"select unnest(array['{one}', 'x'])::text as user_id"
    )
    department = office.departments()[0]
    assert reach(office, everyone=True).people == len(office.people()) - 1
    assert reach(office, departments=[department]).people == len(office.below(department) - {gone})
    found = reach(office, users=[one, gone, "nobody"])
    assert (found.people, found.unknown, found.resigned) == (1, ["nobody"], [gone])
    found = reach(office, query="some")
    assert (found.people, found.strangers) == (1, 1)
    assert office.world.query("select (select count(*) from notify.message), (select count(*) from notify.recipient)") == [(0, 0)]


def test_departments_are_found_by_id_name_and_path(dingtalk_office: Office) -> None:
    office = dingtalk_office
    (first, path), (second, _), (third, _) = office.world.query(
        "select department_id, path_names from org.department_tree where depth = 2 order by 1 limit 3"
    )
    change = "update org.department_version set name = %s where department_id = any (%s)"
    office.world.query(change, "同名", [first, second])
    office.world.query("update org.department_version set parent_id = %s where department_id = %s", third, second)
    office.world.query(change, first, [third])  # named as another's id
    path = "/".join([*path[:-1], "同名"])
    for text in (first, path, f" {path.replace('/', ' / ')} "):
        message = sending.enqueue(office.world.settings, office.tenant, Message(Content("text", "", text), Audience(departments=[text])))
        assert office.world.query("select audience from notify.message where message_id = %s", message) == [({"departments": [first]},)]
    with pytest.raises(ConfigurationError, match=r"department '同名' of tenant acme may be any of: .*Give the id") as asked:
        reach(office, departments=["同名"])
    for each in (f"(id {first})", f"(id {second})", path):
        assert each in str(asked.value)
    with pytest.raises(ConfigurationError, match=r"no department 无此部门; give its id, its name, or its path"):
        reach(office, departments=["无此部门"])


def test_command_says_how_many_and_who_is_missing(command: Command, world: World) -> None:
    world.sync()
    people = [user_id for (user_id,) in world.query("select user_id from org.users order by 1")]
    hello = ("notify", "acme", "--title", "Hello")
    assert f"Reaches {len(people)} people" in command(*hello, "--everyone", "--preview").stdout
    shown = command(*hello, "--user", people[0], "--user", "gone", "--preview")
    assert "Reaches 1 people" in shown.stdout
    assert "not in the organization: gone" in shown.stdout
    assert json.loads(command(*hello, "--everyone", "--preview", "--json").stdout)["reach"]["people"] == len(people)
    queued = command(*hello, "--user", people[0], "--user", "gone")
    assert (queued.returncode, queued.stderr.strip()) == (0, "not in the organization: gone")
    wrong = command(*hello, "--department", "nowhere", "--preview")
    assert (wrong.returncode, "no department nowhere" in wrong.stderr) == (2, True)
