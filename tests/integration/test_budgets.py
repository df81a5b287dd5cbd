"""What many people would notice is asked first: another name or identity, values that are gone, and a little each day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgsync.cli.report import show_plan
from orgsync.errors import GateError
from orgsync.sync.deciding import decide_plan
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.lookups import find_plan
from orgsync.sync.merging import merge_plan
from orgsync.sync.replaying import replay
from orgsync.tenants.stanza import Allowance, Budget
from tests.integration.test_plan import people, with_tenant
from tests.integration.world import RECIPE, World, world_on

DAY = timedelta(days=1)
START = datetime.now(UTC).replace(microsecond=0) - 40 * DAY


def lose(world: World, leavers: int, *, at: datetime, **options: Any) -> dict[str, Any]:
    world.control("POST", "evolve", {"left": leavers})
    return world.sync(now=at, **options)


def approve_newest(world: World) -> None:
    plan_id = find_plan(world.settings, "acme")["plan_id"]
    decide_plan(world.make_run(), plan_id, is_approved=True, decided_by="wang")
    merge_plan(world.make_run(), plan_id)


# Names, identities and values.


@pytest.mark.by_turns
def test_many_other_names_are_asked_about(any_world: World) -> None:
    any_world.sync()
    any_world.control("POST", "evolve", {"renamed": 15})
    before = any_world.history()
    with pytest.raises(GateError, match=r"15 of 60 \(25 %\) people would have another name"):
        any_world.sync()
    assert any_world.history() == before


@pytest.mark.parametrize("platform", ["dingtalk", "feishu"])
def test_other_people_behind_the_same_user_ids_are_asked_about(platform: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app's key is as before, so nothing but the people tells."""
    on_platform = world_on(world, monkeypatch, platform)
    on_platform.sync()
    on_platform.control("POST", "organization", {**RECIPE, "company": "beta"})
    with pytest.raises(GateError, match=r"60 of 60 \(100 %\) people would have another union id or job number"):
        on_platform.sync()


@pytest.mark.parametrize(
    ("platform", "key", "empty", "column"),
    [
        ("dingtalk", "mobile", "", "mobile"),
        ("dingtalk", "mobile", None, "mobile"),
        ("dingtalk", "job_number", "", "job_number"),
        ("feishu", "mobile", "", "mobile"),
        ("feishu", "mobile", None, "mobile"),
        ("feishu", "job_title", "", "title"),
        ("wecom", "position", "", "title"),
        ("wecom", "alias", None, "nickname"),
    ],
)
def test_values_that_are_gone_for_many_are_asked_about(
    world: World, monkeypatch: pytest.MonkeyPatch, platform: str, key: str, empty: str | None, column: str
) -> None:
    on_platform = world_on(world, monkeypatch, platform)
    if key == "alias":
        on_platform.control("POST", "faults", {"interface": "people", "kind": "same_value", "key": key, "constant": "阿明"})
    on_platform.sync()
    before = on_platform.history()
    on_platform.control("DELETE", "faults")
    on_platform.control("POST", "faults", {"interface": "people", "kind": "same_value", "key": key, "constant": empty})
    with pytest.raises(GateError, match=rf"people would lose their {column}; without asking 10 may, or 20 %"):
        on_platform.sync()
    assert on_platform.history() == before
    [exceeded] = find_plan(on_platform.settings, "acme")["over_budget"]
    assert (exceeded["budget"], exceeded["column"], exceeded["count"]) == ("emptied_values", column, exceeded["total"])


def test_withheld_values_are_not_emptied(any_world: World) -> None:
    any_world.sync()
    given = any_world.control("GET", "settings")["field_permissions"]
    kept = [each for each in given if not any(word in each.lower() for word in ("mobile", "phone"))]
    any_world.control("PUT", "settings", {"field_permissions": kept})
    any_world.sync()
    withheld = any_world.query("select withheld_fields from ops.snapshot order by taken_at desc limit 1")
    assert "user.mobile" in withheld[0][0]
    assert any_world.query("select count(mobile) > 50 from org.users") == [(True,)]


@pytest.mark.by_turns
def test_ordinary_days_ask_nobody(any_world: World) -> None:
    any_world.control("POST", "organization", {"people": 400, "seed": 5})
    for day in range(6):
        assert any_world.sync(now=START + day * DAY)["outcome"] == "succeeded"
        any_world.control("POST", "evolve", {})


# Memory.


@pytest.mark.by_turns
def test_leavers_of_several_syncs_add_up(any_world: World) -> None:
    any_world.sync(now=START)
    lose(any_world, 10, at=START + DAY)
    before = any_world.history()
    with pytest.raises(GateError, match=r"20 of 60 \(33.3 %\) people would leave within 7 days, with those of the syncs before"):
        lose(any_world, 10, at=START + 2 * DAY)
    assert any_world.history() == before


def test_what_was_approved_is_not_asked_about_again(world: World) -> None:
    """Neither the leavers that were approved, nor those before them that were told with them."""
    world.sync(now=START)
    lose(world, 10, at=START + DAY)
    with pytest.raises(GateError, match="20 of 60"):
        lose(world, 10, at=START + 2 * DAY)
    approve_newest(world)
    for day in (3, 4):
        lose(world, 4, at=START + day * DAY)
    assert len(people(world)) == 32
    with pytest.raises(GateError, match=r"12 of 40 \(30 %\) people would leave within 7 days"):
        lose(world, 4, at=START + 5 * DAY)


def test_approval_for_another_reason_forgets_no_leavers(world: World) -> None:
    careful = with_tenant(world, budget=Budget(renames=Allowance(0, 0)))
    careful.sync(now=START)
    lose(careful, 8, at=START + DAY)
    careful.control("POST", "evolve", {"renamed": 1, "left": 1})
    with pytest.raises(GateError, match="another name"):
        careful.sync(now=START + 2 * DAY)
    approve_newest(careful)
    with pytest.raises(GateError, match=r"11 of 60 .* people would leave within 7 days"):  # 8 and 3; the one was approved
        lose(careful, 3, at=START + 3 * DAY)


def test_memory_ends_after_its_days(world: World) -> None:
    world.sync(now=START)
    for week in range(4):
        lose(world, 10, at=START + DAY + 7 * week * DAY + week * timedelta(minutes=1))
    assert len(people(world)) == 20


def test_no_days_are_no_memory(world: World) -> None:
    forgetful = with_tenant(world, budget=Budget(leavers=Allowance(10, 5, per_days=0)))
    forgetful.sync(now=START)
    for hour in range(3):
        lose(forgetful, 10, at=START + DAY + hour * timedelta(hours=1))
    assert len(people(forgetful)) == 30


def test_sync_that_takes_nobody_is_not_stopped_by_those_before(world: World) -> None:
    forgetful = with_tenant(world, budget=Budget(leavers=Allowance(10, 5, per_days=0)))
    forgetful.sync(now=START)
    for hour in range(2):
        lose(forgetful, 10, at=START + DAY + hour * timedelta(hours=1))
    assert world.sync(now=START + 2 * DAY)["outcome"] == "unchanged"


@pytest.mark.parametrize("kind", ["renamed", "moved"])
def test_other_budgets_remember_too(world: World, kind: str) -> None:
    budget = {"renamed": Budget(renames=Allowance(5, 5)), "moved": Budget(moves=Allowance(5, 5))}[kind]
    careful = with_tenant(world, budget=budget)
    careful.sync(now=START)
    careful.control("POST", "evolve", {kind: 4})
    careful.sync(now=START + DAY)
    careful.control("POST", "evolve", {kind: 4})
    with pytest.raises(GateError, match="within 7 days"):
        careful.sync(now=START + 2 * DAY)


def test_emptied_values_add_up_by_column(world: World) -> None:
    careful = with_tenant(world, budget=Budget(emptied_values=Allowance(30, 5)))
    careful.sync(now=START)
    pages = [key for (key,) in world.query("select department_id from org.memberships group by 1 order by count(*) desc, 1")]
    for day, part in enumerate((pages[:1], pages), start=1):
        faults = [{"interface": "people", "kind": "same_value", "key": "mobile", "constant": "", "match": {"dept_id": key}} for key in part]
        careful.control("DELETE", "faults")
        careful.control("POST", "faults", faults)
        if day == 1:
            careful.sync(now=START + DAY)
    with pytest.raises(GateError, match="people would lose their mobile"):
        careful.sync(now=START + 2 * DAY)


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (1, 2, 1, 2)], ids=str)
def test_reloads_and_the_order_of_loads_change_no_count(world: World, order: tuple[int, ...]) -> None:
    """Each day brings five leavers; whatever was loaded when, the third day is the one too many."""
    world.sync(now=START)
    moments = {day: START + day * DAY for day in (1, 2, 3)}
    for moment in moments.values():
        world.control("POST", "evolve", {"left": 5})
        extract_snapshot(world.run_at(moment), mode="full")
    for day in order:
        replay(world.make_run(), after=moments[day] - DAY / 2, until=moments[day])
    with pytest.raises(GateError, match=r"15 of 60 \(25 %\) people would leave within 7 days"):
        replay(world.make_run(), after=moments[3] - DAY / 2, until=moments[3])


def test_approval_holds_when_its_snapshot_is_loaded_again(world: World) -> None:
    world.sync(now=START)
    with pytest.raises(GateError, match="12 of 60"):
        lose(world, 12, at=START + DAY)
    approve_newest(world)
    replay(world.make_run(), after=START - DAY, until=START + DAY)
    assert lose(world, 5, at=START + 2 * DAY)["outcome"] == "succeeded"


def test_plan_shows_the_days_and_the_column() -> None:
    from io import StringIO

    from rich.console import Console

    exceeded = {"count": 60, "total": 60, "percent": 100.0, "allowed_count": 10, "allowed_percent": 20}
    over_budget = [exceeded | {"budget": "emptied_values", "column": "mobile"}, exceeded | {"budget": "leavers", "per_days": 1}]
    plan = {
        **dict.fromkeys(("decided_by", "company_accepted_by")),
        **{name: [] for name in ("problems", "unseen_counts", "withheld_fields", "changes")},
        "plan_id": 1,
        "tenant_id": "acme",
        "taken_at": START,
        "state": "planned",
        "is_retraction": False,
        "summary": {"user": {}, "department": {}},
        "over_budget": over_budget,
    }
    console = Console(file=StringIO(), width=160)
    show_plan(console, plan)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "people would lose their mobile" in text
    assert "people would leave within 1 day, with those of the syncs before" in text
