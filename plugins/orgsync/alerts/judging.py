"""What of all that is known is a problem. Pure: facts in, problems out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from orgsync.alerts import wording as say
from orgsync.alerts.finding import Facts
from orgsync.alerts.patience import find_missed_tick
from orgsync.alerts.problems import SHARED, Outcome, Problem
from orgsync.check import TITLES
from orgsync.connections.site import address_page
from orgsync.outbox.quota import Gauge
from orgsync.tenants import Tenant
from orgsync.warehouse.statements import Row
from orgsync.words import Words

NEARLY_USED = 0.9
LASTING = tuple(say.GAUGES)
"""Of the quotas, those that are not new within a minute, and that nobody means to use up each day."""
FEWEST_MORE, SHARE_MORE = 3, 0.2
"""Quarantine has grown by at least so many people and departments, and by such a share. One or two with a bad record are a matter of those
people, which the page of the quarantine shows, and not of operation."""
FEWEST_SILENT, SHARE_SILENT = 3, 0.5
SILENT_AFTER: Mapping[str, timedelta] = {
    # Twice what lies between two runs, or two hours more than a day, in which a run may wait and be tried again.
    "housekeeping": timedelta(hours=26),
    "doctor": timedelta(hours=26),
    "notify": timedelta(hours=1),
    "watch": timedelta(minutes=20),
}


def judge(facts: Facts) -> list[Problem]:
    """All that is wrong now; of the DAG that watches, too: whoever reads this is not always that DAG."""
    tenants = {tenant.id: tenant for tenant in facts.tenants}
    found = [*_judge_file(facts), *_judge_parts(facts), *_judge_channels(facts)]
    for row in facts.standings:
        tenant = tenants[row["tenant_id"]]
        found += _judge_tenant(facts, tenant, row)
        found += (_judge_quota(facts, tenant, gauge) for gauge in facts.gauges.get(tenant.id, ()) if _is_nearly_used(gauge))
    return found + [_judge_check(row) for row in facts.checks]


def _judge_tenant(facts: Facts, tenant: Tenant, row: Row) -> Iterator[Problem]:
    yield from _judge_freshness(facts, tenant, row)
    yield from _judge_last_run(tenant, row)
    yield from _judge_plan(tenant, row)
    yield from _judge_newest(tenant, row)
    yield from _judge_outbox(tenant, row)
    yield from _judge_events(tenant, row)
    if row["slow_run_id"] and not row["plan_id"]:  # one whose plan waits for somebody is not slow
        text = say.SLOW.fill(run=row["slow_run_id"], at=say.show_time(row["slow_at"], tenant.timezone))
        yield Problem(tenant.id, "slow", "", "degraded", text, say.SLOW_FIX, address_page(tenant.id, "runs"), row["slow_at"])


def _judge_freshness(facts: Facts, tenant: Tenant, row: Row) -> Iterator[Problem]:
    """A tenant that never succeeded counts from when it was first seen."""
    seen = [instant for instant in (row["watched_since"], row["first_run_at"]) if instant]
    since = row["newest_at"] or min(seen, default=None)
    due = find_missed_tick(tenant, since, now=facts.now) if since else None
    if since and due:
        shown = say.show_time(since, tenant.timezone)
        known = say.STALE.fill(since=shown, due=say.show_time(due, tenant.timezone)) if row["newest_at"] else say.NEVER.fill(since=shown)
        fix = say.STALE_FIX.fill(tenant=tenant.id)
        yield Problem(tenant.id, "stale", "", "broken", known, fix, address_page(tenant.id, "runs"), since)


def _judge_last_run(tenant: Tenant, row: Row) -> Iterator[Problem]:
    """Not one that failed because another was at it, which brought a good sync since; nor one whose plan waits, which is told as that."""
    is_waiting = row["outcome"] == "stopped" and row["plan_id"]
    if row["outcome"] in ("failed", "stopped") and not row["is_overcome"] and not is_waiting:
        text = say.FAILED if row["outcome"] == "failed" else say.STOPPED
        error = say.shorten(row["error"]) if row["error"] else say.NO_ERROR
        fix = say.FAILED_FIX.fill(tenant=tenant.id)
        yield Problem(tenant.id, "failed", "", "broken", text.fill(error=error), fix, address_page(tenant.id, "runs"), row["finished_at"])


def _judge_plan(tenant: Tenant, row: Row) -> Iterator[Problem]:
    """A run of Airflow's is rejected when nobody answers; a plan of the command waits until the next."""
    if row["plan_id"] is None:
        return
    until = row["plan_made_at"] + timedelta(hours=tenant.approval_hours)
    text = say.WAITING if row["plan_run_type"] == "cli" else say.WAITING_UNTIL
    text = text.fill(plan=row["plan_id"], until=say.show_time(until, tenant.timezone))
    fix = say.WAITING_FIX.fill(tenant=tenant.id, plan=row["plan_id"])
    link = address_page(tenant.id, "plans", row["plan_id"])
    yield Problem(tenant.id, "waiting", str(row["plan_id"]), "broken", text, fix, link, row["plan_made_at"])


def _judge_newest(tenant: Tenant, row: Row) -> Iterator[Problem]:
    """What grew with the newest good sync: fields that are withheld, rows in quarantine."""
    if row["newly_withheld"]:
        text = say.WITHHELD.fill(fields=", ".join(row["newly_withheld"]))
        fix = say.WITHHELD_FIX.fill(tenant=tenant.id)
        yield Problem(tenant.id, "withheld", "", "degraded", text, fix, address_page(tenant.id, "runs"), row["withheld_since"])
    usual = row["usually_quarantined"]
    if usual is not None and row["quarantined"] - usual >= max(FEWEST_MORE, SHARE_MORE * usual):
        text = say.QUARANTINE.fill(count=row["quarantined"], usual=usual)
        link = address_page(tenant.id, "quarantine")
        yield Problem(tenant.id, "quarantine", "", "degraded", text, say.QUARANTINE_FIX, link, row["newest_at"])


def _judge_outbox(tenant: Tenant, row: Row) -> Iterator[Problem]:
    link = address_page(tenant.id, "messages")
    if row["stuck"]:
        since, reason = say.show_time(row["stuck_since"], tenant.timezone), say.shorten(row["stuck_reason"] or "")
        text = say.STUCK.fill(count=row["stuck"], since=since, reason=reason or say.NO_ERROR)
        yield Problem(tenant.id, "outbox", "stuck", "broken", text, say.STUCK_FIX.fill(tenant=tenant.id), link, row["stuck_since"])
    if row["doubted_calls"]:
        text = say.DOUBT.fill(calls=row["doubted_calls"], people=row["doubted_people"])
        yield Problem(tenant.id, "outbox", "doubt", "degraded", text, say.DOUBT_FIX, link, row["doubted_since"])


def _judge_events(tenant: Tenant, row: Row) -> Iterator[Problem]:
    """By the last full read: a few that no event named are the platform's way, most of them mean that none arrive."""
    silent, changes = row["event_silent"] or 0, row["event_changes"] or 0
    if tenant.events.receive != "off" and silent >= FEWEST_SILENT and silent > changes * SHARE_SILENT:
        text = say.EVENTS.fill(silent=silent, changes=changes)
        fix = say.EVENTS_FIX.fill(tenant=tenant.id)
        yield Problem(tenant.id, "events", "", "degraded", text, fix, address_page(tenant.id, "runs"), row["event_audited_at"])


def _is_nearly_used(gauge: Gauge) -> bool:
    return gauge.name in LASTING and gauge.used >= NEARLY_USED * gauge.most


def _judge_quota(facts: Facts, tenant: Tenant, gauge: Gauge) -> Problem:
    text = say.QUOTA.fill(name=say.GAUGES[gauge.name], used=gauge.used, most=gauge.most)
    fix = say.QUOTA_FIX.fill(until=say.show_time(gauge.renewed_at, tenant.timezone))
    return Problem(tenant.id, "quota", gauge.name, "degraded", text, fix, address_page(tenant.id, "quotas"), facts.now)


def _judge_check(row: Row) -> Problem:
    subject = f"{row['name']} {row['subject']}".strip()
    title = TITLES.get(row["name"], Words(row["name"], row["name"]))
    title = Words(f"{title} {row['subject']}".strip(), f"{title.zh} {row['subject']}".strip())
    text = say.CHECK.fill(title=title, reason=Words(row["reason"], row["reason_zh"]))
    whose = f" {row['tenant_id']}" if row["tenant_id"] else ""
    mend = say.CHECK_FIX.fill(fix=Words(row["fix"], row["fix_zh"]), tenant=whose) if row["fix"] else say.LOOK_AGAIN.fill(tenant=whose)
    return Problem(row["tenant_id"], "doctor", subject, "broken", text, mend, address_page(), row["since"])


def _judge_file(facts: Facts) -> Iterator[Problem]:
    if facts.file_error:
        text = say.FILE.fill(mistake=say.shorten(facts.file_error))
        yield Problem(SHARED, "stanza", "", "broken", text, say.FILE_FIX, address_page(), facts.now)
    nameless = [stanza for stanza in facts.broken if not stanza.tenant_id]
    for stanza in [*(stanza for stanza in facts.broken if stanza.tenant_id), *nameless[:1]]:
        text = (say.STANZA if stanza.tenant_id else say.NAMELESS).fill(mistake=say.shorten(str(stanza)))
        subject = "" if stanza.tenant_id else "without an id"
        yield Problem(stanza.tenant_id, "stanza", subject, "broken", text, say.FILE_FIX, address_page(), facts.now)


def name_dag(part: str) -> str:
    return f"org_{part}"


def _judge_parts(facts: Facts) -> Iterator[Problem]:
    """Which DAG that works for all tenants was not at work for too long. Who never sends anything may leave org_notify switched off."""
    for part, patience in SILENT_AFTER.items():
        if part != "notify" or facts.has_messages:
            yield from _judge_part(facts, part, patience)


def _judge_part(facts: Facts, part: str, patience: timedelta) -> Iterator[Problem]:
    """What never ran counts from when somebody began to watch; nobody does where org_watch itself never ran."""
    beats, watch = facts.heartbeats.get(part), facts.heartbeats.get("watch")
    dag = name_dag(part)
    link, fix = address_page(), say.SILENT_FIX.fill(dag=dag)
    if beats is None:
        since = watch["first_at"] if watch else facts.now
        if part == "watch" or facts.now - since > patience:
            outcome: Outcome = "degraded" if part == "watch" else "broken"
            yield Problem(SHARED, "silent", dag, outcome, say.NEVER_RAN.fill(dag=dag), fix, link, since)
    elif facts.now - beats["last_at"] > patience:
        text = say.SILENT.fill(dag=dag, at=say.show_time(beats["last_at"]))
        yield Problem(SHARED, "silent", dag, "broken", text, fix, link, beats["last_at"])


def _judge_channels(facts: Facts) -> Iterator[Problem]:
    for row in facts.channels:
        text = say.CHANNEL.fill(channel=row["channel"], tries=row["tries"], error=say.shorten(row["error"]))
        yield Problem(SHARED, "channel", row["channel"], "broken", text, say.CHANNEL_FIX, address_page(), row["tried_at"])
