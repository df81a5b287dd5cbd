"""What `defaults` give holds for every stanza that does not say it itself, and what is wrong in them is told where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.platforms.platform import Scope
from orgsync.tenants import Tenant, load_tenants, read_stanzas, read_tenant
from orgsync.tenants.merging import fill_up
from orgsync.tenants.nodes import Plain
from orgsync.tenants.stanza import Allowance, Retention

ACME = "tenants:\n  - {id: acme, platform: wecom, conn_id: a}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tenants.yaml"


def load(path: Path, text: str) -> list[Tenant]:
    path.write_text(text, encoding="utf-8")
    assert [read_tenant(path, tenant.id) for tenant in load_tenants(path)] == load_tenants(path)
    return load_tenants(path)


def test_a_stanzas_own_values_win_and_the_rest_is_filled_up(path: Path) -> None:
    acme, beta = load(
        path,
        """\
defaults:
  platform: wecom
  timezone: Europe/Berlin
  owner: it
  approvers: [wang, li]
  budget: {missing_people: 3, leavers: {count: 25, percent: 2}}
  scope: {exclude_paths: ["** / *外包*"]}
  retention: {all_days: 7}
  mapping: {user: {job_number: extension.工号}}
tenants:
  - id: acme
    conn_id: a
  - id: beta
    platform: dingtalk
    conn_id: b
    owner: people
    approvers: [zhao]
    budget: {leavers: {percent: 9}, moves: {count: 1}}
    scope: {include: [7]}
    mapping: {user: {attributes.成本中心: extension.成本中心}}
""",
    )
    assert (acme.platform, acme.timezone, acme.owner, acme.approvers) == ("wecom", "Europe/Berlin", "it", ("wang", "li"))
    assert (acme.scope, acme.retention) == (Scope(exclude_paths=("** / *外包*",)), Retention(all_days=7))
    assert (beta.platform, beta.timezone, beta.owner, beta.approvers) == ("dingtalk", "Europe/Berlin", "people", ("zhao",))
    assert (beta.budget.missing_people, beta.budget.leavers, beta.budget.moves) == (3, Allowance(25, 9), Allowance(1, 20))
    assert beta.scope == Scope(include=("7",), exclude_paths=("** / *外包*",))
    assert beta.mapping == {"user": {"job_number": "extension.工号", "attributes.成本中心": "extension.成本中心"}}


@pytest.mark.parametrize("text", ["defaults:\n", "defaults:\n  # timezone: Asia/Tokyo\n", "defaults: {}\n"])
def test_defaults_that_say_nothing_change_nothing(path: Path, text: str) -> None:
    assert load(path, text + ACME) == load(path, ACME + text) == load(path, ACME)


@pytest.mark.parametrize(
    ("defaults", "line", "words"),
    [
        ("defaults: [1]\n", 1, "`defaults` must be a list of `key: value` lines"),
        ("defaults:\n  owner: it\n  id: acme\n", 3, "`defaults` cannot hold `id`"),
        ("defaults: {}\ndefaults: {}\n", 2, "the key 'defaults' is there twice"),
        ("default: {}\n", 1, "the file has no key 'default' (is 'defaults' meant?)"),
    ],
)
def test_defaults_that_are_none_break_the_file(path: Path, defaults: str, line: int, words: str) -> None:
    path.write_text(defaults + ACME, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_stanzas(path)
    assert str(caught.value).startswith(f"{path}, line {line}: {words}")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("timezone: Asia/Peking", "there is no timezone 'Asia/Peking'"),
        ("timezon: Asia/Tokyo", "a tenant has no key 'timezon' (is 'timezone' meant?)"),
        ("budget: {leavers: {percent: 101}}", "a percentage from 0 to 100"),
        ("retention: {daily_days: 7}", "daily_days (7) must not be below all_days (14)"),
        ("change_messages: [{template: joined}]", "needs somebody to tell"),
    ],
)
def test_what_is_wrong_in_defaults_is_told_there_and_is_wrong_of_all_who_take_it(path: Path, wrong: str, words: str) -> None:
    key = wrong.partition(":")[0]
    others = "  - {id: beta, platform: wecom, conn_id: b}\n"
    path.write_text(f"defaults:\n  owner: it\n  {wrong}\n{ACME}{others}", encoding="utf-8")
    stanzas = read_stanzas(path)
    assert [broken.tenant_id for broken in stanzas.broken] == ["acme", "beta"]
    assert all(str(broken).startswith(f"{path}, line 3: ") and words in str(broken) and broken.owner == "it" for broken in stanzas.broken)
    with pytest.raises(ConfigurationError) as caught:
        load_tenants(path)
    assert len(str(caught.value).splitlines()) == 1, "a line for each mistake, not for each tenant"
    if key == "timezone":
        path.write_text(f"defaults:\n  {wrong}\n{ACME}{others[:-2]}, {key}: Asia/Tokyo}}\n", encoding="utf-8")
        assert [tenant.id for tenant in read_stanzas(path).tenants] == ["beta"]


def test_mistakes_of_a_stanza_and_of_the_defaults_are_told_together(path: Path) -> None:
    path.write_text("defaults:\n  timezone: Asia/Peking\n  budget: {leavers: {count: some}}\n" + ACME[:-2] + ", budget: {mves: {}}}\n")
    [broken] = read_stanzas(path).broken
    assert [mistake.line for mistake in broken.mistakes] == [2, 3, 5]


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["x", "y", 7, None]) | st.lists(st.sampled_from(["x", "y"]), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


def merge(own: Any, defaults: Any, levels: int = 3) -> Any:
    """What is meant, of plain values."""
    if not (levels and isinstance(own, dict) and isinstance(defaults, dict)):
        return own
    return defaults | {key: merge(value, defaults.get(key), levels - 1) for key, value in own.items()}


def as_value(content: Any, defaults: Any = None) -> Any:
    def compose(value: Any) -> yaml.Node:
        return yaml.compose(yaml.safe_dump(value))

    return Plain().value_of(fill_up(compose(content), None if defaults is None else compose(defaults)))


@given(MAPPINGS, MAPPINGS)
def test_filling_up_is_merging_key_by_key(own: dict[str, Any], defaults: dict[str, Any]) -> None:
    assert as_value(own, defaults) == as_value(merge(own, defaults))


@pytest.mark.parametrize("text", ["&a {x: *a}", "{x: &a {y: *a}}"])
def test_what_holds_itself_ends(text: str) -> None:
    node = yaml.compose(text)
    assert isinstance(Plain().value_of(fill_up(node, node)), dict)
