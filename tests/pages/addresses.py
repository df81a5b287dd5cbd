"""Every page that there is to look at, by the route that answers it: a route without an address fails a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from tests.pages.company import ACME, Company


@dataclass(frozen=True)
class Address:
    """`find` gives the path below the prefix, once there is a company."""

    route: str
    find: Callable[[Company], str]


def find_day(company: Company, number: int) -> str:
    """A day on which acme was synced, as its time zone has it."""
    return company.days[number].astimezone(ZoneInfo(ACME.timezone)).date().isoformat()


def find_day_before(company: Company, number: int) -> str:
    return (company.days[number].astimezone(ZoneInfo(ACME.timezone)).date() - timedelta(days=1)).isoformat()


def list_departments(company: Company) -> list[str]:
    """Those of acme that there ever were."""
    found = company.query("select distinct department_id from org.department_history where tenant_id = 'acme' order by 1")
    return [row[0] for row in found]


def _tree(company: Company) -> str:
    opened = "&".join(f"open={each}" for each in list_departments(company))
    [(crowded,)] = company.query(
        "select department_id from org.memberships where tenant_id = 'acme' group by 1 order by count(*) desc, 1 limit 1"
    )
    return f"acme/tree?{opened}&department={crowded}&compare={find_day(company, 0)}"


def _plan_applied(company: Company) -> str:
    [(plan_id,)] = company.query("select max(plan_id) from ops.plan where tenant_id = 'acme'")
    return f"acme/plans/{plan_id}?entity=user&kind=updated"


def _run(company: Company) -> str:
    [(run_id,)] = company.query("select run_id from ops.sync_run where plan_id = %(plan)s", {"plan": company.waiting})
    return f"birch/run?id={quote(run_id)}"


def _person(company: Company, rule: str) -> str:
    [(user_id, *_), *_] = company.query(f"select user_id from org.change where tenant_id = 'acme' and entity = 'user' and {rule}")
    return f"acme/person?id={quote(user_id)}"


def _department(company: Company) -> str:
    [(department_id,)] = company.query("select min(department_id) from org.departments where tenant_id = 'acme' and parent_id is not null")
    return f"acme/department?id={quote(department_id)}&at={find_day(company, 3)}"


ADDRESSES = {
    "health": Address("/", lambda _: ""),
    "tree": Address("/{tenant_id}/tree", lambda _: "acme/tree"),
    "tree-compared": Address("/{tenant_id}/tree", _tree),
    "search": Address("/{tenant_id}/search", lambda _: "acme/search#q=a"),
    "person": Address("/{tenant_id}/person", lambda company: _person(company, "kind = 'moved'")),
    "person-left": Address("/{tenant_id}/person", lambda company: _person(company, "kind = 'left'")),
    "department": Address("/{tenant_id}/department", lambda _: "acme/department?id=1"),
    "department-then": Address("/{tenant_id}/department", _department),
    "changes": Address("/{tenant_id}/changes", lambda _: "acme/changes"),
    "changes-filtered": Address("/{tenant_id}/changes", lambda _: "acme/changes?entity=user&kind=moved"),
    "differences": Address("/{tenant_id}/differences", lambda company: f"acme/differences?compare={find_day(company, 0)}&kind=user.moved"),
    "differences-not-chosen": Address("/{tenant_id}/differences", lambda _: "acme/differences"),
    "plans": Address("/{tenant_id}/plans", lambda _: "birch/plans"),
    "plan": Address("/{tenant_id}/plans/{plan_id}", lambda company: f"birch/plans/{company.waiting}"),
    "plan-applied": Address("/{tenant_id}/plans/{plan_id}", _plan_applied),
    "quarantine": Address("/{tenant_id}/quarantine", lambda _: "acme/quarantine"),
    "messages": Address("/{tenant_id}/messages", lambda _: "acme/messages"),
    "message-dead": Address("/{tenant_id}/messages/{message_id}", lambda company: f"acme/messages/{company.messages['dead']}"),
    "message-partly": Address("/{tenant_id}/messages/{message_id}", lambda company: f"acme/messages/{company.messages['partly']}"),
    "quotas": Address("/{tenant_id}/quotas", lambda _: "acme/quotas"),
    "runs": Address("/{tenant_id}/runs", lambda _: "acme/runs"),
    "run": Address("/{tenant_id}/run", _run),
}
