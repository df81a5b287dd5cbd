from __future__ import annotations

from collections.abc import Sequence

import pytest

from orgsync.pages.superiors import MOST_STEPS, Step, climb, find_superiors
from orgsync.warehouse.statements import Row


def way(*leaders: Sequence[str], manager: str | None = None) -> list[Row]:
    """From the main department up, by its leaders."""
    return [
        {"manager_user_id": manager, "department_id": str(place), "name": f"department {place}", "leaders": list(each)}
        for place, each in enumerate(leaders)
    ]


def led(place: int, *user_ids: str) -> Step:
    return Step(user_ids, str(place), f"department {place}")


@pytest.mark.parametrize(
    ("rows", "step"),
    [
        pytest.param(way(["boss"], manager="mum"), Step(("mum",)), id="whom the platform tells"),
        pytest.param(way(["boss"], manager="me"), led(0, "boss"), id="nobody is their own manager"),
        pytest.param(way(["boss", "deputy"]), led(0, "boss", "deputy"), id="leaders of the main department"),
        pytest.param(way(["me"], ["chief"]), led(1, "chief"), id="who leads it reports to the one above"),
        pytest.param(way(["me", "deputy"], ["chief"]), led(1, "chief"), id="who leads it with others too"),
        pytest.param(way([], [], ["chief"]), led(2, "chief"), id="departments without leaders are passed"),
        pytest.param(way(["me"], ["me"]), None, id="who leads all of it reports to nobody"),
        pytest.param(way([], manager="mum"), Step(("mum",)), id="told in a department without leaders"),
        pytest.param([], None, id="who is not there"),
    ],
)
def test_superiors(rows: list[Row], step: Step | None) -> None:
    assert find_superiors("me", rows) == step


def test_manager_is_told_without_any_department() -> None:
    rows = [{"manager_user_id": "mum", "department_id": None, "name": None, "leaders": []}]
    assert find_superiors("me", rows) == Step(("mum",))
    assert find_superiors("me", [rows[0] | {"manager_user_id": None}]) is None


def test_steps_go_on_with_the_first_of_several() -> None:
    rows = {"me": way(["boss", "deputy"]), "boss": way(["boss", "deputy"], ["chief"]), "chief": way(["chief"])}
    assert climb("me", rows.__getitem__) == [led(0, "boss", "deputy"), led(1, "chief")]


def test_circle_of_managers_ends() -> None:
    rows = {"me": way([], manager="mum"), "mum": way([], manager="dad"), "dad": way([], manager="me")}
    assert climb("me", rows.__getitem__) == [Step(("mum",)), Step(("dad",))]


def test_steps_are_not_too_many() -> None:
    steps = climb("0", lambda user_id: way([], manager=str(int(user_id) + 1)))
    assert [step.user_ids for step in steps] == [(str(number),) for number in range(1, MOST_STEPS + 1)]
