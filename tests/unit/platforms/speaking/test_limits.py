from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from orgsync.platforms.speaking.limits import ALLOWANCE, MARGIN_SECONDS, Pace, RateLimit, RateLimits
from tests.unit.platforms.clock import FakeClock


def limit(calls_per_second: float, clock: FakeClock) -> RateLimit:
    return RateLimit(Pace(calls_per_second), clock=clock, pause=clock.sleep)


def test_calls_are_spread_evenly() -> None:
    clock = FakeClock()
    budget = limit(20, clock)
    for _ in range(21):
        budget.acquire()
    assert clock.now - 1000 == pytest.approx(1.0 + MARGIN_SECONDS)
    assert clock.slept == pytest.approx([(1.0 + MARGIN_SECONDS) / 20] * 20)


def test_unused_budget_is_not_saved_up() -> None:
    clock = FakeClock()
    budget = limit(10, clock)
    budget.acquire()
    clock.now += 60
    budget.acquire()
    budget.acquire()
    assert clock.slept == pytest.approx([(1.0 + MARGIN_SECONDS) / 10])


def test_zero_is_no_limit() -> None:
    clock = FakeClock()
    budget = limit(0, clock)
    for _ in range(1000):
        budget.acquire()
    assert clock.slept == []


def test_threads_share_one_budget() -> None:
    clock = FakeClock()
    budget = limit(20, clock)
    threads = [threading.Thread(target=lambda: [budget.acquire() for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget._next_slot - 1000 >= 40 * 0.05 - 1e-6


def test_throttling_holds_everybody_back_and_slows_down() -> None:
    clock = FakeClock()
    budget = limit(10, clock)
    budget.hold_back(3)
    budget.acquire()
    assert clock.now == pytest.approx(1003)
    budget.acquire()
    assert clock.slept[-1] == pytest.approx(1.1 * (1.0 + MARGIN_SECONDS) / 10)


def test_one_throttling_reported_by_many_calls_slows_down_once() -> None:
    clock = FakeClock()
    budget = limit(10, clock)
    for _ in range(8):
        budget.hold_back(1)
    budget.acquire()
    budget.acquire()
    assert clock.slept[-1] == pytest.approx(1.1 * (1.0 + MARGIN_SECONDS) / 10)


def test_slots_handed_out_before_a_hold_are_void() -> None:
    """Else a dozen threads that were waiting for their turn would go on calling."""
    clock = FakeClock()
    budget: RateLimit

    def pause(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 1:
            budget.hold_back(5)

    budget = RateLimit(Pace(10), clock=clock, pause=pause)
    budget.acquire()
    budget.acquire()
    assert clock.now == pytest.approx(1005.1)


def test_budget_never_falls_below_half() -> None:
    clock = FakeClock()
    budget = limit(10, clock)
    for _ in range(50):
        budget.hold_back(1)
        clock.now += 2
    budget.acquire()
    budget.acquire()
    assert clock.slept[-1] == pytest.approx(2 * (1.0 + MARGIN_SECONDS) / 10)


def test_interfaces_have_budgets_of_their_own() -> None:
    clock = FakeClock()
    limits = RateLimits(Pace(10), clock=clock, pause=clock.sleep)
    limits.of("a").acquire()
    limits.of("b").acquire()
    assert clock.slept == []
    assert limits.of("a") is limits.of("a")


def test_minutes_budget_may_be_spent_at_the_seconds_pace() -> None:
    clock = FakeClock()
    budget = RateLimit(Pace(calls_per_second=50, calls_per_minute=1000), clock=clock, pause=clock.sleep)
    for _ in range(1000):
        budget.acquire()
    assert clock.now - 1000 == pytest.approx(19.98 * (1.0 + MARGIN_SECONDS))


def test_no_minute_holds_more_than_its_budget() -> None:
    clock = FakeClock()
    budget = RateLimit(Pace(calls_per_second=50, calls_per_minute=100), clock=clock, pause=clock.sleep)
    times = []
    for _ in range(350):
        budget.acquire()
        times.append(clock.now)
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(times, times[100:], strict=False))
    assert times[-1] - times[0] == pytest.approx(3 * (60 + MARGIN_SECONDS) + 49 / 50 * (1.0 + MARGIN_SECONDS))


def test_interface_may_have_a_pace_of_its_own() -> None:
    clock = FakeClock()
    limits = RateLimits(Pace(100), {"slow": Pace(10)}, clock=clock, pause=clock.sleep)
    for interface in ("slow", "slow", "fast", "fast"):
        limits.of(interface).acquire()
    assert clock.slept == pytest.approx([(1.0 + MARGIN_SECONDS) / 10, (1.0 + MARGIN_SECONDS) / 100])


@dataclass
class Platform:
    """Counts each call when it arrives; a call is late by up to so much on its way there, or a thread wakes so late."""

    clock: FakeClock
    late: Sequence[tuple[float, float]]
    arrived: list[float] = field(default_factory=list)

    def call(self, budget: RateLimit) -> None:
        on_its_way, waking = self.late[len(self.arrived) % len(self.late)]
        sent_at = budget.acquire()
        self.arrived.append(self.clock.now + 0.05 + on_its_way)
        self.clock.now += 0.1 + on_its_way
        budget.note_answer(sent_at, is_good=True)
        self.clock.now = sent_at + waking  # other threads call meanwhile


ON_ITS_WAY, WAKING = st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.02, 0.1]), st.sampled_from([0.0, 0.0, 0.01, 0.2])


@given(late=st.lists(st.tuples(ON_ITS_WAY, WAKING), min_size=7, max_size=30))
@example(late=[(0.0, 0.0)] * 20 + [(0.2, 0.0)])
def test_no_window_is_overfull_wherever_it_begins(late: list[tuple[float, float]]) -> None:
    """However late single calls are on their way, while they are late by no more than the allowance on average."""
    assume(sum(on_its_way for on_its_way, _ in late) / len(late) <= ALLOWANCE / 2 and late[0][0] == 0)
    clock = FakeClock()
    budget = limit(20, clock)
    platform = Platform(clock, [(0.0, 0.0)] * 20 + late)
    for _ in range(200):
        platform.call(budget)
    arrived = sorted(platform.arrived)
    assert all(later - earlier > 1 for earlier, later in zip(arrived, arrived[20:], strict=False))


def test_no_more_than_the_allowance_is_lost_to_answers_that_vary() -> None:
    clock = FakeClock()
    budget = limit(20, clock)
    platform = Platform(clock, [(0.0, 0.0), (0.5, 0.0)])
    for _ in range(401):
        platform.call(budget)
    assert clock.now - 1000 <= 20 * (1 + MARGIN_SECONDS + ALLOWANCE) + 0.5


def test_throttling_is_forgotten_in_time() -> None:
    clock = FakeClock()
    budget = limit(20, clock)
    budget.hold_back(1)
    for _ in range(300):
        budget.note_answer(budget.acquire(), is_good=True)
    assert clock.slept[-1] == pytest.approx((1 + MARGIN_SECONDS) / 20, abs=0.01)
