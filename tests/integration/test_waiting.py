"""Whatever waits says what it waits for, so that somebody can do something about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest

from orgsync.errors import ConfigurationError
from orgsync.outbox import sending
from orgsync.tenants import BrokenStanza, Stanzas
from orgsync.tenants.nodes import Mistake
from tests.integration.office import Office
from tests.integration.world import World, set_platform

NEXT_RUN = "it goes with the next run of the DAG org_notify, unless that is paused, or with `orgsync push`"


def reason(office: Office, message: int) -> str:
    return str(office.message(message)["reason"])


def test_what_may_go_waits_for_a_run_and_what_may_not_for_its_time(dingtalk_office: Office) -> None:
    office = dingtalk_office
    [(now,)] = office.world.query("select now()")
    now_due, later = office.enqueue(body="现在"), office.enqueue(body="以后", not_before=now + timedelta(days=40))
    assert reason(office, now_due) == NEXT_RUN
    assert sending.list_due(office.world.settings) == ["acme"]
    office.push()
    assert sending.list_due(office.world.settings) == [], "only what waits for its time is left"
    at = f"{now + timedelta(days=40):%Y-%m-%d %H:%M} UTC"
    assert reason(office, later) == f"it goes after {at}, with a run of the DAG org_notify or `orgsync push`"


def test_a_tenant_that_is_gone_from_the_file_refuses_and_tells_what_waits(dingtalk_office: Office) -> None:
    office = dingtalk_office
    message = office.enqueue(body="等")
    others = Stanzas((replace(office.tenant, id="beta"),))  # a file without any tenant is taken for a mistake
    sending.make_known(office.world.settings, others)
    assert "is not in the tenants file any more: put its stanza back" in reason(office, message)
    with pytest.raises(psycopg2.Error, match="'acme' is not in the tenants file any more") as refused:
        office.enqueue(body="迟")
    assert refused.value.pgcode == "NT001"
    assert sending.find_due(office.world.settings, others, clock=office.clock) == []
    assert sending.list_due(office.world.settings) == [], "or it would wake org_notify each minute for nothing"
    assert sending.find_due(office.world.settings, Stanzas((office.tenant,)), clock=office.clock) == ["acme"]
    assert reason(office, message) == NEXT_RUN
    office.push()
    assert office.state(message) == "sent"
    office.enqueue(body="又")


def test_a_tenant_whose_connection_is_wrong_takes_messages_and_says_why_they_wait(
    dingtalk_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = dingtalk_office
    before = office.enqueue(body="之前")
    monkeypatch.delenv("AIRFLOW_CONN_ACME_DINGTALK")
    with pytest.raises(ConfigurationError, match="acme_dingtalk"):
        office.push()
    after = office.enqueue(body="之后")
    for message in (before, after):
        assert reason(office, message).startswith("tenant acme cannot send now: there is no Airflow connection 'acme_dingtalk'")
    set_platform(monkeypatch, office.world.sandbox)
    sending.find_due(office.world.settings, Stanzas((office.tenant,)), clock=office.clock)
    assert [reason(office, message) for message in (before, after)] == [NEXT_RUN] * 2
    office.push()
    assert [office.state(message) for message in (before, after)] == ["sent"] * 2


BROKEN = BrokenStanza((Mistake(Path("tenants.yaml"), 4, "there is no timezone 'Asia/Peking'"),), "acme")
NAMELESS = BrokenStanza((Mistake(Path("tenants.yaml"), 7, "a tenant needs `id`"),))


def test_a_tenant_whose_stanza_is_wrong_is_not_gone(dingtalk_office: Office) -> None:
    """What waits for it waits on and says why, and more may be queued, until the stanza is mended."""
    office, settings = dingtalk_office, dingtalk_office.world.settings
    before = office.enqueue(body="之前")
    assert sending.find_due(settings, Stanzas((), (BROKEN,)), clock=office.clock) == ["acme"], "its push says what is wrong"
    after = office.enqueue(body="之后")
    for message in (before, after):
        said = "tenant acme cannot send now: its stanza is wrong: tenants.yaml, line 4: there is no timezone 'Asia/Peking'"
        assert (office.state(message), reason(office, message)) == ("pending", said)
    sending.make_known(settings, Stanzas((office.tenant,)))
    assert [reason(office, message) for message in (before, after)] == [NEXT_RUN] * 2
    office.push()
    assert [office.state(message) for message in (before, after)] == ["sent"] * 2


def test_while_a_stanza_has_no_id_nobody_counts_as_gone(dingtalk_office: Office) -> None:
    office, settings = dingtalk_office, dingtalk_office.world.settings
    message = office.enqueue(body="等")
    sending.make_known(settings, Stanzas((), (NAMELESS,)))
    assert reason(office, message) == NEXT_RUN
    office.enqueue(body="又")


def test_a_new_tenant_is_known_after_its_first_sync(world: World) -> None:
    world.sync()
    assert world.query("select tenant_id, platform, problem, retired_at from notify.channel") == [("acme", "dingtalk", None, None)]
    assert world.query("select notify.enqueue('acme', 'text', body => 'b', audience => '{\"everyone\": true}')") == [(1,)]
