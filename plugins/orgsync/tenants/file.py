"""Reads the tenants file, or a folder of them: the stanzas that are right, and what is wrong with the others."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from orgsync.errors import ConfigurationError
from orgsync.tenants.alerting import Alerts
from orgsync.tenants.excerpt import keep_stanzas_of
from orgsync.tenants.merging import fill_up
from orgsync.tenants.nodes import Mistake, Plain, find_node, line_of, path_of, point_at
from orgsync.tenants.sources import DEFAULTS, Source, Sources, read_sources
from orgsync.tenants.spreading import spread_full_schedule, spread_schedule
from orgsync.tenants.stanza import Tenant
from orgsync.tenants.values import refuse_key
from orgsync.tenants.wording import word
from orgsync.yaml_files import compose_content

CheckTemplate = Callable[[str], None]
"""Raises ConfigurationError where a rule of change_messages cannot use the template of that name."""

STANZA: TypeAdapter[Tenant] = TypeAdapter(Tenant)
ALERTS: TypeAdapter[Alerts] = TypeAdapter(Alerts)
KEPT = ("schedule", "full_schedule", "timezone", "owner", "language")
KEYS = ("tenants", "defaults")
ID = re.compile(r"""(?<![\w.])["']?id["']?\ *:\ *["']?([a-z0-9_]+)["']?\ *(?=[,}#]|$)""", re.MULTILINE | re.VERBOSE)
COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


@dataclass(frozen=True)
class BrokenStanza:
    """A stanza that nothing may be done by until somebody mends it. Whatever its mistakes are, its tenant is in the file.

    `tenant_id` is empty where even that cannot be read. The rest is what its DAG is shown with: the stanza's own, as far as that is right.
    """

    mistakes: tuple[Mistake, ...]
    tenant_id: str = ""
    schedule: str = ""
    full_schedule: str = ""
    timezone: str = Tenant.timezone
    owner: str = Tenant.owner
    language: str = Tenant.language

    def __str__(self) -> str:
        """All that is wrong, a line for each, with file and line."""
        return "\n".join(map(str, self.mistakes))

    @property
    def reason(self) -> str:
        """Why something else cannot be done, in one line."""
        return f"its stanza is wrong: {'; '.join(str(self).splitlines())}"


@dataclass(frozen=True)
class Stanzas:
    """What the tenants file holds.

    `alerts` are those of its defaults (a folder's: of `defaults.yaml`): who is told of what concerns all tenants. Where they are wrong,
    they are empty, and `mistakes` says why.
    """

    tenants: tuple[Tenant, ...]
    broken: tuple[BrokenStanza, ...] = ()
    alerts: Alerts = field(default_factory=Alerts)
    mistakes: tuple[Mistake, ...] = ()

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
    """A mistake in a stanza is that stanza's, and of a folder's file that file's.

    Raises ConfigurationError, naming file and line, where the one file is no list of stanzas, or a folder's defaults cannot be read.
    With `check_template`, the templates that `change_messages` name are tried.
    """
    sources = read_sources(path)
    return parse_sources(sources, check_template) if check_template else _parse_once(sources)


@lru_cache(maxsize=1)
def _parse_once(sources: Sources) -> Stanzas:
    """A server that is asked for a page reads the same again and again: half a second for 1,000 tenants, if it were parsed each time."""
    return parse_sources(sources)


def read_stanzas_of(path: Path, tenant_id: str) -> Stanzas:
    """At least this tenant's, if there is one: the same as of the whole file, and the others are not even parsed where that can be."""
    sources = read_sources(path)
    found = _parse(sources, None, of=tenant_id)
    return found if tenant_id in found.owners else _parse_once(sources)


def read_tenant(path: Path, tenant_id: str) -> Tenant:
    """Raises ConfigurationError where there is none, or with what is wrong with its stanza."""
    return find_tenant(read_stanzas_of(path, tenant_id), tenant_id)


def load_tenants(path: Path, check_template: CheckTemplate | None = None) -> list[Tenant]:
    """All tenants of the file; raises ConfigurationError with every mistake where there is one."""
    stanzas = read_stanzas(path, check_template)
    if stanzas.broken:
        raise ConfigurationError("\n".join(dict.fromkeys(str(mistake) for stanza in stanzas.broken for mistake in stanza.mistakes)))
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


def parse_sources(sources: Sources, check_template: CheckTemplate | None = None) -> Stanzas:
    """What was read, or would be if it stood there; raises as `read_stanzas` does."""
    return _parse(sources, check_template)


@dataclass(frozen=True)
class _Content:
    """What a file holds: its stanzas, and what fills them up; `lost` is why that cannot be read."""

    source: Source
    stanzas: Sequence[yaml.Node] = ()
    defaults: yaml.Node | None = None
    lost: str = ""


@dataclass(frozen=True)
class _Read:
    """One stanza as it was read: a tenant, or mistakes. `kept` is what a broken one is shown with."""

    node: yaml.Node
    tenant_id: str
    tenant: Tenant | None
    mistakes: tuple[Mistake, ...]
    kept: Mapping[str, str]


def _parse(sources: Sources, check_template: CheckTemplate | None, *, of: str | None = None) -> Stanzas:
    """With `of`, as much as there can be of that tenant."""
    contents = [_open(sources, source, of) for source in sources.files]
    shared = next((content.defaults for content in contents if _serves_all(sources, content.source)), None)
    by_id: dict[str, list[_Read]] = defaultdict(list)
    for content in contents:
        defaults = fill_up(content.defaults, shared) if content.defaults else shared
        for node in content.stanzas:
            read = _read_stanza(fill_up(node, defaults), check_template)
            by_id[read.tenant_id].append(read)
    apart = [[each] for each in by_id.pop("", [])]
    wrong = [same for same in (*by_id.values(), *apart) if len(same) > 1 or same[0].tenant is None]
    salvaged = [stanza for content in contents if content.lost for stanza in _salvage(content, known=by_id)]
    right = tuple(same[0].tenant for same in by_id.values() if len(same) == 1 and same[0].tenant)
    alerts, mistakes = read_alerts(contents[0].defaults if len(contents) == 1 and not sources.is_folder else shared)
    return Stanzas(right, (*map(_break, wrong), *salvaged), alerts, mistakes)


def read_alerts(defaults: yaml.Node | None) -> tuple[Alerts, tuple[Mistake, ...]]:
    """Of the defaults themselves: nobody need take them, and who is told of what concerns all must be right all the same."""
    pairs = defaults.value if isinstance(defaults, yaml.MappingNode) else ()
    node = next((value for key, value in pairs if key.value == "alerts"), None)
    if defaults is None or node is None:
        return Alerts(), ()
    plain = Plain()
    value = plain.value_of(node)
    try:
        alerts = ALERTS.validate_python(value)
    except ValidationError as error:
        errors = [{**each, "loc": ("alerts", *each["loc"])} for each in error.errors(include_url=False, include_input=False)]
        return Alerts(), (*plain.mistakes, *dict.fromkeys(_find_mistake(defaults, each) for each in errors))
    nameless = [person for tenant_id, person in alerts.people_of("") if not tenant_id]
    text = "people of `defaults` need a tenant too, such as acme:{}: what concerns all is of no tenant"
    found = (*plain.mistakes, *(point_at(node, text.format(person)) for person in nameless))
    return (Alerts(), found) if plain.mistakes else (alerts, found)


def _serves_all(sources: Sources, source: Source) -> bool:
    return sources.is_folder and source.path.name == DEFAULTS


def _open(sources: Sources, source: Source, of: str | None) -> _Content:
    """Of a folder, one that cannot be read costs its own tenants; not so the defaults, without which nothing is known of any."""
    serves_all = _serves_all(sources, source)
    try:
        if source.error:
            raise ConfigurationError(source.error)
        excerpt = None if of is None or serves_all else _Excerpt(of)
        root = compose_content(source.path, source.content, excerpt=excerpt or str)
        return _Content(source) if excerpt and excerpt.is_empty else _list_stanzas(source, root, needs_tenants=not serves_all)
    except ConfigurationError as error:
        if serves_all or not sources.is_folder:
            raise
        return _Content(source, lost=str(error))


@dataclass
class _Excerpt:
    """Makes of a text what may be a tenant's, and notes that this is nothing."""

    tenant_id: str
    is_empty: bool = False

    def __call__(self, text: str) -> str:
        kept = keep_stanzas_of(text, self.tenant_id)
        self.is_empty = kept == ""
        return text if kept is None else kept


def _list_stanzas(source: Source, root: yaml.Node | None, *, needs_tenants: bool) -> _Content:
    if root is None:
        raise ConfigurationError(f"{source.path} is empty; write a list under the key `tenants`")
    if not isinstance(root, yaml.MappingNode):
        raise _error(root, "the file must be a list of `key: value` lines")
    found: dict[str, yaml.Node] = {}
    for key, value in root.value:
        if key.value not in KEYS:
            raise _error(key, refuse_key("the file", str(key.value), KEYS))
        if key.value in found:
            raise _error(key, f"the key {key.value!r} is there twice")
        found[key.value] = value
    stanzas = found.get("tenants", root)
    if not isinstance(stanzas, yaml.SequenceNode) and (needs_tenants or "tenants" in found):
        raise _error(stanzas, "`tenants` must be a list of stanzas")
    return _Content(source, stanzas.value if isinstance(stanzas, yaml.SequenceNode) else (), _check_defaults(found.get("defaults")))


def _check_defaults(defaults: yaml.Node | None) -> yaml.Node | None:
    """What else is wrong in them is wrong in each stanza that they fill up, and told there."""
    if defaults is None or Plain().value_of(defaults) is None:
        return None
    if not isinstance(defaults, yaml.MappingNode):
        raise _error(defaults, "`defaults` must be a list of `key: value` lines")
    for key, _ in defaults.value:
        if key.value == "id":
            raise _error(key, "`defaults` cannot hold `id`: each tenant has one of its own")
    return defaults


def _error(node: yaml.Node, text: str) -> ConfigurationError:
    return ConfigurationError(str(point_at(node, text)))


def _read_stanza(node: yaml.Node, check_template: CheckTemplate | None) -> _Read:
    plain = Plain()
    value = plain.value_of(node)
    tenant, errors = None, []
    try:
        tenant = STANZA.validate_python(value, context={"check_template": check_template})
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
    if tenant is not None and not plain.mistakes:
        return _Read(node, tenant.id, tenant, (), {})
    wrong = plain.doubled.union(*(error["loc"][:1] for error in errors))
    right = {key: str(each) for key, each in value.items() if key not in wrong} if isinstance(value, dict) else {}
    mistakes = {*plain.mistakes, *(_find_mistake(node, error) for error in errors)}
    return _Read(node, right.get("id", ""), None, tuple(mistakes), {key: right[key] for key in KEPT if key in right})


def _find_mistake(node: yaml.Node, error: Any) -> Mistake:
    at, text, of_key = word(error["type"], error["loc"], error.get("ctx", {}))
    return point_at(find_node(node, at, of_key=of_key), text)


def _break(same: Sequence[_Read]) -> BrokenStanza:
    """Of several stanzas with one id none counts: nobody knows which is meant."""
    first, *others = same
    twice = {
        point_at(each.node, f"tenant {first.tenant_id!r} is there twice, first {_locate(first, each)}; ids must differ") for each in others
    }
    return _show_broken(sorted({mistake for each in same for mistake in each.mistakes} | twice), first.tenant_id, first.kept)


def _locate(stanza: _Read, seen_from: _Read) -> str:
    file, line = path_of(stanza.node), f"in line {line_of(stanza.node)}"
    return line if file == path_of(seen_from.node) else f"{line} of {file}"


def _salvage(content: _Content, *, known: Collection[str]) -> list[BrokenStanza]:
    """Of a folder's file that cannot be read: the tenants whose ids can be seen in it all the same, and whoever else is in it."""
    seen = ID.findall(COMMENT.sub("", content.source.content.decode(errors="replace")))
    mistakes = [Mistake(content.source.path, 0, content.lost)]
    return [_show_broken(mistakes, tenant_id, {}) for tenant_id in ("", *dict.fromkeys(seen)) if tenant_id not in known]


def _show_broken(mistakes: Sequence[Mistake], tenant_id: str, kept: Mapping[str, str]) -> BrokenStanza:
    schedules = {"schedule": spread_schedule(tenant_id), "full_schedule": spread_full_schedule(tenant_id)}
    return BrokenStanza(tuple(mistakes), tenant_id, **(schedules | dict(kept)))
