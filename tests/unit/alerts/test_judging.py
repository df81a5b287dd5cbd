"""What of all that is known is a problem, and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgsync.alerts.finding import Facts
from orgsync.alerts.judging import judge
from orgsync.alerts.problems import Problem
from orgsync.outbox.quota import Gauge
from orgsync.tenants import BrokenStanza, Tenant
from orgsync.tenants.events import Events
from orgsync.tenants.nodes import Mistake
from orgsync.words import say

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TENANT = Tenant(id="acme", platform="wecom", conn_id="acme", schedule="10 * * * *", full_schedule="40 2 * * *")
WELL: dict[str, Any] = {
    "first_run_at": None,
    "usually_quarantined": None,
    "newly_withheld": None,
    "error": None,
    "plan_id": None,
    "slow_run_id": None,
    "tenant_id": "acme",
    "watched_since": NOW - timedelta(days=90),
    "newest_at": NOW - timedelta(minutes=50),
    "quarantined": 0,
    "outcome": "succeeded",
    "finished_at": NOW - timedelta(minutes=49),
    "is_overcome": False,
    "stuck": 0,
    "doubted_calls": 0,
    "event_silent": None,
    "event_changes": None,
}
BEATS = {
    part: {"part": part, "first_at": NOW - timedelta(days=90), "last_at": NOW - timedelta(minutes=4)}
    for part in ("watch", "housekeeping", "doctor", "notify")
}


def find(facts: dict[str, Any] | None = None, **standing: Any) -> list[Problem]:
    named = {"now": NOW, "tenants": [TENANT], "standings": [WELL | standing], "heartbeats": BEATS, "has_messages": True}
    return judge(Facts(**named | (facts or {})))


def find_one(facts: dict[str, Any] | None = None, **standing: Any) -> Problem:
    [problem] = find(facts, **standing)
    return problem


def test_where_all_is_well_there_is_no_problem() -> None:
    assert find() == []


def test_tenant_without_a_good_sync_for_a_day_is_stale() -> None:
    problem = find_one(newest_at=NOW - timedelta(days=3))
    assert (problem.kind, problem.outcome, problem.since) == ("stale", "broken", NOW - timedelta(days=3))
    assert "2026-11-27 20:00 Asia/Shanghai" in problem.reason
    assert "org_sync_acme: it may be paused" in problem.fix
    assert "2026-11-27 20:00" in say(problem.reason, "zh")


def test_tenant_that_never_succeeded_counts_from_when_it_was_first_seen() -> None:
    never = {"newest_at": None, "outcome": None, "finished_at": None}
    assert find(**never, watched_since=NOW - timedelta(hours=20)) == []
    problem = find_one(**never, watched_since=NOW - timedelta(hours=30))
    assert (problem.kind, problem.since) == ("stale", NOW - timedelta(hours=30))
    earlier = find_one(**never, watched_since=NOW, first_run_at=NOW - timedelta(days=4))
    assert earlier.since == NOW - timedelta(days=4)  # since before anybody watched


def test_last_run_that_failed_or_was_stopped_is_told_with_its_error() -> None:
    problem = find_one(outcome="failed", error="acme_conn: no secret\nand more")
    assert (problem.kind, problem.reason) == ("failed", "the last run failed: acme_conn: no secret")
    assert "was stopped, and changed nothing" in find_one(outcome="stopped", error="too few people").reason
    assert find_one(outcome="failed").reason == "the last run failed: see the log"
    assert find(outcome="failed", error="another run is reading", is_overcome=True) == []


def test_error_with_braces_is_told_as_it_is() -> None:
    assert find_one(outcome="failed", error="no key {name}").reason.endswith("no key {name}")


def test_plan_that_waits_is_told_with_its_page_and_when_it_is_rejected() -> None:
    problem = find_one(plan_id=7, plan_made_at=NOW - timedelta(hours=1), plan_run_type="scheduled")
    assert (problem.kind, problem.subject) == ("waiting", "7")
    assert "rejected at 2026-12-01 07:00 Asia/Shanghai" in problem.reason
    assert problem.link.endswith("/organization/acme/plans/7")
    by_command = find_one(plan_id=7, plan_made_at=NOW, plan_run_type="cli")
    assert "rejected" not in by_command.reason


def test_fields_that_are_withheld_since_lately_are_told() -> None:
    problem = find_one(newly_withheld=["user.email", "user.mobile"], withheld_since=NOW)
    assert (problem.kind, problem.outcome) == ("withheld", "degraded")
    assert "user.email, user.mobile" in problem.reason


@pytest.mark.parametrize(
    ("quarantined", "usual", "is_told"),
    [(2, 0, False), (3, 0, True), (50, 50, False), (59, 50, False), (60, 50, True), (9, 3, True), (500, None, False)],
)
def test_quarantine_is_told_when_it_grew_and_not_because_it_is_there(quarantined: int, usual: int | None, is_told: bool) -> None:
    found = find(quarantined=quarantined, usually_quarantined=usual)
    assert [problem.kind for problem in found] == ["quarantine"] * is_told


def test_quota_is_told_when_nine_tenths_of_it_are_used_if_it_lasts() -> None:
    def read(name: str, used: int) -> list[Problem]:
        return find({"gauges": {"acme": [Gauge(name, used, 1000, NOW + timedelta(days=1))]}})

    assert [(each.kind, each.subject) for each in read("billable calls this month", 900)] == [("quota", "billable calls this month")]
    assert read("billable calls this month", 899) == []
    assert read("calls this minute", 1000) == []
    assert read("messages to everybody today", 1000) == []


def test_outbox_that_is_stuck_or_in_doubt_is_told() -> None:
    stuck = find_one(stuck=3, stuck_since=NOW - timedelta(hours=2), stuck_reason="the secret is wrong")
    assert (stuck.kind, stuck.subject, stuck.outcome) == ("outbox", "stuck", "broken")
    assert "the secret is wrong" in stuck.reason
    doubt = find_one(doubted_calls=2, doubted_people=40, doubted_since=NOW)
    assert (doubt.subject, doubt.outcome) == ("doubt", "degraded")


def test_run_past_its_deadline_is_told_unless_it_waits_for_somebody() -> None:
    slow = {"slow_run_id": "scheduled__1", "slow_at": NOW - timedelta(hours=1)}
    assert find_one(**slow).kind == "slow"
    assert [each.kind for each in find(**slow, plan_id=7, plan_made_at=NOW, plan_run_type="scheduled")] == ["waiting"]


@pytest.mark.parametrize(("silent", "changes", "is_told"), [(2, 2, False), (3, 3, True), (5, 10, False), (6, 10, True)])
def test_events_that_leave_most_changes_out_are_told_where_they_are_received(silent: int, changes: int, is_told: bool) -> None:
    audit = {"event_silent": silent, "event_changes": changes, "event_audited_at": NOW}
    listening = replace(TENANT, events=Events(receive="http"))
    assert [problem.kind for problem in find({"tenants": [listening]}, **audit)] == ["events"] * is_told
    assert find(**audit) == []


def test_what_the_doctor_found_broken_is_told_in_both_languages() -> None:
    row = {"tenant_id": "acme", "name": "permission", "subject": "p1", "reason": "missing", "reason_zh": "缺少", "fix": "", "fix_zh": ""}
    problem = find_one({"checks": [row | {"since": NOW}]})
    assert (problem.kind, problem.subject, problem.reason) == ("doctor", "permission p1", "permission p1: missing")
    assert say(problem.reason, "zh") == "权限 p1：缺少"
    assert "orgsync doctor acme" in problem.fix
    shared = find_one({"checks": [row | {"tenant_id": "", "fix": "Do it", "fix_zh": "处理", "since": NOW}]})
    assert shared.fix == "Do it. Then `orgsync doctor` looks again"


@pytest.mark.parametrize(("part", "hours"), [("housekeeping", 27), ("doctor", 27), ("notify", 2), ("watch", 1)])
def test_part_that_was_not_at_work_for_too_long_is_told(part: str, hours: int) -> None:
    late = BEATS | {part: BEATS[part] | {"last_at": NOW - timedelta(hours=hours)}}
    problem = find_one({"heartbeats": late})
    assert (problem.tenant_id, problem.kind, problem.subject) == ("", "silent", f"org_{part}")
    assert f"org_{part} was last at work at" in problem.reason


def test_part_that_never_ran_counts_from_when_somebody_began_to_watch() -> None:
    def without(part: str, watched_for: timedelta) -> list[str]:
        known = {name: beats for name, beats in BEATS.items() if name != part}
        known["watch"] = known["watch"] | {"first_at": NOW - watched_for}
        return [problem.reason for problem in find({"heartbeats": known})]

    assert without("housekeeping", timedelta(hours=5)) == []
    assert without("housekeeping", timedelta(hours=27)) == ["the DAG org_housekeeping has never run"]


def test_who_never_sends_may_leave_sending_switched_off() -> None:
    late = BEATS | {"notify": BEATS["notify"] | {"last_at": NOW - timedelta(days=9)}}
    assert find({"heartbeats": late, "has_messages": False}) == []


def test_where_nobody_watches_that_is_said_and_is_not_broken() -> None:
    problem = find_one({"heartbeats": {}})
    assert (problem.subject, problem.outcome) == ("org_watch", "degraded")


def test_stanzas_that_are_wrong_are_told_each_for_its_tenant() -> None:
    path = Path("tenants.yaml")
    broken = [
        BrokenStanza((Mistake(path, 3, "no key con_id"), Mistake(path, 4, "no conn_id")), "beta"),
        BrokenStanza((Mistake(path, 9, "needs id"),)),
    ]
    beta, nameless = find({"broken": broken})
    assert (beta.tenant_id, beta.kind) == ("beta", "stanza")
    assert beta.reason.endswith("tenants.yaml, line 3: no key con_id")
    assert nameless.tenant_id == ""
    assert find_one({"tenants": [], "standings": [], "file_error": "tenants.yaml is empty"}).reason.endswith("tenants.yaml is empty")


def test_channel_that_fails_is_told() -> None:
    rows = [{"channel": "mail:it@example.com", "tries": 3, "tried_at": NOW, "error": "connection refused"}]
    problem = find_one({"channels": rows})
    assert (problem.tenant_id, problem.kind, problem.subject) == ("", "channel", "mail:it@example.com")


def test_each_problem_is_a_check_as_the_doctor_shows_it() -> None:
    check = find_one(outcome="failed", error="no secret").as_check()
    assert (check.name, check.outcome, check.tenant_id) == ("failed", "broken", "acme")
    assert say(check.reason, "zh") == "最近一次运行失败：no secret"


def test_what_one_tenant_lacks_is_no_other_tenants_problem() -> None:
    other = replace(TENANT, id="beta")
    facts = Facts(NOW, [TENANT, other], standings=[WELL, WELL | {"tenant_id": "beta", "outcome": "failed"}], heartbeats=BEATS)
    assert [problem.tenant_id for problem in judge(facts)] == ["beta"]
