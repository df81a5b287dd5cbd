"""Translates a schedule of Quartz (six or seven fields, seconds first, Sunday is 1) into a cron expression, exactly or not at all.

Each field becomes the set of values that it means, and is written anew: what Quartz and cron write alike and mean differently (weekdays,
ranges over midnight, `5/10`) cannot slip through. As in https://www.quartz-scheduler.org/documentation (CronTrigger).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from orgsync.errors import ConfigurationError

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class _Field:
    """`first` to `last` are Quartz's numbers; cron's are less by `shift`."""

    name: str
    first: int
    last: int
    names: Mapping[str, int]
    shift: int = 0


_SECOND = _Field("seconds", 0, 59, {})
_FIELDS = (
    _Field("minutes", 0, 59, {}),
    _Field("hours", 0, 23, {}),
    _Field("day of month", 1, 31, {}),
    _Field("month", 1, 12, {name: number for number, name in enumerate(MONTHS, start=1)}),
    _Field("day of week", 1, 7, {name: number for number, name in enumerate(WEEKDAYS, start=1)}, shift=1),
)
_DAY, _WEEKDAY = 2, 4


@dataclass(frozen=True)
class Translated:
    """The cron expression; `second` is the second of the minute at which Quartz would have started, which cron cannot say."""

    cron: str
    second: int = 0


def translate_quartz(expression: str) -> Translated:
    """Raises ConfigurationError saying what cron cannot express."""
    parts = expression.upper().split()
    if len(parts) not in (6, 7):
        raise _refuse(expression, f"it has {len(parts)} fields, and Quartz has six or seven")
    if len(parts) == 7 and parts[6] not in ("*", "?"):
        raise _refuse(expression, "it names years, and cron has none")
    second, *fields = parts[:6]
    seconds = _read(expression, _SECOND, second)
    if len(seconds) != 1:
        raise _refuse(expression, "it runs several times a minute, and cron once at most")
    days, weekdays = fields[_DAY], fields[_WEEKDAY]
    if days not in ("*", "?") and weekdays not in ("*", "?"):
        raise _refuse(expression, "it names days of the month and of the week, which Quartz itself does not take")
    values = [_read(expression, field, "*" if text == "?" else text) for field, text in zip(_FIELDS, fields, strict=True)]
    return Translated(" ".join(_write(field, value) for field, value in zip(_FIELDS, values, strict=True)), next(iter(seconds)))


def _read(expression: str, field: _Field, text: str) -> frozenset[int]:
    """The values that a field means."""
    return frozenset(value for part in text.split(",") for value in _read_part(expression, field, part))


def _read_part(expression: str, field: _Field, text: str) -> Sequence[int]:
    """One of `*`, `5`, `MON`, `5-10`, `22-2`, each with a step: `5/10` is from 5 to the last by tens."""
    span, has_step, step_text = text.partition("/")
    step = _number(expression, field, step_text) if has_step else 1
    if step < 1:
        raise _refuse(expression, f"a step of {step_text!r} in its {field.name} leads nowhere")
    if span == "*":
        return range(field.first, field.last + 1, step)
    start, is_range, end = span.partition("-")
    first = _value(expression, field, start)
    if not is_range:
        return range(first, field.last + 1, step) if has_step else (first,)
    last = _value(expression, field, end)
    size = field.last - field.first + 1
    ahead = (last - first) % size
    return [(first - field.first + offset) % size + field.first for offset in range(0, ahead + 1, step)]


def _value(expression: str, field: _Field, text: str) -> int:
    value = field.names[text] if text in field.names else _number(expression, field, text)
    if not field.first <= value <= field.last:
        raise _refuse(expression, f"{text} is none of its {field.name}, which go from {field.first} to {field.last}")
    return value


def _number(expression: str, field: _Field, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        what = "the last, the nearest working or the n-th day" if any(sign in text for sign in "LW#") else f"{text!r}"
        raise _refuse(expression, f"its {field.name} say {what}, and cron cannot")
    return int(text)


def _write(field: _Field, values: frozenset[int]) -> str:
    """As short as it is read at once: all, every n-th from the first, a range, or a list."""
    listed = sorted(values)
    if len(listed) == field.last - field.first + 1:
        return "*"
    shown = [value - field.shift for value in listed]
    steps = {after - before for before, after in pairwise(listed)}
    if len(listed) > 2 and len(steps) == 1:
        step = steps.pop()
        if step > 1 and listed[0] == field.first and listed[-1] + step > field.last:
            return f"*/{step}"
        if step == 1:
            return f"{shown[0]}-{shown[-1]}"
    return ",".join(map(str, shown))


def _refuse(expression: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"the schedule {expression!r} cannot be carried over: {why}; write a cron expression of five fields")
