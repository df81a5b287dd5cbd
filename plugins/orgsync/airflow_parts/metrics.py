"""What others measure of orgsync, by Airflow's own metrics: where they go (StatsD, OpenTelemetry, nowhere) is Airflow's to say.

Here alone are they named and sent. Sending never fails a task: what cannot be reached Airflow drops or logs. Nobody's data is in a tag:
tenants, platforms, steps and interfaces are few, and known before.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk.configuration import conf
from airflow.sdk.observability.stats import Stats

from orgsync.errors import OrgsyncError

if TYPE_CHECKING:
    from orgsync.outbox.delivery import Tally
    from orgsync.settings import Settings
    from orgsync.sync.run import Step
    from orgsync.tenants import Tenant

log = logging.getLogger(__name__)

SWITCHES = ("statsd_on", "otel_on", "statsd_datadog_enabled")
"""Of Airflow's section metrics, by any of which it sends them."""

Kind = Literal["counter", "timer", "gauge"]

OUTCOMES = ("succeeded", "unchanged", "stopped", "failed")
"""Of runs, those that may come unforeseen."""

UNSENDABLE = re.compile(r"[^A-Za-z0-9_./-]+")
"""What Airflow refuses in a name or a tag that goes by StatsD."""


@dataclass(frozen=True)
class Metric:
    """`tags` are those beside tenant and platform, which each has."""

    name: str
    kind: Kind
    unit: str
    tags: tuple[str, ...] = ()


STEP = Metric("orgsync.sync.step", "timer", "ms", ("step",))
ENDED = Metric("orgsync.sync.ended", "counter", "runs", ("outcome",))
HISTORY_ROWS = Metric("orgsync.sync.history_rows", "counter", "rows")
CALLS = Metric("orgsync.api.calls", "counter", "calls", ("interface",))
FAILURES = Metric("orgsync.api.failures", "counter", "calls", ("interface",))
RETRIES = Metric("orgsync.api.retries", "counter", "calls", ("interface",))
THROTTLES = Metric("orgsync.api.throttles", "counter", "answers", ("interface",))
MESSAGES = Metric("orgsync.outbox.messages", "counter", "messages")
ATTEMPTS = Metric("orgsync.outbox.attempts", "counter", "attempts", ("outcome",))

AGE = Metric("orgsync.snapshot.age_seconds", "gauge", "s")
WITHHELD = Metric("orgsync.snapshot.withheld_fields", "gauge", "fields")
PEOPLE = Metric("orgsync.people", "gauge", "people")
DEPARTMENTS = Metric("orgsync.departments", "gauge", "departments")
PLANS = Metric("orgsync.plans.waiting", "gauge", "plans")
QUARANTINE = Metric("orgsync.quarantine.rows", "gauge", "rows")
DUE = Metric("orgsync.outbox.due", "gauge", "messages")
WAITING = Metric("orgsync.outbox.waiting", "gauge", "messages")
IN_DOUBT = Metric("orgsync.outbox.in_doubt", "gauge", "calls")
USED = Metric("orgsync.quota.used", "gauge", "", ("quota",))
MOST = Metric("orgsync.quota.most", "gauge", "", ("quota",))

FIGURES = {
    "snapshot_age_seconds": AGE,
    "withheld_fields": WITHHELD,
    "people": PEOPLE,
    "departments": DEPARTMENTS,
    "waiting_plans": PLANS,
    "quarantined_rows": QUARANTINE,
    "outbox_due": DUE,
    "outbox_waiting": WAITING,
    "outbox_in_doubt": IN_DOUBT,
}
"""The columns of `ops/measure_tenants`."""

METRICS = (
    *(STEP, ENDED, HISTORY_ROWS, CALLS, FAILURES, RETRIES, THROTTLES, MESSAGES, ATTEMPTS),
    *(AGE, WITHHELD, PEOPLE, DEPARTMENTS, PLANS, QUARANTINE, DUE, WAITING, IN_DOUBT, USED, MOST),
)


def tell_step(tenant: Tenant, step: Step) -> None:
    """What a step of a sync took and did; `Run.tell`."""
    whose = {"tenant": tenant.id, "platform": tenant.platform}
    for name, seconds in step.seconds.items():
        _take_time(STEP, seconds, **whose, step=name)
    for interface, events in step.found.calls.items():
        told = whose | {"interface": interface}
        _count(CALLS, events["read"] + events["failed"] + events["retried"], **told)
        _count(FAILURES, events["failed"], **told)
        _count(RETRIES, events["retried"], **told)
        _count(THROTTLES, events["throttled"], **told)
    if "history_rows" in step.found.counts:
        _count(HISTORY_ROWS, step.found.counts["history_rows"], **whose)
    if step.outcome:
        for outcome in {*OUTCOMES, step.outcome}:
            _count(ENDED, int(outcome == step.outcome), **whose, outcome=outcome)


def tell_pass(tenant: Tenant, tally: Tally) -> None:
    """What a pass over a tenant's outbox did; `Worker.tell`."""
    whose = {"tenant": tenant.id, "platform": tenant.platform}
    _count(MESSAGES, tally.messages, **whose)
    for outcome, attempts in tally.attempts.items():
        _count(ATTEMPTS, attempts, **whose, outcome=outcome)


def try_to_emit_gauges(settings: Settings) -> None:
    """Where Airflow sends metrics at all. What keeps it from knowing them fails nobody: whoever watches says so."""
    if not any(conf.getboolean("metrics", option, fallback=False) for option in SWITCHES):
        return
    try:
        emit_gauges(settings)
    except OrgsyncError as error:
        log.warning("nobody is sent how it stands: %s", error)


def emit_gauges(settings: Settings) -> Counter[str]:
    """How it stands with each tenant of the tenants file, for whoever runs every few minutes; returns how often each was sent."""
    from orgsync.outbox.sending import read_quota
    from orgsync.sync.lookups import measure_tenants
    from orgsync.tenants import read_stanzas

    platforms = {tenant.id: tenant.platform for tenant in read_stanzas(settings.tenants_file).tenants}
    sent: Counter[str] = Counter()
    for row in measure_tenants(settings, list(platforms)):
        whose = {"tenant": row["tenant_id"], "platform": platforms[row["tenant_id"]]}
        known = {metric: row[column] for column, metric in FIGURES.items() if row[column] is not None}
        for metric, value in known.items():
            _show(metric, value, **whose)
            sent[metric.name] += 1
    for channel in read_quota(settings, None):
        if channel["tenant_id"] in platforms:
            for gauge in channel["gauges"]:
                whose = {"tenant": channel["tenant_id"], "platform": channel["platform"], "quota": gauge["name"]}
                _show(USED, gauge["used"], **whose)
                _show(MOST, gauge["most"], **whose)
                sent.update((USED.name, MOST.name))
    return sent


def _take_time(metric: Metric, seconds: float, **tags: str) -> None:
    Stats.timing(metric.name, timedelta(seconds=seconds), tags=_write(tags))


def _count(metric: Metric, count: int, **tags: str) -> None:
    """That nothing happened is sent too: a store sees a count rise only where it knew it before, and the first failure should be seen."""
    Stats.incr(metric.name, count, tags=_write(tags))


def _show(metric: Metric, value: Any, **tags: str) -> None:
    Stats.gauge(metric.name, value, tags=_write(tags))


def _write(tags: Mapping[str, str]) -> dict[str, str]:
    """As every store takes them: `GET task/v2/tasks/:id` is `GET_task/v2/tasks/_id`."""
    return {name: UNSENDABLE.sub("_", value) for name, value in tags.items()}
