"""Tenants of one app (two scopes of a company, say) share what the platform allows it, wherever and whenever they run."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from orgsync.errors import BusyAppError
from orgsync.outbox import sending
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.pipeline import sync
from orgsync.sync.run import take_apps_turn
from orgsync.warehouse.claims import take_turn
from orgsync.warehouse.connection import Address
from orgsync.warehouse.hook import find_warehouse
from tests.integration.forks import wait_until
from tests.integration.office import Office, open_office
from tests.integration.test_sending_limits import allow
from tests.integration.world import CLAIM_SECONDS, TENANT, World, set_platform, world_on

PACE = 20


@pytest.fixture
def address(world: World) -> Address:
    return find_warehouse(world.settings)


def tell_app(world: World) -> str:
    """As claims name it."""
    [(app,)] = world.query("select tenant_id from ops.claim where purpose = 'app'")
    return str(app)


def test_tenants_of_one_app_stay_within_its_limit_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.control("POST", "organization", {"people": 60, "departments": 30, "seed": 7})
    set_platform(monkeypatch, world.sandbox, extra={"calls_per_second": PACE})
    world.control("PUT", "settings", {"calls_per_second": PACE})
    tenants = [replace(TENANT, id=name) for name in ("acme", "beta")]
    with ThreadPoolExecutor(len(tenants)) as pool:
        list(pool.map(lambda tenant: extract_snapshot(replace(world.make_run(), tenant=tenant), mode="full"), tenants))
    assert world.query("select count(distinct tenant_id) from ops.snapshot") == [(2,)]
    calls = world.control("GET", "calls")
    assert calls["refusals"] == {}
    assert world.query("select sum((call.value ->> 'throttled')::integer) from ops.sync_run, jsonb_each(calls) as call") == [(0,)]


def test_who_waits_for_the_app_reads_what_is_so_afterwards(world: World, address: Address) -> None:
    world.sync()
    with ThreadPoolExecutor(1) as pool:
        with take_turn(address, tell_app(world), claimed_by="beta/another", seconds=CLAIM_SECONDS):
            waiting = pool.submit(world.sync)
            wait_until(lambda: world.query("select count(*) from ops.sync_run where outcome = 'running'") == [(1,)], "it does not begin")
            wait_until(lambda: world.query("select held_until from ops.claim where purpose = 'read'") != [(None,)], "it takes no claim")
            [(released_at,)] = world.query("select clock_timestamp()")
            assert not waiting.done()
        assert waiting.result()["outcome"] == "unchanged"
    assert world.query("select max(taken_at) > %s from ops.snapshot", released_at) == [(True,)]


def test_tenants_of_another_app_wait_for_nobody(world: World, address: Address) -> None:
    with take_turn(address, "dingtalk 127.0.0.1 another", claimed_by="beta/another", seconds=CLAIM_SECONDS):
        assert world.sync()["outcome"] == "succeeded"


def test_next_one_follows_a_reader_that_was_killed(world: World) -> None:
    world.sync()
    world.query(
        "update ops.claim set held_until = clock_timestamp() + interval '1 second', claimed_by = 'beta/killed' where purpose = 'app'"
    )
    assert world.sync()["outcome"] == "unchanged"


def test_who_may_wait_no_longer_says_so_and_comes_again(address: Address) -> None:
    hurried = replace(address, statement_timeout_seconds=0)
    with (
        take_turn(address, "dingtalk 127.0.0.1 app", claimed_by="acme/run", seconds=CLAIM_SECONDS),
        pytest.raises(BusyAppError, match=r"others were reading by app dingtalk 127\.0\.0\.1 app for as long .*now acme/run on "),
        take_turn(hurried, "dingtalk 127.0.0.1 app", claimed_by="beta/run", seconds=CLAIM_SECONDS),
    ):
        pytest.fail("it read beside the other")


def test_two_apps_of_a_company_on_wecom_count_as_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is how WeCom counts."""
    wecom = world_on(world, monkeypatch, "wecom")
    other = json.loads(os.environ["AIRFLOW_CONN_ACME_WECOM"]) | {"password": "of another app"}
    monkeypatch.setenv("AIRFLOW_CONN_OTHER_WECOM", json.dumps(other))
    for conn_id in ("acme_wecom", "other_wecom"):
        run = wecom.make_run()
        with take_apps_turn(replace(run, tenant=replace(run.tenant, conn_id=conn_id))):
            assert tell_app(world)


# --- sending


def open_second(office: Office) -> Office:
    """Another tenant of the same connection."""
    tenant = replace(office.tenant, id="beta")
    sync(replace(office.world.make_run(), tenant=tenant), mode="full", dry_run=False)
    other = Office(office.world, office.clock, tenant)
    other.push()
    return other


def test_what_one_person_may_get_counts_for_all_tenants_of_the_app(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """30 a minute on WeCom, which drops what is more without a word."""
    first = open_office(world_on(world, monkeypatch, "wecom"))
    second, person = open_second(first), first.people()[0]
    messages = [
        office.enqueue(body=f"{office.tenant.id} {number}", audience={"users": [person]})
        for office in (first, second)
        for number in range(20)
    ]
    for office in (first, second):
        office.push()
    assert len(first.got(person)) == 30
    first.clock.move(minutes=1.1)
    second.push()
    assert (world.sandbox.control("GET", "wecom/inbox/summary")["dropped"], len(first.got(person))) == (0, 40)
    assert {first.state(message) for message in messages} <= {"sent", "delivered"}


def test_quota_of_a_day_is_shared_and_shown_with_each_tenant(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, recipients_per_day=100)
    first = open_office(world)
    second = open_second(first)
    sent, held = (office.enqueue(body=office.tenant.id, audience={"users": first.people()}) for office in (first, second))
    for office in (first, second):
        office.push()
    assert (first.state(sent), second.state(held)) == ("sent", "claimed")
    assert second.message(held)["reason"] == "100 recipients are allowed in a day; 60 were reached"
    assert used_today(first) == {"acme": 60, "beta": 60}


def test_tenants_of_other_connections_count_by_themselves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, recipients_per_day=100)
    first = open_office(world)
    monkeypatch.setenv("AIRFLOW_CONN_BETA", os.environ["AIRFLOW_CONN_ACME_DINGTALK"])
    Office(world, first.clock, replace(first.tenant, id="beta", conn_id="beta")).push()
    first.enqueue(audience={"users": first.people()})
    first.push()
    assert used_today(first) == {"acme": 60, "beta": 0}


def used_today(office: Office) -> dict[str, int]:
    rows = sending.read_quota(office.world.settings, None, clock=office.clock)
    return {row["tenant_id"]: gauge["used"] for row in rows for gauge in row["gauges"] if gauge["name"] == "recipients today"}
