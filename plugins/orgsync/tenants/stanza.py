"""What a stanza may say: one model for it and one for each part, from which the file is checked and its JSON Schema is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator
from pydantic.dataclasses import dataclass

from orgsync.errors import ConfigurationError
from orgsync.frames import DEPARTMENTS, USERS
from orgsync.platforms import load_platform
from orgsync.platforms.platform import Scope
from orgsync.tenants.alerting import Alerts
from orgsync.tenants.events import Events
from orgsync.tenants.spreading import spread_full_schedule, spread_schedule
from orgsync.tenants.values import (
    STRICT,
    Count,
    Cron,
    Hours,
    Identifier,
    Language,
    OnIncomplete,
    Percent,
    PlatformName,
    Timezone,
    mistake,
    refuse_key,
)

MAPPED_COLUMNS = {frame.name: set(frame.content) - {"attributes"} for frame in (USERS, DEPARTMENTS)}
MAPPED_KEY = r"^attributes\.."
LEAST_MESSAGE_DAYS = 35
"""What is sent counts against quotas of a month, and a message may be taken back or tried again for days."""
CHANGE_KINDS = ("joined", "returned", "left", "moved", "renamed")

# What is in quarantine is there or not, however long; a membership of someone who stays ends by a move, which is remembered.
REMEMBERED = ("leavers", "removed_departments", "moves", "renames", "changed_identities", "emptied_values")


@dataclass(frozen=True, config=STRICT)
class Allowance:
    """Exceeded only by more than `count` and by more than `percent`: small organizations are not nagged, large ones not overrun.

    It is for one sync, and for all syncs of `per_days` together; 0 days: for each sync alone.
    """

    count: Count
    percent: Percent
    per_days: Count = 7


def _describe_allowance(*keys: str) -> WithJsonSchema:
    """Any of its keys may be left out, and keeps its default."""
    count = {"type": "integer", "minimum": 0}
    known = {"count": count, "percent": {"type": "number", "minimum": 0, "maximum": 100}, "per_days": count}
    return WithJsonSchema({"type": "object", "properties": {key: known[key] for key in keys}, "additionalProperties": False})


Remembered = Annotated[Allowance, _describe_allowance("count", "percent", "per_days")]
Alone = Annotated[Allowance, _describe_allowance("count", "percent")]


@dataclass(frozen=True, config=STRICT)
class Budget:
    """What a tenant allows without asking. `missing_people` is how many of the platform's own head count may be hidden from the app."""

    missing_people: Annotated[Count, Field(description="How many of the platform's own head count may be hidden from the app")] = 0
    leavers: Annotated[Remembered, Field(description="People who leave")] = Allowance(10, 5)
    removed_departments: Annotated[Remembered, Field(description="Departments that are removed")] = Allowance(5, 10)
    moves: Annotated[Remembered, Field(description="People whose set of departments changes")] = Allowance(50, 20)
    lost_memberships: Annotated[Alone, Field(description="Memberships of people who stay that end")] = Allowance(50, 20, per_days=0)
    quarantined: Annotated[Alone, Field(description="People and departments in quarantine")] = Allowance(20, 5, per_days=0)
    renames: Annotated[Remembered, Field(description="People who were known by another name")] = Allowance(10, 5)
    changed_identities: Annotated[Remembered, Field(description="People who had another union id or job number")] = Allowance(10, 5)
    emptied_values: Annotated[Remembered, Field(description="Values of one column that are emptied, of those that were there")] = Allowance(
        10, 20
    )

    @field_validator(*REMEMBERED, "lost_memberships", "quarantined", mode="before")
    @classmethod
    def _fill_up(cls, value: Any, info: ValidationInfo) -> Any:
        """What is not given keeps its default, which is another one for each."""
        if not isinstance(value, dict):
            return value
        name = str(info.field_name)
        known = ("count", "percent", *(("per_days",) if name in REMEMBERED else ()))
        for key in value:
            if key not in known:
                raise mistake(refuse_key(name, key, known), key)
        default: Allowance = getattr(cls, name)
        return {"count": default.count, "percent": default.percent, "per_days": default.per_days} | value

    def per_days(self) -> dict[str, int]:
        """For how many days each budget that has a memory remembers."""
        return {name: getattr(self, name).per_days for name in REMEMBERED}


def _describe_days(least: int) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "integer", "minimum": least}, {"type": "null"}]})


@dataclass(frozen=True, config=STRICT)
class Retention:
    """How many days every snapshot is kept, how many days one a day, and how many months one a month (None: for ever).

    Days and months are those of the calendar, not hours: with `all_days` 14, all of today and of the 14 days before it stay. `messages` is
    how many days a message is kept after it ended: a year, for who asks what was sent asks within it, and nobody needs its text for longer.
    """

    all_days: Annotated[Count, Field(description="All snapshots are kept so many days")] = 14
    daily_days: Annotated[Count, Field(description="Then one a day, so many days; not below all_days")] = 365
    monthly_months: Annotated[Count | None, Field(description="Then one a month, so many months; null: for ever")] = None
    messages: Annotated[
        Count | None, _describe_days(LEAST_MESSAGE_DAYS), Field(description="Messages stay so many days after they ended; null: for ever")
    ] = 365


def _check_retention(retention: Retention) -> Retention:
    if retention.daily_days < retention.all_days:
        raise mistake(f"daily_days ({retention.daily_days}) must not be below all_days ({retention.all_days})")
    if retention.messages is not None and retention.messages < LEAST_MESSAGE_DAYS:
        least = f"must not be below {LEAST_MESSAGE_DAYS} days: platforms count what is sent in a month"
        raise mistake(f"messages ({retention.messages}) {least}")
    return retention


def _check_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    if strangers := set(kinds) - set(CHANGE_KINDS):
        raise mistake(f"{', '.join(sorted(strangers))} is no kind of change that is told; known are {', '.join(CHANGE_KINDS)}")
    return kinds


ChangeKinds = Annotated[
    tuple[str, ...], AfterValidator(_check_kinds), WithJsonSchema({"type": "array", "items": {"enum": list(CHANGE_KINDS)}})
]


@dataclass(frozen=True, config=STRICT)
class ChangeRule:
    """Changes of people of these kinds are told with a template, a message for each person.

    A sync that brings more than `most` of them tells none: it is a reorganization, or a mistake, and neither is news about a person.
    """

    template: Annotated[str, Field(description="The name of a message template")]
    kinds: Annotated[ChangeKinds, Field(description="Which changes are told")] = ("joined",)
    everyone: Annotated[bool, Field(strict=True, description="To everybody in the tenant")] = False
    users: Annotated[tuple[str, ...], Field(description="To these people: user ids")] = ()
    departments: Annotated[tuple[str, ...], Field(description="To these departments, with all below: department ids")] = ()
    query: Annotated[str, Field(description="To a saved audience: a row of notify.audience_query")] = ""
    most: Annotated[Count, Field(description="A sync that brings more of them tells none")] = 50

    @field_validator("template")
    @classmethod
    def _look_for_template(cls, name: str, info: ValidationInfo) -> str:
        """With the check that whoever reads the file gives along; this room knows no templates."""
        check = (info.context or {}).get("check_template")
        try:
            if check is not None:
                check(name)
        except ConfigurationError as error:
            raise mistake(str(error)) from None
        return name

    @model_validator(mode="after")
    def _tell_somebody(self) -> ChangeRule:
        if not (self.everyone or self.users or self.departments or self.query):
            raise mistake("a rule of change_messages needs somebody to tell: everyone, users, departments or query")
        return self

    def dedupe_key(self, change_id: str) -> str:
        """A change is told once, however often it is met."""
        return f"change:{change_id}:{self.template}"


FieldMapping = Mapping[str, Mapping[str, str]]


def _check_mapping(mapping: FieldMapping) -> FieldMapping:
    for frame, columns in mapping.items():
        if frame not in MAPPED_COLUMNS:
            raise mistake(refuse_key("mapping", frame, MAPPED_COLUMNS), frame)
        for column in columns:
            if column not in MAPPED_COLUMNS[frame] and not re.match(MAPPED_KEY, column):
                raise mistake(refuse_key(frame, column, {*MAPPED_COLUMNS[frame], "attributes.<key>"}), frame, column)
    return mapping


def _describe_mapping() -> WithJsonSchema:
    text = {"type": "string"}
    frames = {
        frame: {
            "type": "object",
            "properties": dict.fromkeys(sorted(columns), text),
            "patternProperties": {MAPPED_KEY: text},
            "additionalProperties": False,
        }
        for frame, columns in MAPPED_COLUMNS.items()
    }
    return WithJsonSchema({"type": "object", "properties": frames, "additionalProperties": False})


def _own_minute(description: str) -> Any:
    """Of a schedule that follows from the id where none is given: there is no default to show."""

    def hide_default(schema: dict[str, Any]) -> None:
        del schema["default"]

    return Field(default="", validate_default=True, description=description, json_schema_extra=hide_default)


@dataclass(frozen=True, config=STRICT)
class Tenant:
    """One organization on one platform. Both schedules are cron expressions in `timezone`; one that is not given follows from the id.

    `user_key` names the id that people are keyed by, on a platform that offers several; empty is the platform's first.
    `on_incomplete` says what becomes of a read that lacks a part: `fail`, or `add_only`: it adds and updates, and ends nothing.
    `approvers` may approve a plan over budget (users of Airflow, or ids of people who sign in by the organization), all who may edit its
    runs if none is named; after
    `approval_hours` without a word it is rejected. So many hours (`stale_after`) after a read was due, with no good one since, it is told
    that the tenant is stale. `change_messages` say which changes are told, and to whom; none is the default.
    """

    id: Annotated[Identifier, Field(description="Names the tenant everywhere: lower-case letters, digits and _")]
    platform: Annotated[PlatformName, Field(description="Where the organization is")]
    conn_id: Annotated[str, Field(description="The Airflow connection that holds the credentials")]
    schedule: Cron = _own_minute("Frequent reads: people and memberships; what is dear keeps its last value. Hourly if not given")
    full_schedule: Cron = _own_minute("Full reads: everything. Nightly, after 2, if not given")
    timezone: Annotated[Timezone, Field(description="Of both schedules, and of times that name no zone")] = "Asia/Shanghai"
    owner: Annotated[str, Field(description="Shown in Airflow")] = "orgsync"
    user_key: Annotated[str, Field(description="What people are keyed by, on a platform that offers several ids")] = ""
    scope: Annotated[
        Scope,
        Field(description="Which part is read: department ids or paths, each with its subtree; no include: all there is"),
    ] = field(default_factory=Scope)
    budget: Annotated[Budget, Field(description="Beyond which a sync waits for approval: more than count and more than percent")] = field(
        default_factory=Budget
    )
    on_incomplete: Annotated[OnIncomplete, Field(description="A read that lacks a part fails, or adds and updates and ends nothing")] = (
        "fail"
    )
    approvers: Annotated[
        tuple[str, ...], Field(description="Users of Airflow, or ids of people of the tenant, who may approve; none: all who may edit runs")
    ] = ()
    approval_hours: Annotated[Hours, Field(description="After which a plan that nobody approved is rejected")] = 12
    stale_after: Annotated[
        Hours, Field(description="So many hours after a read was due by either schedule, with no good one since, the tenant is stale")
    ] = 25
    language: Annotated[Language, Field(description="What Airflow shows of the tenant: English, Chinese, or both")] = "en"
    mapping: Annotated[
        FieldMapping,
        AfterValidator(_check_mapping),
        _describe_mapping(),
        Field(description="Fills a column, or a key of `attributes`, from a field of the platform's record"),
    ] = field(default_factory=dict)
    retention: Annotated[Retention, AfterValidator(_check_retention), Field(description="Which snapshots are kept")] = field(
        default_factory=Retention
    )
    events: Annotated[Events, Field(description="How the tenant receives what its platform pushes, and how soon it acts")] = field(
        default_factory=Events
    )
    change_messages: Annotated[tuple[ChangeRule, ...], Field(description="Which changes are told, and to whom")] = ()
    alerts: Annotated[Alerts, Field(description="Who is told of what goes wrong; in the defaults also of what concerns all tenants")] = (
        field(default_factory=Alerts)
    )

    @property
    def approver_ids(self) -> dict[str, str]:
        """By the ids that Airflow may know them by, their names here: a user of its own, or a person who signed in by the organization."""
        return {user_id: name for name in self.approvers for user_id in (name, f"{self.id}:{name}")}

    @field_validator("schedule", "full_schedule", mode="before")
    @classmethod
    def _spread(cls, cron: Any, info: ValidationInfo) -> Any:
        """Where the id is wrong, that is told; whose schedule it would be is then of no interest."""
        spread = spread_schedule if info.field_name == "schedule" else spread_full_schedule
        return spread(info.data.get("id", "")) if cron == "" else cron

    @field_validator("events")
    @classmethod
    def _check_events(cls, events: Events, info: ValidationInfo) -> Events:
        if events.receive == "stream" and (platform := info.data.get("platform")) and load_platform(platform).stream is None:
            raise mistake(f"{platform} has no stream of events; set `receive` to http", "receive")
        return events

    @field_validator("user_key")
    @classmethod
    def _check_user_key(cls, key: str, info: ValidationInfo) -> str:
        if key and (platform := info.data.get("platform")):
            keys = load_platform(platform).user_keys
            if not keys:
                raise mistake(f"people on {platform} have one id only; remove `user_key`")
            if key not in keys:
                raise mistake(f"user_key {key!r} is not one of {', '.join(keys)}")
        return key
