from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from orgsync.errors import ConfigurationError
from orgsync.platforms.platform import Scope
from orgsync.platforms.reading.locating import NamedDepartment, locate
from orgsync.words import Words

COMPANY = {
    "": {"1": "云杉"},
    "1": {"2": "研发中心", "3": "销售", "4": "行政外包"},
    "2": {"5": "平台", "6": "外包"},
    "3": {"7": "华东", "8": "外包二组"},
    "7": {"9": "外包"},
}


@dataclass
class Company:
    """Departments by name, which remembers whom it was asked for."""

    children: dict[str, dict[str, str]] = field(default_factory=lambda: COMPANY)
    asked: list[str] = field(default_factory=list)
    gone_codes: ClassVar[frozenset[str]] = frozenset()

    def list_tops(self) -> Iterator[NamedDepartment]:
        return self.list_children("")

    def list_children(self, department_id: str) -> Iterator[NamedDepartment]:
        self.asked.append(department_id)
        return (NamedDepartment(key, name) for key, name in self.children.get(department_id, {}).items())


class Transport:
    def stop(self) -> None: ...

    def resume(self) -> None: ...


class Client:
    transport: Any = Transport()
    parallel = 2


def find(company: Company | None = None, **scope: Any) -> tuple[set[str], set[str]]:
    found = locate(Client(), company or Company(), Scope(**scope))
    assert not found.has_paths
    return set(found.include), set(found.exclude)


def test_scope_without_paths_asks_nobody() -> None:
    company, scope = Company(), Scope(include=("5",), exclude=("6",))
    assert locate(Client(), company, scope) is scope
    assert company.asked == []


@pytest.mark.parametrize(
    ("scope", "include", "exclude"),
    [
        ({"include_paths": ("云杉 / 研发中心",)}, {"2"}, set()),
        ({"include_paths": ("云杉 / 研发中心 / 平台",), "include": ("7",)}, {"5", "7"}, set()),
        ({"exclude_paths": ("** / 外包*",)}, set(), {"6", "8", "9"}),
        ({"exclude_paths": ("云杉 / *外包*",), "exclude": ("7",)}, set(), {"4", "7"}),
        ({"include_paths": ("云杉 / *",), "exclude_paths": ("** / 外包",)}, {"2", "3", "4"}, {"6", "9"}),
        ({"exclude_paths": ("** / 财务",)}, set(), set()),
    ],
)
def test_paths_become_ids(scope: dict[str, Any], include: set[str], exclude: set[str]) -> None:
    assert find(**scope) == (include, exclude)


def test_no_more_is_asked_than_a_path_leads_to() -> None:
    company = Company()
    find(company, include_paths=("云杉 / 销售 / 华东",))
    assert sorted(company.asked) == ["", "1", "3"]


def test_below_what_is_excluded_nothing_more_is_looked_for() -> None:
    company = Company()
    assert find(company, exclude=("2",), exclude_paths=("云杉 / 销售", "** / 外包")) == (set(), {"2", "3"})
    assert {"2", "3"}.isdisjoint(company.asked)


def test_a_cycle_ends() -> None:
    assert find(Company({"": {"1": "a"}, "1": {"2": "b"}, "2": {"1": "a"}}), exclude_paths=("** / b",)) == (set(), {"2"})


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        ({"exclude_paths": ("云杉 / 研发中",)}, "below '云杉' the app sees '研发中心', …; correct it"),
        ({"include_paths": ("云山 / 研发中心",)}, "of the scope's include_paths leads to no department: at the top the app sees '云杉'"),
        ({"exclude_paths": ("云杉 / 研发中心 / 平台 / 一组",)}, "below '云杉 / 研发中心 / 平台' the app sees nothing"),
        ({"include_paths": ("云杉 / 财务*",)}, "none of the scope's include_paths"),
    ],
)
def test_names_that_lead_nowhere_stop_the_read(scope: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as raised:
        find(**scope)
    assert isinstance(raised.value.args[0], Words)


@pytest.mark.parametrize("name", ["", " ", "外\ufffd"])
def test_department_without_its_name_may_be_the_one_that_is_excluded(name: str) -> None:
    company = Company({"": {"1": "云杉"}, "1": {"2": "研发", "3": name}})
    with pytest.raises(ConfigurationError, match=r"department 3 .* comes without its name"):
        find(company, exclude_paths=("** / 外包",))
    assert find(company, include_paths=("云杉 / 研发",)) == ({"2"}, set())
    assert find(company, exclude_paths=("云杉",)) == (set(), {"1"})
