"""Each problem of operation, planted as it really arises, is told once, again after a day, and once when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import psycopg2
import pytest

from orgsync.alerts.informing import Channels
from orgsync.alerts.notices import Notice
from orgsync.alerts.outlook import look
from orgsync.alerts.watching import Watched, watch
from orgsync.doctor.examining import examine_tenant
from orgsync.doctor.recording import record_checks
from orgsync.errors import CredentialError, GateError, OrgsyncError, SchemaError, WarehouseUnavailableError
from orgsync.outbox.sending import find_due
from orgsync.sync.housekeeping import clean_tenant
from orgsync.tenants import Stanzas
from orgsync.tenants.events import Events
from tests.integration.office import Office
from tests.integration.world import TENANT, TENANTS, World, set_platform, set_warehouse

MINUTES = timedelta(minutes=1)
NUMBERS = count()


@dataclass
class Sink:
    """A channel that keeps what it is told."""

    name: str = "webhook:sink"
    heard: list[tuple[str, str, str, str]] = field(default_factory=list)
    calls: int = 0
    fails: bool = False
    dies: bool = False

    def tell(self, notices: Sequence[Notice]) -> None:
        if self.fails:
            raise WarehouseUnavailableError("nobody answers at the sink; look whether it runs")
        self.calls += 1
        self.heard += [(each.event, each.problem.tenant_id, each.problem.kind, each.problem.subject) for each in notices]
        if self.dies:
            raise KeyboardInterrupt  # as a process ends that is told to: nothing after this is done

    def take(self) -> list[tuple[str, str, str]]:
        """What was told since, without subjects."""
        taken, self.heard = self.heard, []
        return [(event, tenant_id, kind) for event, tenant_id, kind, _ in taken]


@dataclass
class TextMemory:
    text: str = ""

    def read(self) -> str:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


@dataclass
class Tower:
    """Somebody who watches a world, at a time that the test moves."""

    world: World
    sink: Sink = field(default_factory=Sink)
    memory: TextMemory = field(default_factory=TextMemory)
    ahead: timedelta = timedelta(0)
    channels: Channels | None = None

    def now(self, _: object = None) -> datetime:
        return datetime.now(UTC) + self.ahead

    def look(self, *, after: float = 0) -> Watched:
        """After so many minutes. What is not what a test is about is kept from being told."""
        self.ahead += after * MINUTES
        channels = self.channels if self.channels is not None else {"acme": [self.sink], "": [self.sink]}
        return watch(
            self.world.settings,
            memory=self.memory,
            open_channels=lambda *_: channels,
            watched_by=f"watch__{next(NUMBERS)}",
            clock=self.now,
            own_clock=self.now,
        )

    def listen(self) -> list[tuple[str, str, str]]:
        """What is told of what there is now, once it has been there for a while."""
        self.look()
        self.look(after=10)
        return self.sink.take()

    def listen_after(self) -> list[tuple[str, str, str]]:
        """What is told of what is gone now."""
        self.look()
        self.look(after=240)
        return self.sink.take()


@pytest.fixture
def tower(world: World) -> Tower:
    return make_tower(world)


def make_tower(world: World, ahead: timedelta = timedelta(0)) -> Tower:
    world.settings.tenants_file.write_text(TENANTS.replace("dingtalk", world.platform), encoding="utf-8")
    keep_parts_at_work(world)
    return Tower(world, ahead=ahead)


def keep_parts_at_work(world: World) -> None:
    """For as long as a test has: what they do is another's."""
    for part in ("housekeeping", "doctor", "notify"):
        world.query("insert into ops.heartbeat values ('', %s, now(), now() + interval '90 days')", part)


def fail_to_sync(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, world.sandbox, password="not-the-secret")
    with pytest.raises(CredentialError):
        world.sync()
    set_platform(monkeypatch, world.sandbox)


def test_where_all_is_well_nothing_is_told(tower: Tower) -> None:
    tower.world.sync()
    assert tower.listen() == []
    assert tower.world.query("select count(*) from ops.problem") == [(0,)]


def test_failed_sync_is_told_once_again_after_a_day_and_when_it_is_over(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_sync(tower.world, monkeypatch)
    assert tower.listen() == [("new", "acme", "failed")]
    assert [tower.look(after=5).told for _ in range(20)] == [{}] * 20
    assert tower.look(after=24 * 60 - 100).told == {"still": 1}
    tower.sink.take()
    tower.world.sync(now=tower.now())
    assert tower.listen_after() == [("over", "acme", "failed")]
    assert tower.listen_after() == []


def test_sync_that_succeeds_when_it_is_tried_again_is_not_told(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_sync(tower.world, monkeypatch)
    tower.look()
    tower.world.sync()
    assert tower.listen_after() == []


def test_run_that_failed_because_another_was_at_it_is_no_problem(tower: Tower) -> None:
    tower.world.sync()
    failed = "insert into ops.sync_run (tenant_id, run_id, platform, run_type, outcome, error, started_at, finished_at) "
    times = "values ('acme', 'second', 'dingtalk', 'cli', 'failed', 'busy', now() + interval '1 s', %s)"
    tower.world.query(failed + times, datetime.now(UTC) - timedelta(hours=1))
    assert tower.listen() == []


def test_tenant_without_a_good_sync_for_a_day_is_stale(tower: Tower) -> None:
    tower.world.sync(now=datetime.now(UTC) - timedelta(days=3))
    assert tower.listen() == [("new", "acme", "stale")]
    tower.world.sync()
    assert tower.listen_after() == [("over", "acme", "stale")]


def test_tenant_that_never_succeeded_is_stale_too(tower: Tower) -> None:
    tower.look()
    tower.world.query("update ops.heartbeat set first_at = now() - interval '2 days' where tenant_id = 'acme'")
    assert tower.listen() == [("new", "acme", "stale")]
    [(reason,)] = tower.world.query("select reason from ops.problem")
    assert "no sync has succeeded since" in reason


def test_plan_that_waits_is_told_with_its_page(tower: Tower) -> None:
    tower.world.sync()
    tower.world.control("POST", "evolve", {"left": 30})
    with pytest.raises(GateError):
        tower.world.sync()
    assert tower.listen() == [("new", "acme", "waiting")]
    [(plan_id,)] = tower.world.query("select max(plan_id) from ops.plan")
    assert tower.world.query("select subject, link like %s from ops.problem", f"%/organization/acme/plans/{plan_id}") == [
        (str(plan_id), True)
    ]


@pytest.mark.by_turns
def test_fields_that_the_platform_withholds_are_told(any_world: World) -> None:
    tower = make_tower(any_world)
    any_world.sync()
    given = any_world.control("GET", "settings")["field_permissions"]
    kept = [each for each in given if not any(word in each.lower() for word in ("mobile", "phone"))]
    any_world.control("PUT", "settings", {"field_permissions": kept})
    any_world.sync()
    assert tower.listen() == [("new", "acme", "withheld")]
    any_world.sync()
    assert tower.listen() == [], "it is still so, and was told"
    any_world.control("PUT", "settings", {"field_permissions": given})
    any_world.sync()
    assert tower.listen_after() == [("over", "acme", "withheld")]


def test_field_that_was_always_withheld_is_no_news(tower: Tower) -> None:
    tower.world.control("PUT", "settings", {"field_permissions": ["fieldEmail"]})
    tower.world.sync()
    tower.world.sync()
    assert tower.listen() == []


def test_quarantine_that_grew_is_told(tower: Tower) -> None:
    world = tower.world
    world.sync()
    world.control("POST", "faults", {"interface": "people", "kind": "nul_in_name", "calls": [2]})
    world.sync()
    assert tower.listen() == [], "one person"
    world.control("POST", "faults", {"interface": "people", "kind": "nul_in_name", "calls": [2, 3, 4, 5, 6]})
    world.sync()
    assert tower.listen() == [("new", "acme", "quarantine")]


def test_what_the_doctor_found_broken_is_told(tower: Tower) -> None:
    world = tower.world
    world.sync()
    world.control("PUT", "settings", {"app_enabled": False})
    record_checks(world.settings, "acme", examine_tenant(world.settings, "acme"))
    assert tower.listen() == [("new", "acme", "doctor")]
    [(reason, reason_zh)] = world.query("select reason, reason_zh from ops.problem")
    assert reason.startswith("app: ")
    assert reason_zh.startswith("应用：")


def test_messages_that_nobody_sends_are_told(dingtalk_office: Office) -> None:
    tower = make_tower(dingtalk_office.world, dingtalk_office.clock.ahead)
    dingtalk_office.enqueue()
    assert tower.listen() == [("new", "acme", "outbox")]
    dingtalk_office.push()
    assert tower.listen_after() == [("over", "acme", "outbox")]


def test_messages_that_cannot_be_sent_are_told_with_the_reason(dingtalk_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    tower, world = make_tower(dingtalk_office.world, dingtalk_office.clock.ahead), dingtalk_office.world
    dingtalk_office.enqueue()
    set_platform(monkeypatch, world.sandbox, password="not-the-secret")
    for _ in range(4):  # it waits ten minutes each time: it is never due for long
        with pytest.raises(OrgsyncError):
            dingtalk_office.push()
        dingtalk_office.clock.move(minutes=11)
    tower.ahead = dingtalk_office.clock.ahead
    assert tower.listen() == [("new", "acme", "outbox")]
    [(reason,)] = world.query("select reason from ops.problem")
    assert "40096" in reason


def test_message_that_is_to_go_later_is_not_stuck(dingtalk_office: Office) -> None:
    tower = make_tower(dingtalk_office.world, dingtalk_office.clock.ahead)
    dingtalk_office.enqueue(not_before=datetime.now(UTC) + timedelta(days=9))
    assert tower.listen() == []


def test_messages_in_doubt_are_told(dingtalk_office: Office) -> None:
    tower, world = make_tower(dingtalk_office.world, dingtalk_office.clock.ahead), dingtalk_office.world
    dingtalk_office.enqueue()
    dingtalk_office.push()
    world.query("update notify.attempt set outcome = 'unknown' where action = 'send'")
    world.query("update notify.delivery set state = 'dead'")
    assert tower.listen() == [("new", "acme", "outbox")]
    assert world.query("select subject from ops.problem") == [("doubt",)]


def test_quota_that_is_nearly_used_is_told(dingtalk_office: Office) -> None:
    tower, world = make_tower(dingtalk_office.world, dingtalk_office.clock.ahead), dingtalk_office.world
    dingtalk_office.enqueue()
    dingtalk_office.push()
    world.query("update notify.channel set limits = limits || '{\"billable_calls_per_month\": 1000}'")
    world.query("update notify.attempt set calls = 899 where action = 'send'")
    tower.listen()
    assert tower.sink.take() == []
    world.query("update notify.attempt set calls = 950 where action = 'send'")
    assert tower.listen() == [("new", "acme", "quota")]


def test_run_past_its_deadline_is_told_until_a_run_ends(tower: Tower) -> None:
    tower.world.sync()
    tower.world.query("insert into ops.slow_run values ('acme', 'scheduled__1', now())")
    assert tower.listen() == [("new", "acme", "slow")]
    tower.world.sync()
    assert tower.listen_after() == [("over", "acme", "slow")]


def test_events_that_do_not_arrive_are_told_by_the_next_full_read(tower: Tower) -> None:
    world = tower.world
    world.settings.tenants_file.write_text(TENANTS.replace("}", ", events: {receive: http}}"), encoding="utf-8")
    listening = replace(TENANT, events=Events(receive="http"))
    world = replace(world, make_run=lambda: replace(tower.world.make_run(), tenant=listening))
    world.sync()
    world.control("POST", "evolve", {"joined": 4})
    world.sync()
    assert tower.listen() == [("new", "acme", "events")]


def test_read_of_some_people_stands_for_no_sync(tower: Tower) -> None:
    """Else a tenant whose full reads fail would look well for as long as events arrive."""
    world = tower.world
    world.sync(now=datetime.now(UTC) - timedelta(days=3))
    world.query(
        "insert into ops.snapshot (snapshot_id, tenant_id, platform, mode, taken_at, uri, state, loaded_at) "
        "values ('acme/t', 'acme', 'dingtalk', 'targeted', now(), '', 'loaded', now())"
    )
    world.query("update ops.sync_run set outcome = 'failed', error = 'gone', finished_at = now() + interval '1 minute'")
    done = "insert into ops.sync_run (tenant_id, run_id, platform, run_type, mode, outcome, started_at, finished_at) "
    world.query(done + "values ('acme', 't', 'dingtalk', 'asset_triggered', 'targeted', 'succeeded', now(), now())")
    assert sorted(tower.listen()) == [("new", "acme", "failed"), ("new", "acme", "stale")]


@pytest.mark.parametrize(
    ("part", "away"), [("housekeeping", "27 hours"), ("doctor", "27 hours"), ("notify", "2 hours")], ids=lambda value: str(value)
)
def test_part_that_is_switched_off_is_told(tower: Tower, part: str, away: str) -> None:
    world = tower.world
    world.sync()
    world.query("delete from ops.heartbeat")
    clean_tenant(world.settings, TENANT, dry_run=False)
    record_checks(world.settings, "", [])
    find_due(world.settings, Stanzas((TENANT,)))
    assert sorted(world.query("select part from ops.heartbeat")) == [("doctor",), ("housekeeping",), ("notify",)]
    world.query("select notify.enqueue('acme', 'text', 'a', 'b', '', '{\"everyone\": true}', not_before => now() + interval '9 days')")
    assert tower.listen() == []
    world.query("update ops.heartbeat set last_at = now() - %s::interval where part = %s", away, part)
    tower.listen()
    assert world.query("select tenant_id, kind, subject from ops.problem where over_at is null") == [("", "silent", f"org_{part}")]


def test_stanza_that_is_wrong_is_told_and_its_other_problems_stay_as_they_are(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_sync(tower.world, monkeypatch)
    assert tower.listen() == [("new", "acme", "failed")]
    tower.world.settings.tenants_file.write_text(TENANTS.replace("conn_id", "con_id"), encoding="utf-8")
    assert tower.listen() == [("new", "acme", "stanza")]
    assert tower.listen_after() == [], "nobody knows whether it still fails"
    tower.world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    assert tower.listen_after() == [("over", "acme", "stanza")]


def test_tenants_file_that_cannot_be_read_is_told_and_does_not_stop_the_rest(tower: Tower) -> None:
    tower.world.settings.tenants_file.write_text("tenants: [", encoding="utf-8")
    assert tower.listen() == [("new", "", "stanza")]


def test_tenant_that_was_taken_out_of_the_file_has_no_problems_any_more(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_sync(tower.world, monkeypatch)
    tower.listen()
    tower.world.settings.tenants_file.write_text(TENANTS.replace("id: acme,", "id: beta,"), encoding="utf-8")
    tower.look()
    assert tower.world.query("select kind from ops.problem where over_at is null") == []
    assert tower.world.query("select tenant_id from ops.heartbeat where part = 'watch' order by 1") == [("",), ("beta",)]


def test_warehouse_that_does_not_answer_is_told_once_and_when_it_is_back(
    tower: Tower, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    tower.look()
    with monkeypatch.context() as patch:
        set_warehouse(patch, psycopg2.extensions.make_dsn(tower.world.dsn, host="127.0.0.1", port=free_port))
        for minutes in (0, 5, 5, 5):
            with pytest.raises(WarehouseUnavailableError, match="does not take connections"):
                tower.look(after=minutes)
        assert tower.sink.take() == [("new", "", "warehouse")]
        assert [problem.kind for problem in look(tower.world.settings)] == ["warehouse"]
    tower.look()
    assert tower.sink.take() == []
    tower.look(after=31)
    assert tower.sink.take() == [("over", "", "warehouse")]
    assert tower.memory.text == "", "nothing is left to be read each time"


def test_older_schema_is_told_and_so_is_one_that_lacks_the_tables_for_it(tower: Tower) -> None:
    tower.world.query("delete from orgsync.migration where version > 34")
    tower.world.query("drop table ops.alert, ops.problem, ops.heartbeat")
    for minutes in (0, 10):
        with pytest.raises(SchemaError, match="not applied; run `orgsync migrate`"):
            tower.look(after=minutes)
    assert tower.sink.take() == [("new", "", "migrations")]


def test_channel_that_fails_is_tried_again_and_told_by_another(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, works = Sink("mail:it@example.com", fails=True), Sink("webhook:other")
    tower.channels = {"acme": [broken, works], "": [works]}
    fail_to_sync(tower.world, monkeypatch)
    tower.look()
    for _ in range(3):
        with pytest.raises(WarehouseUnavailableError, match="nobody answers at the sink"):
            tower.look(after=10)
    assert works.take() == [("new", "acme", "failed"), ("new", "", "channel")]
    assert tower.world.query("select tries, event, error like 'nobody%%' from ops.alert where channel = %s", broken.name) == [
        (3, None, True)
    ]
    broken.fails = False
    tower.look(after=5)
    assert broken.take() == [("new", "acme", "failed")]
    tower.look(after=5)
    tower.look(after=31)
    assert works.take() == [("over", "", "channel")]


def test_two_who_watch_at_once_tell_once(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_sync(tower.world, monkeypatch)
    tower.look()
    tower.ahead += 10 * MINUTES
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: tower.look(), range(4)))
    assert tower.sink.take() == [("new", "acme", "failed")]
    assert sum(each.told.get("new", 0) for each in done) == 1


def test_whoever_dies_between_telling_and_noting_it_tells_it_twice_and_not_never(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_sync(tower.world, monkeypatch)
    tower.look()
    tower.sink.dies = True
    with pytest.raises(KeyboardInterrupt):
        tower.look(after=10)
    tower.sink.dies = False
    tower.look(after=5)
    assert tower.sink.take() == [("new", "acme", "failed")] * 2
    tower.look(after=5)
    assert tower.sink.take() == []


def test_who_names_no_channel_is_told_nothing_and_the_problem_is_kept(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    tower.channels = {"acme": [], "": []}
    fail_to_sync(tower.world, monkeypatch)
    tower.listen()
    assert tower.world.query("select kind from ops.problem where over_at is null") == [("failed",)]
    assert tower.world.query("select count(*) from ops.alert") == [(0,)]


def test_what_one_channel_has_to_say_of_several_tenants_is_one_message(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> None:
    beta = TENANTS + "  - {id: beta, platform: dingtalk, con_id: b}\n"
    tower.world.settings.tenants_file.write_text(beta, encoding="utf-8")
    tower.channels = {"acme": [tower.sink], "beta": [tower.sink], "": [tower.sink]}
    fail_to_sync(tower.world, monkeypatch)
    assert sorted(tower.listen()) == [("new", "acme", "failed"), ("new", "beta", "stanza")]
    assert tower.sink.calls == 1
