from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.platforms.paths import SEPARATOR, DepartmentPath


def leads_to(text: str, *names: str) -> bool:
    path = DepartmentPath(text)
    states = path.start
    for name in names:
        states = path.follow(states, name)
    return path.is_at_end(states)


@pytest.mark.parametrize(
    ("text", "names", "fits"),
    [
        ("云杉", ["云杉"], True),
        ("云杉 / 研发", ["云杉", "研发"], True),
        ("云杉 / 研发", ["云杉"], False),
        ("云杉 / 研发", ["云杉", "研发", "平台"], False),
        ("  云杉   /  研发 ", ["云杉", " 研发 "], True),
        ("研发/测试", ["研发/测试"], True),
        ("a.c", ["abc"], False),
        ("研发*", ["研发"], True),
        ("研发*", ["研发中心"], True),
        ("*外包*", ["华东外包组"], True),
        ("* / 外包", ["华东", "外包"], True),
        ("* / 外包", ["外包"], False),
        ("** / 外包", ["外包"], True),
        ("** / 外包", ["a", "b", "外包"], True),
        ("** / 外包", ["a", "外包", "b"], False),
        ("a / ** / z", ["a", "z"], True),
        ("a / ** / z", ["a", "b", "c", "z"], True),
        ("a / ** / ** / z", ["a", "z"], True),
        ("a / ** / * / z", ["a", "z"], False),
        ("*", ["two\nlines"], True),
    ],
)
def test_path_leads_to_a_department(text: str, names: list[str], fits: bool) -> None:
    assert leads_to(text, *names) is fits


@pytest.mark.parametrize(("text", "says"), [("", "without a name"), ("a /  / b", "without a name"), ("a / **", "out"), ("**", "out")])
def test_path_that_names_nothing_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DepartmentPath(text)


def test_search_ends_where_no_step_is_left() -> None:
    path = DepartmentPath("a / b")
    after = path.follow(path.start, "a")
    assert (path.leads_on(after), path.leads_on(path.follow(after, "b")), path.leads_on(path.follow(after, "c"))) == (True, False, False)


NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=5)
STEPS = st.lists(st.sampled_from(["a", "b", "*", "**"]), min_size=1, max_size=5).filter(lambda steps: steps[-1] != "**")


@given(STEPS, NAMES)
def test_steps_fit_as_they_would_one_by_one(steps: list[str], names: list[str]) -> None:
    assert leads_to(SEPARATOR.join(steps), *names) is fits_one_by_one(steps, names)


def fits_one_by_one(steps: list[str], names: list[str]) -> bool:
    if not steps:
        return not names
    if steps[0] == "**":
        return any(fits_one_by_one(steps[1:], names[count:]) for count in range(len(names) + 1))
    return bool(names) and steps[0] in ("*", names[0]) and fits_one_by_one(steps[1:], names[1:])


@given(STEPS, NAMES)
def test_whoever_cannot_go_on_never_arrives(steps: list[str], names: list[str]) -> None:
    path = DepartmentPath(SEPARATOR.join(steps))
    states = [path.start]
    for name in names:
        states.append(path.follow(states[-1], name))
    assert all(path.leads_on(before) or not after for before, after in pairwise(states))
