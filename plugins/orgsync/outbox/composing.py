"""What somebody asks to be sent, in words, becomes a message: the same way for the DAG, the operator, the notifier and the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from orgsync.errors import ConfigurationError
from orgsync.outbox.queueing import Audience, Message
from orgsync.outbox.quota import MOST_URGENT
from orgsync.platforms import load_platform
from orgsync.platforms.sending.messages import KINDS, Content
from orgsync.settings import Settings
from orgsync.templates.rendering import load_template, render
from orgsync.templates.values import clean
from orgsync.tenants import Tenant

Instant = datetime | str | None
"""A text is ISO 8601; what names no zone is in the tenant's."""

DAY_ENDS = time(23, 59)


def compose(
    settings: Settings,
    tenant: Tenant,
    *,
    kind: str | None = None,
    title: str | None = None,
    body: str | None = None,
    url: str | None = None,
    due_at: Instant = None,
    template: str | None = None,
    variables: Mapping[str, object] | None = None,
    everyone: bool = False,
    users: Sequence[str] | None = None,
    departments: Sequence[str] | None = None,
    query: str | None = None,
    priority: int = 5,
    not_before: Instant = None,
    expires_at: Instant = None,
    dedupe_key: str | None = None,
    source: str = "",
) -> Message:
    """Raises ConfigurationError naming what is missing, or what contradicts what."""
    zone = ZoneInfo(tenant.timezone)
    if type(priority) is not int or not 0 <= priority <= MOST_URGENT:
        raise ConfigurationError(f"priority {priority!r} is not a number from 0 to {MOST_URGENT}, the most urgent")
    return Message(
        content=compose_content(
            settings, tenant, kind=kind, title=title, body=body, url=url, due_at=due_at, template=template, variables=variables
        ),
        audience=compose_audience(everyone=everyone, users=users, departments=departments, query=query),
        priority=priority,
        not_before=read_instant("not_before", not_before, zone),
        expires_at=read_instant("expires_at", expires_at, zone, of_a_day=DAY_ENDS),
        dedupe_key=_check_plain("dedupe_key", dedupe_key or "") or None,
        source=clean(source),
    )


def compose_content(
    settings: Settings,
    tenant: Tenant,
    *,
    kind: str | None = None,
    title: str | None = None,
    body: str | None = None,
    url: str | None = None,
    due_at: Instant = None,
    template: str | None = None,
    variables: Mapping[str, object] | None = None,
) -> Content:
    """Either written out, as kind text unless another is named, or what a template makes of its variables for the tenant's platform."""
    written = {"kind": kind, "title": title, "body": body, "url": url, "due_at": due_at}
    if template:
        return _fill(settings, tenant, template, variables or {}, written)
    if variables:
        raise ConfigurationError("variables are a template's; name the template, or leave them out")
    kind = kind or "text"
    if kind not in KINDS:
        raise ConfigurationError(f"kind {kind!r} is not one of {', '.join(KINDS)}")
    if due_at and kind != "todo":
        raise ConfigurationError(f"due_at is a todo's, and this is of kind {kind}; leave it out")
    due = read_instant("due_at", due_at, ZoneInfo(tenant.timezone), of_a_day=DAY_ENDS)
    return Content(kind=kind, title=clean(title or ""), body=clean(body or ""), url=(url or "").strip(), due_at=due)


def compose_audience(
    *, everyone: bool = False, users: Sequence[str] | None = None, departments: Sequence[str] | None = None, query: str | None = None
) -> Audience:
    """Everyone, or whoever is named; never nobody."""
    named = Audience(
        users=read_ids("users", users), departments=read_ids("departments", departments), query=_check_plain("query", query or "")
    )
    parts = named.as_json()
    if not isinstance(everyone, bool):
        raise ConfigurationError(f"everyone is true or false, and not {everyone!r}")
    if everyone and parts:
        raise ConfigurationError(f"everyone and {' and '.join(parts)} exclude each other")
    if not everyone and not parts:
        raise ConfigurationError("nobody is named to get it; give everyone, users, departments or query")
    return Audience(everyone=True) if everyone else named


def read_ids(name: str, ids: Sequence[str] | None) -> tuple[str, ...]:
    """Without blank lines; a single text would be taken apart into its letters."""
    if ids is None:
        return ()
    if isinstance(ids, str) or not isinstance(ids, Sequence) or not all(isinstance(each, str) for each in ids):
        raise ConfigurationError(f'{name} is a list of ids in quotes, such as ["1", "2"]')
    return tuple(_check_plain(name, each.strip()) for each in ids if each.strip())


def _check_plain(name: str, text: str) -> str:
    """What names something cannot be cleaned: it would name something else."""
    if clean(text) != text or set(text) & set("\n\t"):
        raise ConfigurationError(f"{name} holds a character that is not seen; write it without")
    return text


def read_instant(name: str, value: Instant, zone: ZoneInfo, *, of_a_day: time = time.min) -> datetime | None:
    """A day alone is that day at `of_a_day`."""
    if not value:
        return None
    if isinstance(value, str):
        value = _parse(name, value.strip(), of_a_day)
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _parse(name: str, text: str, of_a_day: time) -> datetime:
    with suppress(ValueError):  # it is no day alone
        return datetime.combine(date.fromisoformat(text), of_a_day)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{name} {text[:40]!r} is no date or time; write it like 2026-03-01 or 2026-03-01T18:00+08:00") from None


def _fill(settings: Settings, tenant: Tenant, template: str, variables: Mapping[str, object], written: Mapping[str, object]) -> Content:
    if given := [name for name, value in written.items() if value]:
        raise ConfigurationError(f"template {template!r} and {', '.join(given)} exclude each other: the template says all of it")
    if not isinstance(variables, Mapping):
        raise ConfigurationError(f'the variables of template {template!r} are names with values, such as {{"name": "value"}}')
    return render(
        load_template(settings.templates_folder, template),
        variables,
        platform=tenant.platform,
        escape_markdown=load_platform(tenant.platform).escape_markdown,
        zone=ZoneInfo(tenant.timezone),
    )
