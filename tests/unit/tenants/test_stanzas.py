"""A mistake in one stanza is that stanza's: the others are read, and all that is wrong is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.tenants import Stanzas, Tenant, find_tenant, read_stanzas

GOOD = "  - {id: good, platform: dingtalk, conn_id: a}\n"


def read(path: Path, *stanzas: str) -> Stanzas:
    path.write_text("tenants:\n" + "".join(stanzas), encoding="utf-8")
    return read_stanzas(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tenants.yaml"


def test_all_mistakes_of_a_stanza_are_told_in_the_order_of_the_file(path: Path) -> None:
    wrong = "  - id: bad\n    plattform: wecom\n    schedule: 1 2\n    schedule: 5 * * * *\n    scope: {includes: []}\n"
    stanzas = read(path, GOOD, wrong)
    assert [tenant.id for tenant in stanzas.tenants] == ["good"]
    [broken] = stanzas.broken
    assert broken.tenant_id == "bad"
    assert [(mistake.line, mistake.text.partition(";")[0]) for mistake in broken.mistakes] == [
        (3, "a tenant needs `conn_id`"),
        (3, "a tenant needs `platform`"),
        (4, "a tenant has no key 'plattform' (is 'platform' meant?)"),
        (5, "'1 2' is no cron expression (five fields: minute, hour, day, month, weekday)"),
        (6, "the key 'schedule' is there twice"),
        (7, "scope has no key 'includes' (is 'include' meant?)"),
    ]
    assert broken.schedule == Tenant(id="bad", platform="wecom", conn_id="a").schedule, "of two, nobody knows which is meant"


def test_path_that_names_no_department_is_told_where_it_stands(path: Path) -> None:
    wrong = (
        "  - id: bad\n    platform: wecom\n    conn_id: a\n    scope:\n      exclude_paths:\n        - 云杉 / 外包\n        - 云杉 / **\n"
    )
    [broken] = read(path, GOOD, wrong).broken
    assert [(mistake.line, mistake.text) for mistake in broken.mistakes] == [
        (9, "'云杉 / **' ends with **; leave it out: a path stands for all below it")
    ]


def test_whoever_asks_for_a_broken_tenant_is_told_what_is_wrong_with_it(path: Path) -> None:
    stanzas = read(path, "  - {id: bad, platform: wecom}\n", GOOD)
    assert find_tenant(stanzas, "good").id == "good"
    with pytest.raises(ConfigurationError, match=r"tenants\.yaml, line 2: a tenant needs `conn_id`$"):
        find_tenant(stanzas, "bad")


def test_of_two_stanzas_with_one_id_none_counts(path: Path) -> None:
    stanzas = read(path, "  - {id: twin, platform: wecom, conn_id: a}\n", GOOD, "  - {id: twin, platform: slack, conn_id: b}\n")
    assert [tenant.id for tenant in stanzas.tenants] == ["good"]
    [broken] = stanzas.broken
    assert broken.tenant_id == "twin"
    assert [mistake.line for mistake in broken.mistakes] == [4, 4]
    assert "tenant 'twin' is there twice" in str(broken)


@pytest.mark.parametrize("stanza", ["  - acme\n", "  - {platform: wecom, conn_id: a}\n", "  - {id: A, platform: wecom, conn_id: a}\n"])
def test_who_is_not_among_the_owners_may_be_a_stanza_without_a_readable_id(path: Path, stanza: str) -> None:
    stanzas = read(path, GOOD, stanza, "  - {id: bad, platform: wecom}\n")
    assert stanzas.owners == {"good": "orgsync", "bad": "orgsync"}
    assert not stanzas.names_all
    with pytest.raises(ConfigurationError, match=r"there is no tenant 'acme'; the tenants file has: good, bad\n.*line 3: "):
        find_tenant(stanzas, "acme")
    assert read(path, GOOD, "  - {id: bad, platform: wecom}\n").names_all


def test_a_broken_stanza_keeps_what_is_right_of_how_it_is_shown(path: Path) -> None:
    header = "  - {id: bad, platform: slack, conn_id: a, schedule: '5 5 * * *', full_schedule: never, timezone: Asia/Peking, owner: us}\n"
    [broken] = read(path, header).broken
    shown = (broken.schedule, broken.full_schedule, broken.timezone, broken.owner)
    assert shown == ("5 5 * * *", Tenant(id="bad", platform="wecom", conn_id="a").full_schedule, "Asia/Shanghai", "us")


@pytest.mark.parametrize("scope", ["&a {include: *a}", "{include: &a [*a]}", "{include: " + "[" * 200 + "]" * 200 + "}"])
def test_what_holds_itself_or_is_nested_deeply_is_a_mistake_of_its_stanza(path: Path, scope: str) -> None:
    stanzas = read(path, GOOD, f"  - {{id: bad, platform: wecom, conn_id: a, scope: {scope}}}\n")
    assert [tenant.id for tenant in stanzas.tenants] == ["good"]
    assert "line 3: a " in str(stanzas.broken[0])


def test_what_is_nested_beyond_any_hand_is_an_error_and_ends_no_process(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        read(path, "  [\n" * 100_000)
