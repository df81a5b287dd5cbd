from __future__ import annotations

import threading

import pytest

from orgsync.platforms.speaking.limits import Pace, RateLimit, RateLimits
from tests.unit.platforms.clock import FakeClock


def limit(calls_per_second: float, clock: FakeClock) -> RateLimit:
    return RateLimit(Pace(calls_per_second), clock=clock, pause=clock.sleep)


def test_calls_are_spread_evenly() -> None:
    clock = FakeClock()
    budget = limit(20, clock)
    for _ in range(21):
        budget.acquire()
    assert clock.now - 1000 == pytest.approx(1.0)
    assert clock.slept == pytest.approx([0.05] * 20)


def test_unused_budget_is_not_saved_up() -> None:
    clock = FakeClock()
    budget = limit(10, clock)
    budget.acquire()
    clock.now += 60
    budget.acquire()
    budget.acquire()
    assert clock.slept == pytest.approx([0.1])


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
    assert clock.slept[-1] == pytest.approx(0.11)


def test_one_throttling_reported_by_many_calls_slows_down_once() -> None:
    clock = FakeClock()
    budget = limit(10, clock)
    for _ in range(8):
        budget.hold_back(1)
    budget.acquire()
    budget.acquire()
    assert clock.slept[-1] == pytest.approx(0.11)


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
    assert clock.slept[-1] == pytest.approx(0.2)


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
    assert clock.now - 1000 == pytest.approx(19.98)


def test_no_minute_holds_more_than_its_budget() -> None:
    clock = FakeClock()
    budget = RateLimit(Pace(calls_per_second=50, calls_per_minute=100), clock=clock, pause=clock.sleep)
    times = []
    for _ in range(350):
        budget.acquire()
        times.append(clock.now)
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(times, times[100:], strict=False))
    assert times[-1] - times[0] == pytest.approx(3 * 60 + 49 / 50)


def test_interface_may_have_a_pace_of_its_own() -> None:
    clock = FakeClock()
    limits = RateLimits(Pace(100), {"slow": Pace(10)}, clock=clock, pause=clock.sleep)
    for interface in ("slow", "slow", "fast", "fast"):
        limits.of(interface).acquire()
    assert clock.slept == pytest.approx([0.1, 0.01])
