"""A person who is forgotten is nowhere: in no table, in no file; no replay and no rebuild brings them back, and others lose nothing."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from orgsync.errors import ConfigurationError, GateError, OvertakenError
from orgsync.landing.zone import list_snapshots, read_manifest
from orgsync.removal import again, duties, exporting, tenants
from orgsync.removal.forgetting import forget_person, plan_forgetting
from orgsync.removal.records import read_records
from orgsync.sync import validating
from orgsync.sync.deciding import decide_plan
from orgsync.sync.housekeeping import clean_tenant
from orgsync.sync.rebuilding import rebuild
from orgsync.sync.replaying import replay
from orgsync.tenants import read_stanzas
from orgsync.tenants.stanza import Allowance, Budget
from stack.postgres import PostgresServer
from tests.integration.office import Office
from tests.integration.test_following import announce, follow, listening
from tests.integration.test_plan import wecom_by_ids, with_tenant
from tests.integration.test_rebuild import Servant, differences, everything
from tests.integration.world import TENANTS, Command, World

NOW = datetime(2026, 11, 20, 3, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVOLUTION = {"joined": 1, "moved": 3, "renamed": 3, "promoted": 2}
OTHER = "tenants:\n  - {id: beta, platform: wecom, conn_id: acme_wecom}\n"
TABLES = """
    select quote_ident(schemaname) || '.' || quote_ident(tablename)
    from pg_tables
    where schemaname in ('org', 'ops', 'notify', 'stage')
"""


def fill(world: World, *, times: int = 3) -> str:
    """Several snapshots of a company that changes; somebody who manages or leads others leaves before the last. Returns whom."""
    for number in range(times):
        world.sync(now=NOW + number * HOUR)
        world.control("POST", "evolve", EVOLUTION)
    gone = let_boss_leave(world)
    world.sync(now=NOW + times * HOUR)
    return gone


def let_boss_leave(world: World) -> str:
    """The sandbox chooses who leaves: until it is somebody whom others' rows name."""
    bosses = {
        row[0]
        for row in world.query(
            "select manager_user_id from org.user_version union select unnest(leader_user_ids) from org.department_version"
        )
    }
    for _ in range(60):
        [left] = world.control("POST", "evolve", {"left": 1})["left"]
        if left in bosses and world.query("select count(*) from org.user_version where user_id = %s", left)[0][0]:
            return str(left)
    raise AssertionError("no boss leaves")


def values_of(world: World, user_id: str) -> set[str]:
    """All that history ever knew the person by."""
    rows = world.query(
        """
        select v.value
        from org.user_version as version
        cross join lateral (
            values (user_id), (union_id), (open_id), (name), (mobile), (email), (work_email), (telephone), (avatar_url), (job_number)
        ) as v (value)
        where user_id = %s and v.value is not null
          and not exists (
            select from org.user_version as other
            where other.user_id <> version.user_id
              and v.value in (other.name, other.mobile, other.email, other.work_email, other.telephone, other.avatar_url, other.job_number)
        )
        """,
        user_id,
    )
    return {value for (value,) in rows}


def find_in_tables(world: World, values: Iterable[str]) -> list[str]:
    return [
        f"{table}: {row}"
        for (table,) in world.query(TABLES)
        for (row,) in world.query(f"select r::text from {table} as r")
        for value in values
        if holds(row, value)
    ]


def find_in_files(world: World, values: Iterable[str]) -> list[str]:
    found = []
    for folder in (world.zone(), world.settings.report_folder):
        for path in (each for each in folder.rglob("*") if each.is_file()):
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            text = content.decode("utf-8", "replace")
            text += json.dumps(text).encode().decode("unicode_escape", "replace") if "\\u" in text else ""
            found += [f"{path.name}: {value}" for value in values if holds(text, value)]
    return found


def holds(text: str, value: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z_]){re.escape(value)}(?![0-9A-Za-z_])", text) is not None


@pytest.mark.by_turns
def test_forgotten_person_is_nowhere_and_stays_away(any_world: World, postgres: PostgresServer) -> None:
    world = with_tenant(any_world, budget=Budget(leavers=Allowance(1000, 100)))
    gone = fill(world)
    values = values_of(world, gone)
    assert len(values) > 3
    assert find_in_tables(world, values)
    assert find_in_files(world, values)
    people = world.query("select count(distinct user_id) from org.user_version")[0][0]

    planned = plan_forgetting(world.make_run(), gone)
    assert (planned.outcome, planned.counts["landing zone"], planned.is_present) == ("planned", 3, False)
    done = forget_person(world.make_run(), gone, asked_by="wang")

    assert (done.outcome, done.warnings) == ("forgotten", [])
    assert done.counts["org.user_version"] == planned.counts["org.user_version"]
    assert find_in_tables(world, values) == []
    assert find_in_files(world, values) == []
    assert world.query("select count(distinct user_id) from org.user_version") == [(people - 1,)]
    assert world.query("select count(*) from ops.erasure_value") == [(0,)]
    assert world.query("select state, subject, asked_by from ops.erasure") == [("done", "person", "wang")]
    told = everything(world)

    replay(world.make_run(), after=NOW - HOUR, until=None)
    assert differences(everything(world), told) == []
    headcounts = world.query("select * from org.headcount_change order by 1, 2, 3")
    keys = world.query("select * from org.search_key order by 1, 2, 3, 4")
    Servant(postgres, world).lose()
    assert rebuild(world.make_run())["failed"] == []
    assert differences(everything(world), told) == []
    assert world.query("select * from org.headcount_change order by 1, 2, 3") == headcounts
    assert world.query("select * from org.search_key order by 1, 2, 3, 4") == keys
    assert find_in_tables(world, values) == []
    world.control("POST", "evolve", EVOLUTION)
    assert world.sync(now=NOW + 9 * HOUR)["outcome"] == "succeeded"
    assert find_in_tables(world, values) == []


@pytest.mark.by_turns
def test_events_looks_and_problems_about_somebody_go_with_them(any_world: World, postgres: PostgresServer) -> None:
    """Also a look that found nobody: that it asked for the person is told by its manifest."""
    world = listening(with_tenant(any_world, budget=Budget(leavers=Allowance(1000, 100))))
    world.sync()
    for (user_id,) in world.query("select user_id from org.users"):
        announce(world, "user.changed", users=[user_id])
    world.control("POST", "evolve", {"promoted": 5})
    assert follow(world) is not None
    gone = let_boss_leave(world)
    announce(world, "user.removed", users=[gone])
    assert follow(world) is not None
    world.query(
        "insert into ops.problem "
        "(tenant_id, kind, subject, outcome, reason, reason_zh, fix, fix_zh, link, since, first_seen_at, last_seen_at) "
        "values ('acme', 'failed', '', 'broken', %s, %s, '', '', '', now(), now(), now())",
        f"user/get of {gone} failed",
        f"读取 {gone} 失败",
    )
    world.sync()
    values = values_of(world, gone)
    assert any("ops.event:" in place for place in find_in_tables(world, {gone}))
    assert any("ops.snapshot_key:" in place for place in find_in_tables(world, {gone}))
    assert any("ops.problem:" in place for place in find_in_tables(world, {gone}))

    done = forget_person(world.make_run(), gone, asked_by="wang")

    assert (done.outcome, done.warnings) == ("forgotten", [])
    assert find_in_tables(world, values) == []
    assert find_in_files(world, values) == []
    told = everything(world)
    Servant(postgres, world).lose()
    assert rebuild(world.make_run())["failed"] == []
    assert differences(everything(world), told) == []
    assert find_in_tables(world, values) == []


def test_who_is_in_a_plan_that_was_rejected_is_forgotten_there_too(world: World) -> None:
    """Found by searching a whole stack: its rows of the stage had stayed."""
    world.sync()
    leavers = world.control("POST", "evolve", {"left": 15})["left"]
    with pytest.raises(GateError):
        world.sync()
    [(plan_id,)] = world.query("select plan_id from ops.plan where state = 'planned'")
    decide_plan(world.make_run(), plan_id, is_approved=False, decided_by="li")
    with_tenant(world, budget=Budget(leavers=Allowance(1000, 100))).sync()
    forget_person(world.make_run(), leavers[0], asked_by="wang")
    assert find_in_tables(world, {leavers[0]}) == []


MENTIONING = """
    insert into ops.audit (actor, action, tenant_id, subject, detail) values
        ('viewer', 'person.shown', 'acme', %(id)s, ''),
        ('acme:' || %(id)s, 'signed.in', 'acme', %(id)s, ''),
        ('acme:' || %(id)s, 'person.shown', 'acme', 'somebody_else', ''),
        ('viewer', 'message.shown', 'acme', '7', '');
    insert into ops.doctor_check (tenant_id, name, subject, outcome, since, checked_at, reason, reason_zh) values
        ('acme', 'visible', '', 'degraded', now(), now(), 'the app does not see ' || %(mobile)s, %(mobile)s);
    update ops.sync_run
        set error = 'user/get of userid ' || %(id)s || ' is missing: 60111', warnings = array['who is ' || %(id)s, 'nobody'];
    update ops.snapshot set problems = array['user/get of userid ' || %(id)s || ' is missing: 60111'];
    insert into ops.quarantine (plan_id, tenant_id, snapshot_id, entity, user_id, rule, reason)
        select plan_id, tenant_id, snapshot_id, 'user', %(id)s, 'odd', 'odd' from ops.plan limit 1;
"""


def test_forgotten_person_is_out_of_messages_audit_quarantine_and_what_runs_said(office: Office) -> None:
    world = office.world
    [gone, other, *_] = office.people()
    [(mobile,)] = world.query("select mobile from org.user_version where user_id = %s", gone)
    alone = office.enqueue(audience={"users": [gone]}, body="给你一个人")
    together = office.enqueue(audience={"users": [gone, other]}, body="给你们")
    about = office.enqueue(audience={"users": [other]}, body=f"请联系 {mobile}", dedupe_key=f"call:{gone}")
    office.push()
    waiting = office.enqueue(audience={"users": [gone]}, not_before=datetime(2026, 12, 31, tzinfo=UTC))
    connection = psycopg2.connect(world.dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute(MENTIONING, {"id": gone, "mobile": mobile})
    connection.close()
    calls = world.query("select count(*), sum(calls) from notify.attempt")
    assert find_in_tables(world, {gone, mobile})

    with pytest.raises(ConfigurationError, match="--even-if-present"):
        forget_person(world.make_run(), gone, asked_by="wang")
    done = forget_person(world.make_run(), gone, asked_by="wang", is_present_welcome=True)

    assert find_in_tables(world, values_of(world, gone) | {gone, mobile}) == []
    assert find_in_files(world, {gone, mobile}) == []
    assert (done.counts["ops.audit"], done.counts["notify.recipient"], done.counts["ops.quarantine"]) == (3, 2, 1)
    messages = dict(world.query("select message_id, (title, body, audience, state, dedupe_key)::text from notify.message"))
    assert "给你一个人" not in messages[alone]
    assert "给你们" in messages[together]
    assert "请联系 ***" in messages[about]
    assert world.query("select state, reason from notify.message where message_id = %s", waiting) == [
        ("recalled", "who it was for or about was forgotten")
    ]
    assert world.query("select count(*), sum(calls) from notify.attempt") == calls
    assert set(office.recipients(together)) == {other}
    assert world.query("select actor from ops.audit where action = 'person.shown'") == [("***",)]
    office.push()
    assert world.query("select count(*) from notify.attempt") == [(calls[0][0],)]


def test_next_read_brings_somebody_who_is_still_there_back_as_somebody_new(world: World) -> None:
    world.sync(now=NOW)
    [(gone,), *_] = world.query("select user_id from org.users order by 1")
    forget_person(world.make_run(), gone, asked_by="wang", is_present_welcome=True)
    assert world.query("select count(*) from org.user_version where user_id = %s", gone) == [(0,)]
    world.sync(now=NOW + HOUR)
    assert world.query("select kind, changed_at from org.change where user_id = %s and kind in ('joined', 'returned')", gone) == [
        ("joined", NOW + HOUR)
    ]


def test_details_that_later_reads_carried_on_go_with_the_person(
    world: World, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    by_ids = with_tenant(wecom_by_ids(world, monkeypatch), budget=Budget(leavers=Allowance(1000, 100)))
    gone = fill(by_ids, times=2)
    values = values_of(by_ids, gone)
    forget_person(by_ids.make_run(), gone, asked_by="wang")
    assert find_in_files(by_ids, values) == find_in_tables(by_ids, values) == []
    told = everything(by_ids)
    Servant(postgres, by_ids).lose()
    rebuild(by_ids.make_run())
    assert differences(everything(by_ids), told) == []


def test_rewritten_snapshot_says_so_and_is_complete(world: World) -> None:
    world = with_tenant(world, budget=Budget(leavers=Allowance(1000, 100)))
    gone = fill(world, times=2)
    before = {each.snapshot_id: read_manifest(each.uri) for each in list_snapshots(world.settings.landing_zone, "acme")}
    forget_person(world.make_run(), gone, asked_by="wang")
    for each in list_snapshots(world.settings.landing_zone, "acme"):
        manifest, old = read_manifest(each.uri), before[each.snapshot_id]
        if manifest == old:
            continue
        assert manifest.rewriting is not None
        assert (manifest.rewriting.number, manifest.format_version, len(manifest.rewriting.before)) == (1, 2, 64)
        assert manifest.rewriting.records >= 1
        assert manifest.platform_counts["users"] == old.platform_counts["users"] - 1
        assert manifest.files["users"]["sha256"] != old.files["users"]["sha256"]
        assert manifest.substance != old.substance
    assert world.query("select distinct is_complete from ops.snapshot") == [(True,)]
    others = [row[0] for row in world.query("select distinct user_id from org.user_version where valid_to is not null order by 1")][:1]
    for other in others:
        forget_person(world.make_run(), other, asked_by="wang", is_present_welcome=True)
    numbers = {read_manifest(each.uri).rewriting.number for each in list_snapshots(world.settings.landing_zone, "acme")}  # type: ignore[union-attr]
    assert 2 in numbers


def test_who_read_a_snapshot_before_it_was_rewritten_stages_nothing_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers were read; before they are staged, somebody is forgotten."""
    world.sync(now=NOW)
    [(gone,), *_] = world.query("select user_id from org.users order by 1")
    [(snapshot_id,)] = world.query("select snapshot_id from ops.snapshot")
    prove = validating._prove_company

    def forget_meanwhile(*arguments: Any) -> None:
        prove(*arguments)
        monkeypatch.setattr(validating, "_prove_company", prove)
        forget_person(world.make_run(), gone, asked_by="wang", is_present_welcome=True)

    monkeypatch.setattr(validating, "_prove_company", forget_meanwhile)
    with pytest.raises(OvertakenError, match="was rewritten while it was read"):
        validating.stage_snapshot(world.make_run(), snapshot_id)
    assert find_in_tables(world, {gone}) == []


@pytest.mark.parametrize("how", ["warehouse", "both"])
def test_what_a_backup_brings_back_is_forgotten_again(how: str, world: World, postgres: PostgresServer, tmp_path: Any) -> None:
    world = with_tenant(world, budget=Budget(leavers=Allowance(1000, 100)))
    gone = fill(world, times=2)
    values = values_of(world, gone)
    servant = Servant(postgres, world)
    servant.back_up()
    shutil.copytree(world.zone(), tmp_path / "zone_backup")
    forget_person(world.make_run(), gone, asked_by="wang")
    told = everything(world)
    servant.restore()
    if how == "both":
        shutil.rmtree(world.zone() / "acme")
        shutil.copytree(tmp_path / "zone_backup" / "acme", world.zone() / "acme")
    assert find_in_tables(world, values)
    assert [each.outcome for each in again.forget_again(world.make_run(), asked_by="wang", dry_run=True)] == ["planned"]

    [done] = again.forget_again(world.make_run(), asked_by="wang", dry_run=False)

    assert done.outcome == "forgotten"
    assert find_in_tables(world, values) == find_in_files(world, values) == []
    assert differences(everything(world), told) == []
    assert again.forget_again(world.make_run(), asked_by="wang", dry_run=False) == []


def test_tenant_that_left_the_file_is_retired_and_can_be_forgotten(office: Office) -> None:
    world, settings = office.world, office.world.settings
    waiting = office.enqueue(not_before=datetime(2026, 12, 31, tzinfo=UTC))
    settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    duties.look_after(settings)
    with pytest.raises(ConfigurationError, match="take its stanza out first"):
        tenants.forget_tenant(settings, "acme", asked_by="wang", run_id="cli")

    for mistake in ("tenants: []\n", "tenants:\n  - {platform: dingtalk}\n"):
        settings.tenants_file.write_text(mistake, encoding="utf-8")
        assert duties.look_after(settings).retired == []
    settings.tenants_file.write_text("tenants: [\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        duties.look_after(settings)
    settings.tenants_file.write_text(OTHER, encoding="utf-8")
    assert duties.look_after(settings).retired == ["acme"]
    with pytest.raises(psycopg2.Error, match="is not in the tenants file any more"):
        office.enqueue()
    assert office.state(waiting) == "pending"
    settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    duties.look_after(settings)
    assert world.query("select tenant_id, retired_at from ops.tenant order by 1")[0] == ("acme", None)
    settings.tenants_file.write_text(OTHER, encoding="utf-8")
    duties.look_after(settings)
    world.query("update ops.tenant set retired_at = now() - interval '25 hours' where tenant_id = 'acme'")
    assert duties.look_after(settings).ended == 1
    assert office.state(waiting) == "expired"
    people = office.people()

    planned = tenants.plan_forgetting_tenant(settings, "acme")
    done = tenants.forget_tenant(settings, "acme", asked_by="wang", run_id="cli")

    assert done.counts["org.user_version"] == planned.counts["org.user_version"] == len(people)
    assert find_in_tables(world, people) == find_in_files(world, people) == []
    tables = [
        table
        for (table,) in world.query(TABLES)
        for (row,) in world.query(f"select r::text from {table} as r")
        if holds(row, "acme") and table != "ops.erasure"
    ]
    assert tables == []
    assert [record.subject for record in read_records(settings.landing_zone, "acme")] == ["tenant"]
    assert [path.name for path in world.zone().iterdir()] == ["acme.erasures.json"]


def test_erasure_that_was_asked_for_on_a_page_is_done_at_night(world: World) -> None:
    world.sync(now=NOW)
    [(gone,), (other,), *_] = world.query("select user_id from org.users order by 1")
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    ask = "select ops.ask_erasure('acme', %s, 'viewer', %s)"
    world.query(ask, gone, True)
    world.query(ask, gone, False)
    world.query(ask, other, False)
    told = duties.look_after(world.settings)
    assert (told.erased, told.refused, told.failed) == (1, 1, [])
    assert find_in_tables(world, {gone}) == []
    assert world.query("select state from ops.erasure order by erasure_id") == [("done",), ("refused",)]
    assert world.query("select count(*) from ops.erasure_value") == [(0,)]
    assert world.query("select actor, action from ops.audit") == [("viewer", "erasure.asked")] * 2


def test_export_holds_what_is_held(office: Office) -> None:
    world = office.world
    [person, *_] = office.people()
    office.enqueue(audience={"users": [person]}, body="给你")
    office.push()
    told = exporting.export_person(world.make_run(), person, asked_by="viewer")
    [version] = told["versions"]
    assert version["mobile"] == world.query("select mobile from org.user_version where user_id = %s", person)[0][0]
    assert [message["body"] for message in told["messages"]] == ["给你"]
    assert len(told["snapshots"]) == len(world.landed())
    assert told["memberships"]
    assert world.query("select actor, action, subject from ops.audit") == [("viewer", "person.exported", person)]


def test_messages_become_numbers_once_their_time_is_over(office: Office) -> None:
    world = office.world
    told = [office.enqueue(body=f"第 {number} 条", dedupe_key=f"m{number}") for number in range(3)]
    todo = office.enqueue(kind="todo", audience={"users": office.people()[:2]}, body="填表")
    office.push()
    office.follow(hours=25)
    waiting = office.enqueue(not_before=datetime(2027, 6, 1, tzinfo=UTC))
    spent = world.query("select count(*), sum(calls) from notify.attempt")
    clean_tenant(world.settings, office.tenant, dry_run=False)
    assert world.query("select count(*) from notify.message") == [(len([*told, todo, waiting]),)]

    later = clean_tenant(world.settings, office.tenant, dry_run=False, clock=lambda _: datetime.now(UTC) + timedelta(days=400))

    assert later.removed_messages == world.query("select sum(messages) from notify.message_month")[0][0] >= len(told)
    assert world.query("select message_id from notify.message where body like '第%%'") == []
    assert world.query("select count(*) from notify.message where message_id = %s", waiting) == [(1,)]
    kept = world.query("select count(*), coalesce(sum(calls), 0) from notify.attempt")
    counted = world.query("select sum(attempts), sum(calls) from notify.message_month")
    assert [tuple(map(sum, zip(kept[0], counted[0], strict=True)))] == [tuple(map(int, spent[0]))]


def test_command_shows_what_is_held_and_erases_only_when_it_is_meant(world: World, command: Command, tmp_path: Any) -> None:
    world.sync(now=NOW)
    [(gone,), *_] = world.query("select user_id from org.users order by 1")
    shown = command("forget", "acme", "--user", gone)
    assert shown.returncode == 0, shown.stderr
    assert "Nothing was changed" in shown.stdout
    assert "org.user_version" in shown.stdout
    refused = command("forget", "acme", "--user", gone, "--yes")
    assert (refused.returncode, "--even-if-present" in refused.stderr) == (2, True)
    file = tmp_path / "held.json"
    assert command("export-person", "acme", gone, "--to", str(file)).returncode == 0
    assert [version["user_id"] for version in json.loads(file.read_text())["versions"]] == [gone]
    assert file.stat().st_mode & 0o077 == 0
    file.unlink()
    done = command("forget", "acme", "--user", gone, "--yes", "--even-if-present", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "forgotten"
    assert gone not in done.stdout + done.stderr
    assert find_in_tables(world, {gone}) == find_in_files(world, {gone}) == []
    again = command("forget", "acme", "--again")
    assert (again.returncode, "nobody who was forgotten before is held" in again.stdout) == (0, True)
    whole = command("forget", "acme", "--yes")
    assert (whole.returncode, "take its stanza out first" in whole.stderr) == (2, True)
    world.settings.tenants_file.write_text(OTHER, encoding="utf-8")
    assert command("housekeeping").returncode in (0, 1)
    assert "acme is retired" in command("status").stdout
    assert command("forget", "acme", "--yes").returncode == 0
    assert world.query("select count(*) from org.user_version") == [(0,)]
    assert command("forget", "nobody", "--user", "x").returncode == 2


def test_person_of_a_retired_tenant_is_forgotten_without_its_stanza(world: World) -> None:
    """Nothing says any more how its snapshots are to be read: the tables are cleaned, and nothing is loaded again."""
    world = with_tenant(world, budget=Budget(leavers=Allowance(1000, 100)))
    gone = fill(world, times=2)
    values = values_of(world, gone)
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    duties.look_after(world.settings)
    world.settings.tenants_file.write_text(OTHER, encoding="utf-8")
    duties.look_after(world.settings)
    plans = world.query("select count(*) from ops.plan")
    run, may_replay = duties.open_run(world.settings, read_stanzas(world.settings.tenants_file), "acme", run_id="cli", run_type="cli")
    assert may_replay is False
    forget_person(run, gone, asked_by="wang", may_replay=may_replay)
    assert find_in_tables(world, values) == find_in_files(world, values) == []
    assert world.query("select count(*) from ops.plan") == plans
