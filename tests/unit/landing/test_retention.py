"""All at first, then one a day, then one a month; what is kept never depends on how often or when snapshots were removed before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.landing.retention import list_expired
from orgsync.tenants.stanza import Retention

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 25, 3, 17, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class Snapshot:
    """`is_kept_out`: it was rejected or taken out."""

    taken_at: datetime
    is_complete: bool = True
    is_full: bool = False
    is_loaded: bool = False
    is_kept_out: bool = False
    is_whole: bool = True

    @property
    def is_loadable(self) -> bool:
        return self.is_loaded or (self.is_complete and not self.is_kept_out)

    @property
    def worth(self) -> tuple[bool, bool]:
        return self.is_loaded, self.is_complete


def at(text: str, **traits: bool) -> Snapshot:
    return Snapshot(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI), **traits)


def keep(*snapshots: Snapshot, retention: Retention = Retention(), now: datetime = NOW) -> list[Snapshot]:  # noqa: B008 - it is frozen
    expired = list_expired(snapshots, retention, now=now, timezone=SHANGHAI)
    return [snapshot for snapshot in snapshots if snapshot not in expired]


NEWEST = at("2026-11-25 03:07")


def test_everything_of_the_first_days_is_kept() -> None:
    young = [at("2026-11-11 00:00"), at("2026-11-11 01:00"), at("2026-11-24 08:00", is_complete=False), NEWEST]
    assert keep(*young) == young


def test_then_the_last_complete_one_of_each_day() -> None:
    early, late, broken = at("2026-11-10 00:00"), at("2026-11-10 23:59"), at("2026-11-10 23:59:59", is_complete=False)
    other = at("2026-11-09 12:00")
    assert keep(early, late, broken, other, NEWEST) == [late, other, NEWEST]


def test_a_full_read_is_worth_more_than_a_later_frequent_one() -> None:
    first, full, frequent = at("2026-11-10 02:37", is_full=True), at("2026-11-10 14:37", is_full=True), at("2026-11-10 23:07")
    assert keep(first, full, frequent, NEWEST) == [full, NEWEST]


def test_a_whole_read_is_worth_more_than_a_later_targeted_one() -> None:
    whole, targeted = at("2026-11-10 02:37", is_loaded=True), at("2026-11-10 23:07", is_loaded=True, is_whole=False)
    assert keep(whole, targeted, NEWEST) == [whole, NEWEST]
    assert keep(targeted, NEWEST) == [targeted, NEWEST]


def test_the_newest_whole_read_stays_where_only_targeted_ones_came_since() -> None:
    whole, targeted = at("2019-05-01 12:00", is_loaded=True), at("2019-05-02 12:00", is_loaded=True, is_whole=False)
    assert keep(whole, targeted, retention=Retention(1, 1, 0)) == [whole]


def test_what_history_is_made_of_is_worth_more_than_what_only_landed() -> None:
    loaded, landed, rejected = (
        at("2026-11-10 02:37", is_loaded=True),
        at("2026-11-10 14:37", is_full=True),
        at("2026-11-10 23:07", is_kept_out=True),
    )
    assert keep(loaded, landed, rejected, NEWEST) == [loaded, NEWEST]
    assert keep(landed, rejected, NEWEST) == [landed, NEWEST]
    assert keep(rejected, NEWEST) == [NEWEST]


def test_a_part_that_history_is_made_of_stands_for_its_day_where_nothing_better_does() -> None:
    part, landed, whole = (
        at("2026-11-10 23:07", is_complete=False, is_loaded=True),
        at("2026-11-10 22:07"),
        at("2026-11-10 01:07", is_loaded=True),
    )
    assert keep(part, landed, NEWEST) == [part, NEWEST]
    assert keep(part, landed, whole, NEWEST) == [whole, NEWEST]


def test_the_newest_that_history_is_made_of_stays_whatever_landed_since() -> None:
    loaded, landed, rejected = at("2019-05-01 12:00", is_loaded=True), at("2019-05-02 12:00"), at("2019-05-03 12:00", is_kept_out=True)
    assert keep(loaded, landed, rejected, retention=Retention(1, 1, 0)) == [loaded]
    assert keep(landed, rejected, retention=Retention(1, 1, 0)) == [landed]


def test_then_the_last_complete_one_of_each_month() -> None:
    early, late, last_daily = at("2025-10-01 12:00"), at("2025-10-30 12:00"), at("2025-11-25 00:00")
    other_year = at("2024-10-02 12:00")
    assert keep(other_year, early, late, last_daily, NEWEST) == [other_year, late, last_daily, NEWEST]


def test_days_end_where_the_tenant_says_so() -> None:
    inside, outside = at("2026-11-15 00:00"), at("2026-11-14 23:59")
    assert keep(outside, inside, NEWEST, retention=Retention(1, 10, 0)) == [inside, NEWEST]


def test_a_month_keeps_one_even_while_its_days_go() -> None:
    first, second, third = at("2025-11-23 12:00"), at("2025-11-24 12:00"), at("2025-11-25 12:00")
    assert keep(first, second, third, NEWEST) == [third, NEWEST]


def test_months_end_where_the_tenant_says_so() -> None:
    inside, outside = at("2024-11-01 00:00"), at("2024-10-31 23:59")
    assert keep(outside, inside, NEWEST, retention=Retention(monthly_months=24)) == [inside, NEWEST]
    assert keep(inside, NEWEST, retention=Retention(monthly_months=0)) == [NEWEST]


def test_a_day_with_none_complete_leaves_none() -> None:
    assert keep(at("2026-11-10 12:00", is_complete=False), NEWEST) == [NEWEST]


def test_the_newest_complete_one_stays_whatever_its_age() -> None:
    old, older, broken = at("2019-05-02 12:00"), at("2019-05-01 12:00"), at("2019-06-01 12:00", is_complete=False)
    assert keep(older, old, broken, retention=Retention(1, 1, 0)) == [old]


def test_the_newest_is_the_latest_whether_its_read_was_full_or_frequent() -> None:
    full, frequent = at("2019-04-01 12:00", is_loaded=True, is_full=True), at("2019-05-01 12:00", is_loaded=True)
    assert keep(full, frequent, retention=Retention(1, 1, 0)) == [frequent]


def test_what_was_taken_at_this_instant_is_the_newest() -> None:
    assert keep(at("2019-05-01 12:00"), Snapshot(NOW), retention=Retention(0, 0, 0)) == [Snapshot(NOW)]


def test_what_lies_in_the_future_stays_and_stands_for_nothing() -> None:
    future = at("2027-01-01 00:00")
    old = at("2019-05-02 12:00")
    assert keep(old, future, retention=Retention(1, 1, 0)) == [old, future]


def test_days_are_those_of_the_tenant() -> None:
    before, after = (Snapshot(datetime(2026, 11, 9, hour, 30, tzinfo=UTC)) for hour in (15, 16))  # midnight in Shanghai between them
    assert keep(before, after, NEWEST) == [before, after, NEWEST]
    newest = Snapshot(NOW)
    assert list_expired([before, after, newest], Retention(), now=NOW, timezone=ZoneInfo("UTC")) == [before]


@pytest.mark.parametrize("retention", [Retention(), Retention(0, 0, 0)], ids=["default", "nothing"])
def test_no_snapshots_none_expired(retention: Retention) -> None:
    assert list_expired([], retention, now=NOW, timezone=SHANGHAI) == []


FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LAST = 3 * 365 * 24


def snapshots_within(hours: int) -> st.SearchStrategy[list[Snapshot]]:
    """Some within so many hours from any one on."""
    found = st.lists(st.tuples(st.integers(0, hours), *[st.booleans()] * 4), max_size=60, unique_by=lambda each: each[0])
    return st.builds(
        lambda start, several: [Snapshot(FIRST + timedelta(hours=start + hour), *traits) for hour, *traits in several],
        st.integers(0, LAST - hours),
        found,
    )


INSTANTS = st.integers(0, LAST).map(lambda hours: FIRST + timedelta(hours=hours))
RETENTIONS = st.builds(
    lambda all_days, more, months: Retention(all_days, all_days + more, months),
    st.integers(0, 60),
    st.integers(0, 400),
    st.none() | st.integers(0, 30),
)
TIMEZONES = st.sampled_from([ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia")])


@dataclass(frozen=True)
class Case:
    """One question, and the answer to it."""

    snapshots: list[Snapshot]
    retention: Retention
    now: datetime
    timezone: ZoneInfo

    @property
    def expired(self) -> list[Snapshot]:
        return list_expired(self.snapshots, self.retention, now=self.now, timezone=self.timezone)

    @property
    def kept(self) -> list[Snapshot]:
        expired = set(self.expired)
        return [snapshot for snapshot in self.snapshots if snapshot not in expired]

    def age_in_days(self, snapshot: Snapshot) -> int:
        return (self.now.astimezone(self.timezone).date() - snapshot.taken_at.astimezone(self.timezone).date()).days

    def in_groups(self, snapshots: list[Snapshot], name: str) -> dict[str, list[Snapshot]]:
        """By local day (`%Y-%m-%d`) or month (`%Y-%m`)."""
        groups: dict[str, list[Snapshot]] = {}
        for snapshot in snapshots:
            groups.setdefault(snapshot.taken_at.astimezone(self.timezone).strftime(name), []).append(snapshot)
        return groups


CASES = st.builds(Case, snapshots_within(LAST) | snapshots_within(240), RETENTIONS, INSTANTS, TIMEZONES)


@given(CASES, st.randoms(use_true_random=False))
def test_order_of_the_snapshots_means_nothing(case: Case, random: object) -> None:
    shuffled = list(case.snapshots)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert replace(case, snapshots=shuffled).expired == case.expired == sorted(case.expired, key=lambda snapshot: snapshot.taken_at)


@given(CASES)
def test_second_time_nothing_more_goes(case: Case) -> None:
    assert replace(case, snapshots=case.kept).expired == []


@given(CASES, INSTANTS)
def test_what_is_gone_now_would_be_gone_later_and_cleaning_in_between_changes_nothing(case: Case, other: datetime) -> None:
    earlier, later = (replace(case, now=now) for now in sorted([case.now, other]))
    assert set(earlier.expired) <= set(later.expired)
    assert replace(later, snapshots=earlier.kept).kept == later.kept


@given(CASES, st.builds(Snapshot, INSTANTS, *[st.booleans()] * 4))
def test_one_more_snapshot_brings_none_back(case: Case, added: Snapshot) -> None:
    others = [snapshot for snapshot in case.snapshots if snapshot.taken_at != added.taken_at]
    assert set(replace(case, snapshots=others).expired) <= set(replace(case, snapshots=[*others, added]).expired)


@given(CASES)
def test_young_future_and_newest_loaded_ones_are_kept(case: Case) -> None:
    loadable = [snapshot for snapshot in case.snapshots if snapshot.is_loadable and snapshot.taken_at <= case.now]
    best = [snapshot for snapshot in loadable if snapshot.worth == max(each.worth for each in loadable)]
    assert set(sorted(best, key=lambda snapshot: snapshot.taken_at)[-1:]) <= set(case.kept)
    for snapshot in case.expired:
        assert snapshot.taken_at <= case.now
        assert case.age_in_days(snapshot) > case.retention.all_days
        assert case.now - snapshot.taken_at > timedelta(days=case.retention.all_days) - timedelta(hours=2)  # a clock may be put forward


@given(CASES)
def test_each_day_and_month_that_had_one_keeps_the_best(case: Case) -> None:
    retention = case.retention
    loadable = [snapshot for snapshot in case.snapshots if snapshot.is_loadable and snapshot.taken_at <= case.now]
    groups = case.in_groups([snapshot for snapshot in loadable if case.age_in_days(snapshot) <= retention.daily_days], "%Y-%m-%d")
    months = case.in_groups(loadable, "%Y-%m") if retention.monthly_months is None else {}
    for group in (*groups.values(), *months.values()):
        kept = max((snapshot.worth, snapshot.is_full) for snapshot in group if snapshot in case.kept)
        assert kept == max((snapshot.worth, snapshot.is_full) for snapshot in group)


@given(CASES)
def test_old_days_and_months_keep_no_more_than_one_which_can_be_loaded(case: Case) -> None:
    kept = [snapshot for snapshot in case.kept if snapshot.taken_at <= case.now and case.age_in_days(snapshot) > case.retention.all_days]
    assert all(snapshot.is_loadable for snapshot in kept)
    newest = max(kept, key=lambda snapshot: (snapshot.worth, snapshot.taken_at), default=None)
    others = [snapshot for snapshot in kept if snapshot is not newest]
    assert all(len(group) == 1 for group in case.in_groups(others, "%Y-%m-%d").values())
    old = [snapshot for snapshot in others if case.age_in_days(snapshot) > case.retention.daily_days]
    assert all(len(group) == 1 for group in case.in_groups(old, "%Y-%m").values())
