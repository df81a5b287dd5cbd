"""Reads the tenants file: the stanzas that are right, and what is wrong with the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from orgsync.errors import ConfigurationError
from orgsync.tenants.excerpt import keep_stanzas_of
from orgsync.tenants.nodes import Mistake, Plain, find_line, line_of
from orgsync.tenants.stanza import Tenant
from orgsync.tenants.values import refuse_key
from orgsync.tenants.wording import word
from orgsync.yaml_files import compose_yaml

CheckTemplate = Callable[[str], None]
"""Raises ConfigurationError where a rule of change_messages cannot use the template of that name."""

STANZA: TypeAdapter[Tenant] = TypeAdapter(Tenant)
KEPT = ("schedule", "full_schedule", "timezone", "owner", "language")


@dataclass(frozen=True)
class BrokenStanza:
    """A stanza that nothing may be done by until somebody mends it. Whatever its mistakes are, its tenant is in the file.

    `tenant_id` is empty where even that cannot be read. The rest is what its DAG is shown with: the stanza's own, as far as that is right.
    """

    path: Path
    mistakes: tuple[Mistake, ...]
    tenant_id: str = ""
    schedule: str = Tenant.schedule
    full_schedule: str = Tenant.full_schedule
    timezone: str = Tenant.timezone
    owner: str = Tenant.owner
    language: str = Tenant.language

    def __str__(self) -> str:
        """All that is wrong, a line for each, with file and line."""
        return "\n".join(f"{self.path}, line {mistake.line}: {mistake.text}" for mistake in self.mistakes)

    @property
    def reason(self) -> str:
        """Why something else cannot be done, in one line."""
        return f"its stanza is wrong: {'; '.join(str(self).splitlines())}"


@dataclass(frozen=True)
class Stanzas:
    """What the tenants file holds."""

    tenants: tuple[Tenant, ...]
    broken: tuple[BrokenStanza, ...] = ()

    @property
    def owners(self) -> dict[str, str]:
        """Of each tenant that is in the file, also where its stanza is wrong, as far as its id can be read."""
        right = {tenant.id: tenant.owner for tenant in self.tenants}
        return right | {stanza.tenant_id: stanza.owner for stanza in self.broken if stanza.tenant_id}

    @property
    def languages(self) -> list[str]:
        """What the tenants want to be spoken to in."""
        return [*(tenant.language for tenant in self.tenants), *(stanza.language for stanza in self.broken)]

    @property
    def names_all(self) -> bool:
        """Whether a tenant that is not among `owners` is not in the file. A stanza without a readable id may be anybody's."""
        return all(stanza.tenant_id for stanza in self.broken)


def read_stanzas(path: Path, check_template: CheckTemplate | None = None) -> Stanzas:
    """A mistake in a stanza is that stanza's. Raises ConfigurationError, naming file and line, where the file is no list of stanzas.

    With `check_template`, the templates that `change_messages` name are tried.
    """
    return _read_stanzas(path, check_template)


def read_stanzas_of(path: Path, tenant_id: str) -> Stanzas:
    """At least this tenant's, if there is one: the same as of the whole file, and the others are not even parsed where that can be."""
    found = _read_stanzas(path, excerpt=lambda text: keep_stanzas_of(text, tenant_id) or text)
    return found if tenant_id in found.owners else read_stanzas(path)


def read_tenant(path: Path, tenant_id: str) -> Tenant:
    """Raises ConfigurationError where there is none, or with what is wrong with its stanza."""
    return find_tenant(read_stanzas_of(path, tenant_id), tenant_id)


def _read_stanzas(path: Path, check_template: CheckTemplate | None = None, *, excerpt: Callable[[str], str] = str) -> Stanzas:
    root = compose_yaml(path, what="tenants file", missing="write one, or set ORGSYNC_TENANTS", excerpt=excerpt)
    read = [_read_stanza(node, check_template) for node in _list_stanzas(path, root)]
    by_id: dict[str, list[_Read]] = defaultdict(list)
    for each in read:
        by_id[each.tenant_id].append(each)
    apart = [[each] for each in by_id.pop("", [])]
    return Stanzas(
        tuple(same[0].tenant for same in by_id.values() if len(same) == 1 and same[0].tenant),
        tuple(_break(path, same) for same in (*by_id.values(), *apart) if len(same) > 1 or same[0].tenant is None),
    )


def load_tenants(path: Path, check_template: CheckTemplate | None = None) -> list[Tenant]:
    """All tenants of the file; raises ConfigurationError with every mistake where there is one."""
    stanzas = read_stanzas(path, check_template)
    if stanzas.broken:
        raise ConfigurationError("\n".join(map(str, stanzas.broken)))
    return list(stanzas.tenants)


def find_tenant(stanzas: Stanzas, tenant_id: str) -> Tenant:
    """Raises ConfigurationError where there is none, or with what is wrong with its stanza."""
    for tenant in stanzas.tenants:
        if tenant.id == tenant_id:
            return tenant
    for stanza in stanzas.broken:
        if stanza.tenant_id == tenant_id:
            raise ConfigurationError(str(stanza))
    known = ", ".join(stanzas.owners) or "none"
    nameless = "".join(f"\n{stanza}" for stanza in stanzas.broken if not stanza.tenant_id)
    raise ConfigurationError(f"there is no tenant {tenant_id!r}; the tenants file has: {known}{nameless}")


@dataclass(frozen=True)
class _Read:
    """One stanza as it was read: a tenant, or mistakes. `kept` is what a broken one is shown with."""

    line: int
    tenant_id: str
    tenant: Tenant | None
    mistakes: tuple[Mistake, ...]
    kept: dict[str, str]


def _list_stanzas(path: Path, root: yaml.Node | None) -> Sequence[yaml.Node]:
    if root is None:
        raise ConfigurationError(f"{path} is empty; write a list under the key `tenants`")
    if not isinstance(root, yaml.MappingNode):
        raise _error(path, line_of(root), "the file must be a list of `key: value` lines")
    found: dict[str, yaml.Node] = {}
    for key, value in root.value:
        if key.value != "tenants":
            raise _error(path, line_of(key), refuse_key("the file", str(key.value), ["tenants"]))
        if key.value in found:
            raise _error(path, line_of(key), "the key 'tenants' is there twice")
        found[key.value] = value
    stanzas = found.get("tenants", root)
    if not isinstance(stanzas, yaml.SequenceNode):
        raise _error(path, line_of(stanzas), "`tenants` must be a list of stanzas")
    return list(stanzas.value)


def _error(path: Path, line: int, text: str) -> ConfigurationError:
    return ConfigurationError(f"{path}, line {line}: {text}")


def _read_stanza(node: yaml.Node, check_template: CheckTemplate | None) -> _Read:
    plain = Plain()
    value = plain.value_of(node)
    tenant, errors = None, []
    try:
        tenant = STANZA.validate_python(value, context={"check_template": check_template})
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
    if tenant is not None and not plain.mistakes:
        return _Read(line_of(node), tenant.id, tenant, (), {})
    wrong = plain.doubled.union(*(error["loc"][:1] for error in errors))
    right = {key: str(each) for key, each in value.items() if key not in wrong} if isinstance(value, dict) else {}
    mistakes = {*plain.mistakes, *(_find_mistake(node, error) for error in errors)}
    return _Read(line_of(node), right.get("id", ""), None, tuple(mistakes), {key: right[key] for key in KEPT if key in right})


def _find_mistake(node: yaml.Node, error: Any) -> Mistake:
    at, text, of_key = word(error["type"], error["loc"], error.get("ctx", {}))
    return Mistake(find_line(node, at, of_key=of_key), text)


def _break(path: Path, same: Sequence[_Read]) -> BrokenStanza:
    """Of several stanzas with one id none counts: nobody knows which is meant."""
    tenant_id = same[0].tenant_id
    twice = [Mistake(each.line, f"tenant {tenant_id!r} is there twice; ids must differ") for each in same[1:]]
    mistakes = sorted({mistake for each in same for mistake in each.mistakes} | set(twice))
    return BrokenStanza(path, tuple(mistakes), tenant_id, **same[0].kept)
