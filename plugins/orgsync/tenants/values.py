"""The kinds of value that a stanza holds: what each may be, and what is said of one that it may not be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from orgsync.platforms import PLATFORM_NAMES

STRICT = ConfigDict(extra="forbid")
ON_INCOMPLETE = ("fail", "add_only")
LANGUAGES = ("en", "zh", "both")
IDENTIFIER = "abcdefghijklmnopqrstuvwxyz0123456789_"
RANDOM = re.compile(r"(?<![a-z])[rh](?![a-z])", re.IGNORECASE)  # croniter's own: another minute each time it is asked


class Digits(str):
    """A whole number of the file, as it is written: the id 007 is a text all the same."""

    __slots__ = ()


def mistake(text: str, *at: str) -> PydanticCustomError:
    """What is wrong, in our words; `at` leads from the value that is looked at to a key in it that is meant."""
    return PydanticCustomError("mistake", "{text}", {"text": text, "at": at})


def refuse_key(what: str, key: str, known: Iterable[str]) -> str:
    known = sorted(known)
    close = get_close_matches(key, known, n=1)
    meant = f" (is {close[0]!r} meant?)" if close else ""
    return f"{what} has no key {key!r}{meant}; known are {', '.join(known)}"


def _check_identifier(text: str) -> str:
    if not text or not set(text) <= set(IDENTIFIER):
        raise mistake(f"the id {text!r} may hold only lower-case letters, digits and _")
    return text


def _check_platform(text: str) -> str:
    if text not in PLATFORM_NAMES:
        raise mistake(f"platform {text!r} is not one of {', '.join(PLATFORM_NAMES)}")
    return text


def _check_cron(text: str) -> str:
    text = " ".join(text.split())
    if text.count(" ") != 4 or RANDOM.search(text) or not croniter.is_valid(text):
        raise mistake(f"{text!r} is no cron expression (five fields: minute, hour, day, month, weekday)")
    if not croniter.is_valid(text, strict=True):
        raise mistake(f"{text!r} names a day that never comes")
    return text


def _check_timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder, such as Asia
        raise mistake(f"there is no timezone {text!r}; write one like Asia/Shanghai") from None
    return text


def _read_count(value: Any) -> int:
    if isinstance(value, Digits) or (type(value) is int and value >= 0):
        return int(value)
    raise mistake("a number, 0 or more, is expected here")


def _read_percent(value: Any) -> float:
    try:
        percent = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        percent = -1.0
    if not 0 <= percent <= 100:
        raise mistake("a percentage from 0 to 100 is expected here")
    return percent


def _check_on_incomplete(text: str) -> str:
    if text not in ON_INCOMPLETE:
        raise mistake(f"on_incomplete {text!r} is not one of {', '.join(ON_INCOMPLETE)}")
    return text


def _check_language(text: str) -> str:
    if text not in LANGUAGES:
        raise mistake(f"language {text!r} is not one of {', '.join(LANGUAGES)}")
    return text


def _check_hours(hours: int) -> int:
    if hours < 1:
        raise mistake("a number of hours, 1 or more, is expected here")
    return hours


Identifier = Annotated[str, AfterValidator(_check_identifier), Field(json_schema_extra={"pattern": "^[a-z0-9_]+$"})]
PlatformName = Annotated[str, AfterValidator(_check_platform), WithJsonSchema({"type": "string", "enum": list(PLATFORM_NAMES)})]
Cron = Annotated[str, AfterValidator(_check_cron), WithJsonSchema({"type": "string", "pattern": r"^\s*(\S+\s+){4}\S+\s*$"})]
Timezone = Annotated[str, AfterValidator(_check_timezone), WithJsonSchema({"type": "string"})]
Count = Annotated[int, BeforeValidator(_read_count), WithJsonSchema({"type": "integer", "minimum": 0})]
Hours = Annotated[int, BeforeValidator(_read_count), AfterValidator(_check_hours), WithJsonSchema({"type": "integer", "minimum": 1})]
Percent = Annotated[float, BeforeValidator(_read_percent), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100})]
Language = Annotated[str, AfterValidator(_check_language), WithJsonSchema({"type": "string", "enum": list(LANGUAGES)})]
OnIncomplete = Annotated[str, AfterValidator(_check_on_incomplete), WithJsonSchema({"type": "string", "enum": list(ON_INCOMPLETE)})]
