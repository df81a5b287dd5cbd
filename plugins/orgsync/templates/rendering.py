"""Message templates: one YAML file each, its texts written in Jinja, rendered for a platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, tzinfo
from types import TracebackType
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from jinja2 import TemplateRuntimeError

from orgsync.errors import ConfigurationError
from orgsync.platforms.sending.messages import Content
from orgsync.templates.expressions import Expressions, expressions_for
from orgsync.templates.files import TEXTS, Source, Template
from orgsync.templates.files import list_templates as list_templates
from orgsync.templates.files import load_template as load_template
from orgsync.templates.values import copy_plain

SHANGHAI = ZoneInfo("Asia/Shanghai")


def render(
    template: Template,
    variables: Mapping[str, object],
    *,
    platform: str,
    escape_markdown: Callable[[str], str],
    zone: tzinfo = SHANGHAI,
) -> Content:
    """Raises ConfigurationError naming template and variable. A due time that names no zone is in `zone`."""
    values = _take_values(template, variables)
    filled = {name: _fill(template, name, values, platform, escape_markdown) for name in TEXTS}
    return Content(
        kind=template.kind,
        title=" ".join(filled["title"].split()),
        body=filled["body"].strip("\n"),
        url=filled["url"].strip(),
        due_at=_read_due(template, filled["due_at"].strip(), zone),
    )


def _take_values(template: Template, variables: Mapping[str, object]) -> dict[str, Any]:
    if unknown := sorted(set(variables) - set(template.variables)):
        known = ", ".join(template.variables) or "none"
        raise ConfigurationError(f"template {template.name!r} has no variable {unknown[0]!r}; it has: {known}")
    return {name: _take_value(template, name, variables) for name in template.variables}


def _take_value(template: Template, name: str, variables: Mapping[str, object]) -> Any:
    variable = template.variables[name]
    if name not in variables and variable.is_required:
        raise ConfigurationError(f"template {template.name!r} needs the variable {name!r} ({variable.description})")
    try:
        return copy_plain(variables[name]) if name in variables else variable.default
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"template {template.name!r}: variable {name!r} {error}") from error


def _fill(template: Template, name: str, values: Mapping[str, Any], platform: str, escape_markdown: Callable[[str], str]) -> str:
    source = template.overrides.get(platform, {}).get(name) or template.sources.get(name, Source())
    expressions = expressions_for(name, template.kind, escape_markdown)
    try:
        return expressions.fill(source.text, values)
    except Exception as error:  # whatever an expression can do wrong
        _blame(template, name, source, expressions, error)


def _blame(template: Template, name: str, source: Source, expressions: Expressions, error: Exception) -> NoReturn:
    """Python's errors may show a value, and the value may be personal: of those only the kind is told."""
    reason = str(error) if isinstance(error, TemplateRuntimeError | TypeError) else type(error).__name__
    number = _line_in_text(error.__traceback__)
    used = [variable for variable in expressions.find_names(source.text, line=number) if variable in template.variables]
    hint = f" (variables there: {', '.join(used)})" if used else ""
    raise ConfigurationError(
        f"template {template.name!r} cannot be filled: {template.path}, line {source.line_of(number)}, {name}: {reason}{hint}"
    ) from error


def _line_in_text(trace: TracebackType | None) -> int:
    """Jinja gives its frames the lines of the template."""
    number = 1
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            number = trace.tb_lineno
        trace = trace.tb_next
    return number


def _read_due(template: Template, text: str, zone: tzinfo) -> datetime | None:
    """A day alone is due at its end."""
    if not text:
        return None
    try:
        due = _end_of_day(text) or datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"template {template.name!r}: due_at is no date or time; write it like 2026-03-01 or 2026-03-01T18:00+08:00"
        ) from None
    return due if due.tzinfo else due.replace(tzinfo=zone)


def _end_of_day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), time(23, 59))
    except ValueError:
        return None
