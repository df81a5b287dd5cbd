"""Renders the templates of include/pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from orgsync.pages.wording import say, say_or_keep
from orgsync.settings import INCLUDE

FOLDER = INCLUDE / "pages"
STATIC = FOLDER / "static"


def render(template: str, language: str, values: Mapping[str, Any]) -> str:
    words = {"say": partial(say, language), "word": partial(say_or_keep, language), "language": language}
    return _environment().get_template(template).render(words | dict(values))


@cache
def digest_static(name: str) -> str:
    """Makes the address of a file another one when its content is."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": show_moment, "ago": show_age, "number": show_number, "seconds": show_seconds}
    environment.globals["digest"] = digest_static
    return environment


@pass_context
def show_moment(context: Context, instant: datetime | None) -> str:
    """In the tenant's time zone, to the minute."""
    if instant is None:
        return ""
    return instant.astimezone(ZoneInfo(context["visit"].timezone)).strftime("%Y-%m-%d %H:%M")


@pass_context
def show_age(context: Context, instant: datetime | None) -> str:
    """How long ago something was, in its largest unit."""
    if instant is None:
        return str(context["say"]("age.never"))
    return str(context["say"]("age.ago", span=_span(context, datetime.now(UTC) - instant)))


def _span(context: Context, age: timedelta) -> str:
    seconds = max(int(age.total_seconds()), 0)
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return str(context["say"](f"age.{unit}", count=seconds // size))
    return str(context["say"]("age.seconds", count=seconds))


def show_number(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


def show_seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f} s"


def list_static() -> dict[str, Path]:
    return {path.name: path for path in sorted(STATIC.iterdir())}
