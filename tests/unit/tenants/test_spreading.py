"""Tenants that name no schedule are read at minutes of their own: always the same, evenly spread, and nobody else's business."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from orgsync.tenants import load_tenants
from orgsync.tenants.spreading import find_minute, spread_full_schedule, spread_schedule

IDS = st.from_regex(r"[a-z0-9_]{1,20}", fullmatch=True)


def test_minutes_never_change() -> None:
    """Where these change, every tenant without a schedule is read at another time after an upgrade."""
    assert {name: (spread_schedule(name), spread_full_schedule(name)) for name in ("acme", "demo_dingtalk", "a", "0")} == {
        "acme": ("58 * * * *", "28 2 * * *"),
        "demo_dingtalk": ("55 * * * *", "25 2 * * *"),
        "a": ("23 * * * *", "53 2 * * *"),
        "0": ("46 * * * *", "16 2 * * *"),
    }


@given(IDS)
def test_full_reads_are_half_an_hour_from_the_others_and_none_is_at_a_full_or_half_hour(tenant_id: str) -> None:
    minute, full = (int(cron.split()[0]) for cron in (spread_schedule(tenant_id), spread_full_schedule(tenant_id)))
    assert abs(full - minute) == 30
    assert {minute, full}.isdisjoint({0, 30})


@given(st.sampled_from(["tenant_{}", "{}", "t{:05}", "{}_wecom", "org_{0}_{0}"]), st.integers(0, 10_000))
def test_minutes_are_even_however_tenants_are_numbered(pattern: str, first: int) -> None:
    """As even as chance: of a thousand on 58 minutes, none has more than six deviations above its share, nor do many minutes have none."""
    counts = Counter(find_minute(pattern.format(first + number)) for number in range(1000))
    share = 1000 / 58
    assert max(counts.values()) < share + 6 * math.sqrt(share)
    assert len(counts) >= 55


@given(st.lists(IDS, unique=True, max_size=8), st.lists(IDS, unique=True, max_size=8))
def test_who_comes_and_goes_moves_nobody_else(tmp_path_factory, before: list[str], after: list[str]) -> None:
    def read(ids: list[str]) -> dict[str, tuple[str, str]]:
        path = Path(tmp_path_factory.getbasetemp()) / "spread.yaml"
        path.write_text("tenants: [" + ", ".join(f"{{id: '{each}', platform: wecom, conn_id: a}}" for each in ids) + "]\n")
        return {tenant.id: (tenant.schedule, tenant.full_schedule) for tenant in load_tenants(path)}

    first, second = read(before), read(after)
    assert {each: first[each] for each in first.keys() & second.keys()} == {each: second[each] for each in first.keys() & second.keys()}


def test_what_a_stanza_says_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(
        "defaults: {full_schedule: 37 2 * * *}\ntenants:\n  - {id: acme, platform: wecom, conn_id: a, schedule: 0 * * * *}\n"
        "  - {id: beta, platform: wecom, conn_id: b, full_schedule: 30 3 * * *}\n"
    )
    acme, beta = load_tenants(path)
    assert (acme.schedule, acme.full_schedule) == ("0 * * * *", "37 2 * * *")
    assert (beta.schedule, beta.full_schedule) == (spread_schedule("beta"), "30 3 * * *")
