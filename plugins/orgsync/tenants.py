"""The tenants file: one stanza per organization, checked whole before anything uses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from croniter import croniter

from orgsync.errors import ConfigurationError
from orgsync.frames import DEPARTMENTS, USERS
from orgsync.landing.retention import Retention
from orgsync.outbox.change_rules import KINDS, ChangeRule, check_variables
from orgsync.platforms import PLATFORM_NAMES, load_platform
from orgsync.platforms.platform import Scope
from orgsync.sync.budget import REMEMBERED, Allowance, Budget
from orgsync.yaml_files import compose_yaml

IDENTIFIER = "abcdefghijklmnopqrstuvwxyz0123456789_"
MAPPED_COLUMNS = {frame.name: set(frame.content) - {"attributes"} for frame in (USERS, DEPARTMENTS)}
ON_INCOMPLETE = ("fail", "add_only")
RANDOM = re.compile(r"(?<![a-z])[rh](?![a-z])", re.IGNORECASE)  # croniter's own: another minute each time it is asked
NULL, BOOLEAN, INTEGER = (f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int"))


@dataclass(frozen=True)
class Tenant:
    """One organization on one platform. Both schedules are cron expressions in `timezone`.

    `user_key` names the id that people are keyed by, on a platform that offers several; empty is the platform's first.
    `on_incomplete` says what becomes of a read that lacks a part: `fail`, or `add_only`: it adds and updates, and ends nothing.
    `approvers` are the users of Airflow who may approve a plan over budget, all who may edit its runs if none is named; after
    `approval_hours` without a word it is rejected. `change_messages` say which changes are told, and to whom; none is the default.
    """

    id: str
    platform: str
    conn_id: str
    schedule: str = "7 * * * *"
    full_schedule: str = "37 2 * * *"
    timezone: str = "Asia/Shanghai"
    owner: str = "orgsync"
    user_key: str = ""
    scope: Scope = field(default_factory=Scope)
    budget: Budget = field(default_factory=Budget)
    on_incomplete: str = "fail"
    approvers: tuple[str, ...] = ()
    approval_hours: int = 12
    mapping: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    retention: Retention = field(default_factory=Retention)
    change_messages: tuple[ChangeRule, ...] = ()


def load_tenants(path: Path, templates_folder: Path | None = None) -> list[Tenant]:
    """Raises ConfigurationError naming file, line and what to write instead.

    With the folder of message templates, those that `change_messages` name are looked for there. A template that is itself wrong keeps no
    tenant from loading: it says so when it is used.
    """
    root = compose_yaml(path, what="tenants file", missing="write one, or set ORGSYNC_TENANTS")
    return _Reader(path, templates_folder).read_file(root)


def find_tenant(tenants: list[Tenant], tenant_id: str) -> Tenant:
    for tenant in tenants:
        if tenant.id == tenant_id:
            return tenant
    known = ", ".join(tenant.id for tenant in tenants) or "none"
    raise ConfigurationError(f"there is no tenant {tenant_id!r}; the tenants file has: {known}")


@dataclass(frozen=True)
class _Reader:
    """Turns YAML nodes into tenants; nodes know their lines, plain dictionaries would not."""

    path: Path
    templates_folder: Path | None = None

    def read_file(self, root: yaml.Node | None) -> list[Tenant]:
        if root is None:
            raise ConfigurationError(f"{self.path} is empty; write a list under the key `tenants`")
        stanzas = self._mapping(root, {"tenants"}, "the file").get("tenants")
        if not isinstance(stanzas, yaml.SequenceNode):
            raise self._error(stanzas or root, "`tenants` must be a list of stanzas")
        tenants: list[Tenant] = []
        for node in stanzas.value:
            tenant = self._read_tenant(node)
            if any(tenant.id == other.id for other in tenants):
                raise self._error(node, f"tenant {tenant.id!r} is there twice; ids must differ")
            tenants.append(tenant)
        return tenants

    def _read_tenant(self, node: yaml.Node) -> Tenant:
        nodes = self._mapping(node, {known.name for known in fields(Tenant)}, "a tenant")
        for required in ("id", "platform", "conn_id"):
            if required not in nodes:
                raise self._error(node, f"a tenant needs `{required}`")
        checks: dict[str, Callable[[yaml.Node], Any]] = {
            "id": self._identifier,
            "platform": self._platform,
            "schedule": self._cron,
            "full_schedule": self._cron,
            "timezone": self._timezone,
            "scope": self._scope,
            "budget": self._budget,
            "mapping": self._field_mapping,
            "retention": self._retention,
            "on_incomplete": self._on_incomplete,
            "approvers": partial(self._list, of="user names"),
            "approval_hours": self._hours,
            "change_messages": self._change_messages,
        }
        values: dict[str, Any] = {name: checks.get(name, self._text)(value) for name, value in nodes.items()}
        if "user_key" in values:
            self._check_user_key(nodes["user_key"], values["platform"])
        return Tenant(**values)

    def _mapping(self, node: yaml.Node, known: set[str], what: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, f"{what} must be a list of `key: value` lines")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self._text(key)
            if name not in known:
                raise self._error(key, f"{what} has no key {name!r}; known are {', '.join(sorted(known))}")
            if name in found:
                raise self._error(key, f"the key {name!r} is there twice")
            found[name] = value
        return found

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag in (NULL, BOOLEAN) or not node.value.strip():
            raise self._error(node, "a text is expected here")
        return str(node.value)

    def _identifier(self, node: yaml.Node) -> str:
        text = self._text(node)
        if not set(text) <= set(IDENTIFIER):
            raise self._error(node, f"the id {text!r} may hold only lower-case letters, digits and _")
        return text

    def _platform(self, node: yaml.Node) -> str:
        text = self._text(node)
        if text not in PLATFORM_NAMES:
            raise self._error(node, f"platform {text!r} is not one of {', '.join(PLATFORM_NAMES)}")
        return text

    def _check_user_key(self, node: yaml.Node, platform: str) -> None:
        keys = load_platform(platform).user_keys
        if not keys:
            raise self._error(node, f"people on {platform} have one id only; remove `user_key`")
        if node.value not in keys:
            raise self._error(node, f"user_key {node.value!r} is not one of {', '.join(keys)}")

    def _cron(self, node: yaml.Node) -> str:
        text = " ".join(self._text(node).split())
        if text.count(" ") != 4 or RANDOM.search(text) or not croniter.is_valid(text):
            raise self._error(node, f"{text!r} is no cron expression (five fields: minute, hour, day, month, weekday)")
        if not croniter.is_valid(text, strict=True):
            raise self._error(node, f"{text!r} names a day that never comes")
        return text

    def _timezone(self, node: yaml.Node) -> str:
        text = self._text(node)
        try:
            ZoneInfo(text)
        except (KeyError, ValueError, OSError):  # OSError: the name of a folder, such as Asia
            raise self._error(node, f"there is no timezone {text!r}; write one like Asia/Shanghai") from None
        return text

    def _scope(self, node: yaml.Node) -> Scope:
        nodes = self._mapping(node, {known.name for known in fields(Scope)}, "scope")
        lists = {name: self._list(nodes[name], of="department ids") for name in ("include", "exclude") if name in nodes}
        linked = "linked_organizations" in nodes and self._flag(nodes["linked_organizations"])
        return Scope(**lists, linked_organizations=linked)

    def _list(self, node: yaml.Node, *, of: str) -> tuple[str, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, f"a list of {of} is expected here")
        return tuple(self._text(item) for item in node.value)

    def _field_mapping(self, node: yaml.Node) -> dict[str, dict[str, str]]:
        frames = self._mapping(node, set(MAPPED_COLUMNS), "mapping")
        return {
            name: {column: self._text(source) for column, source in self._mapping(part, MAPPED_COLUMNS[name], name).items()}
            for name, part in frames.items()
        }

    def _budget(self, node: yaml.Node) -> Budget:
        nodes = self._mapping(node, {known.name for known in fields(Budget)}, "budget")
        read: dict[str, Any] = {
            name: self._count(value) if name == "missing_people" else self._allowance(value, name) for name, value in nodes.items()
        }
        return Budget(**read)

    def _allowance(self, node: yaml.Node, name: str) -> Allowance:
        """What is not given keeps its default."""
        nodes = self._mapping(node, {"count", "percent", *(("per_days",) if name in REMEMBERED else ())}, name)
        known: Allowance = getattr(Budget(), name)
        return Allowance(
            per_days=self._count(nodes["per_days"]) if "per_days" in nodes else known.per_days,
            count=self._count(nodes["count"]) if "count" in nodes else known.count,
            percent=self._percent(nodes["percent"]) if "percent" in nodes else known.percent,
        )

    def _percent(self, node: yaml.Node) -> float:
        try:
            percent = float(self._text(node))
        except ValueError:
            percent = -1.0
        if not 0 <= percent <= 100:
            raise self._error(node, "a percentage from 0 to 100 is expected here")
        return percent

    def _on_incomplete(self, node: yaml.Node) -> str:
        text = self._text(node)
        if text not in ON_INCOMPLETE:
            raise self._error(node, f"on_incomplete {text!r} is not one of {', '.join(ON_INCOMPLETE)}")
        return text

    def _hours(self, node: yaml.Node) -> int:
        hours = self._count(node)
        if hours < 1:
            raise self._error(node, "a number of hours, 1 or more, is expected here")
        return hours

    def _retention(self, node: yaml.Node) -> Retention:
        nodes = self._mapping(node, {known.name for known in fields(Retention)}, "retention")
        for_ever = {name for name, value in nodes.items() if name == "monthly_months" and value.tag == NULL}
        values: dict[str, Any] = {name: self._count(value) for name, value in nodes.items() if name not in for_ever}
        retention = Retention(**values)
        if retention.daily_days < retention.all_days:
            raise self._error(node, f"daily_days ({retention.daily_days}) must not be below all_days ({retention.all_days})")
        return retention

    def _change_messages(self, node: yaml.Node) -> tuple[ChangeRule, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(node, "a list of rules is expected here, such as `- {template: joined, kinds: [joined], everyone: true}`")
        return tuple(self._change_rule(item) for item in node.value)

    def _change_rule(self, node: yaml.Node) -> ChangeRule:
        nodes = self._mapping(node, {known.name for known in fields(ChangeRule)}, "a rule of change_messages")
        if "template" not in nodes:
            raise self._error(node, "a rule of change_messages needs `template`, the name of a message template")
        checks: dict[str, Callable[[yaml.Node], Any]] = {
            "kinds": self._change_kinds,
            "everyone": self._flag,
            "users": partial(self._list, of="user ids"),
            "departments": partial(self._list, of="department ids"),
            "most": self._count,
        }
        self._check_template(nodes["template"])
        rule = ChangeRule(**{name: checks.get(name, self._text)(value) for name, value in nodes.items()})
        if not (rule.everyone or rule.users or rule.departments or rule.query):
            raise self._error(node, "a rule of change_messages needs somebody to tell: everyone, users, departments or query")
        return rule

    def _check_template(self, node: yaml.Node) -> None:
        if self.templates_folder is None:
            return

        from orgsync.templates.files import list_templates, load_template

        name = self._text(node)
        if name not in (known := list_templates(self.templates_folder)):
            listed = ", ".join(known) or "none"
            raise self._error(node, f"there is no message template {name!r} in {self.templates_folder}; there are: {listed}")
        try:
            variables = load_template(self.templates_folder, name).variables
        except ConfigurationError:
            return
        try:
            check_variables(name, variables)
        except ConfigurationError as error:
            raise self._error(node, str(error)) from None

    def _change_kinds(self, node: yaml.Node) -> tuple[str, ...]:
        kinds = self._list(node, of="kinds of change")
        if strangers := set(kinds) - set(KINDS):
            raise self._error(node, f"{', '.join(sorted(strangers))} is no kind of change that is told; known are {', '.join(KINDS)}")
        return kinds

    def _count(self, node: yaml.Node) -> int:
        if node.tag != INTEGER or not str(node.value).isdecimal():
            raise self._error(node, "a number, 0 or more, is expected here")
        return int(node.value)

    def _flag(self, node: yaml.Node) -> bool:
        if node.tag != BOOLEAN:
            raise self._error(node, "true or false is expected here")
        return str(node.value).lower() in ("true", "yes", "on")

    def _error(self, node: yaml.Node, text: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path}, line {node.start_mark.line + 1}: {text}")
