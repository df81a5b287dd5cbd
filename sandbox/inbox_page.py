"""A page on which to see what each person received; every word on it may come from a caller and is escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from heapq import nlargest
from itertools import islice
from typing import Any

from markupsafe import Markup, escape

from sandbox import inbox
from sandbox.exchange import HTML_TYPE, Answer, Request
from sandbox.organization import Person
from sandbox.robots.desk import Robots
from sandbox.templates import PLATFORM_TITLES, environment
from sandbox.tenant import Tenant
from sandbox.windows import CHINA

STATES = ("open", "done", "deleted")
MOST_PEOPLE, MOST_MESSAGES = 40, 100
SOMEWHERE_ELSE = re.compile(r"^https?://", re.IGNORECASE)

# Keeps the search box and the place on the page while the rest is brought up to date.
SCRIPT = """
setInterval(async () => {
  if (document.hidden) return;
  try {
    const text = await (await fetch(location.href)).text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const id of ["counts", "people", "received"]) {
      const old = document.getElementById(id), now = fresh.getElementById(id);
      if (old && now && old.innerHTML !== now.innerHTML) old.replaceWith(now);
    }
  } catch { /* the server is away; the next round tries again */ }
}, 4000);
"""
SCRIPT_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}'; connect-src 'self'; form-action 'self'"
HEADERS = ((b"content-security-policy", POLICY.encode()), (b"cache-control", b"no-store"))

MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    # In text that is escaped already.
    (re.compile(r"&lt;br\s*/?&gt;"), "\n"),
    (re.compile(r"&lt;/?(?:font|div|span)\b.*?&gt;"), ""),
    (re.compile(r"^#{1,6} +(.+)$", re.MULTILINE), r"<b>\1</b>"),
    (re.compile(r"^&gt; ?(.*)$", re.MULTILINE), r'<span class="quote">\1</span>'),
    (re.compile(r"^[-*] +", re.MULTILINE), "• "),
    (re.compile(r"\*\*(.+?)\*\*"), r"<b>\1</b>"),
    (re.compile(r"\[([^\]\n]+)\]\((https?://[^\s)]+)\)"), r'<a href="\2" rel="noreferrer noopener">\1</a>'),
)
PLAIN_KINDS = frozenset(("text", "post", "link", "news"))


def answer(tenants: list[Tenant], robots: Robots, request: Request) -> Answer:
    if request.method not in ("GET", "HEAD"):
        return Answer(b"405 method not allowed", 405, b"text/plain")
    by_name = {tenant.name: tenant for tenant in sorted(tenants, key=lambda tenant: list(PLATFORM_TITLES).index(tenant.name))}
    tenant = by_name.get(request.query.get("platform", "")) or next(iter(by_name.values()))
    person = inbox.find_person(tenant, request.query.get("user", ""))
    query = request.query.get("q", "").strip()
    page = PAGES.get_template("inbox.html.j2").render(
        platforms=[(name, PLATFORM_TITLES[name]) for name in by_name],
        platform=tenant.name,
        query=query,
        person=_shown_person(tenant, person) if person else None,
        people=[_shown_person(tenant, one) for one in islice(_people(tenant, query), MOST_PEOPLE)],
        received=_received(tenant, person) if person else None,
        company=_company_feed(tenant),
        groups=_group_feed(robots, tenant.name),
        counts=inbox.summary(tenant),
        most_messages=MOST_MESSAGES,
        now=tenant.now(),
        script=Markup(SCRIPT),  # noqa: S704
    )
    return Answer(page.encode(errors="replace"), 200, HTML_TYPE, HEADERS)


def _people(tenant: Tenant, query: str) -> Iterator[Person]:
    """Whom a search finds; without one who received something lately, then everybody else."""
    organization, mailbox = tenant.organization, tenant.mailbox
    if query:
        wanted = query.casefold()
        yield from (one for one in organization.people.values() if wanted in one.name.casefold() or wanted in one.id.casefold())
        return
    latest = {user_id: received[-1].sent_at for user_id, received in mailbox.received.items() if received}
    for user_id, todos in mailbox.todos.by_executor.items():
        if todos:
            latest[user_id] = max(latest.get(user_id, 0), next(reversed(todos.values())).created_at)
    recent = nlargest(MOST_PEOPLE, latest, key=latest.__getitem__)
    yield from (person for user_id in recent if (person := inbox.find_person(tenant, user_id)) is not None)
    yield from (person for person in organization.people.values() if person.id not in latest)


def _shown_person(tenant: Tenant, person: Person) -> dict[str, Any]:
    organization, mailbox = tenant.organization, tenant.mailbox
    department = organization.departments.get(person.main_department_id)
    received = mailbox.received.get(person.id, [])
    todos = mailbox.todos.by_executor.get(person.id, {}).values()
    return {
        "id": person.id,
        "name": person.name,
        "initial": person.name.strip()[:1] or "·",
        "hue": person.number * 47 % 360,
        "place": " · ".join(filter(None, [department.name if department else "", person.title])),
        "has_left": person.id not in organization.people,
        "messages": len(received),
        "unread": sum(person.id not in sending.read_at and sending.recalled_at is None for sending in received),
        "todos": sum(todo.state == "open" and todo.executors.get(person.id) is None for todo in todos),
    }


def _received(tenant: Tenant, person: Person) -> dict[str, Any]:
    """Todos that are still to be done come first."""
    received = inbox.of_person(tenant, person)
    todos = [todo | {"personal_state": _state(todo)} for todo in received["todos"]]
    return received | {"todos": sorted(todos, key=lambda todo: STATES.index(todo["personal_state"]))}


def _state(todo: dict[str, Any]) -> str:
    """For this person, who may be done before the others are."""
    if todo["state"] == "deleted":
        return "deleted"
    return "done" if todo["done"] else "open"


def _company_feed(tenant: Tenant) -> list[dict[str, Any]]:
    """Sends to all, the newest first."""
    to_all = islice((sending for sending in tenant.mailbox.latest() if sending.to_all), MOST_MESSAGES)
    return [inbox.message_of(sending, "") | {"recipients": len(sending.recipients), "readers": len(sending.read_at)} for sending in to_all]


def _group_feed(robots: Robots, platform: str) -> list[dict[str, Any]]:
    """What came into groups by robots, the newest first."""
    received = [(message, robot) for robot in robots.of(platform) for message in robot.received]
    newest = sorted(received, key=lambda one: one[0].at, reverse=True)[:MOST_MESSAGES]
    return [
        {"kind": message.kind, "title": message.title, "text": message.text, "at": message.at, "robot": robot.token}
        for message, robot in newest
    ]


def _rich(message: dict[str, Any]) -> Markup:
    """The little Markdown that chat programs show; the text is escaped before anything else."""
    text = str(escape(message["text"]))
    if message["kind"] not in PLAIN_KINDS:
        for pattern, replacement in MARKS:
            text = pattern.sub(replacement, text)
    return Markup(text)  # noqa: S704


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, CHINA).strftime("%Y-%m-%d %H:%M:%S")


PAGES = environment()
PAGES.filters |= {"rich": _rich, "clock": _clock}
PAGES.tests["web_address"] = lambda url: bool(SOMEWHERE_ELSE.match(url))
