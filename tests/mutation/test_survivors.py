"""What `make mutate` is fed with, and what it makes of a survivor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.__main__ import CHECKOUT, EQUIVALENTS, open_properties, read_modules
from tests.mutation.survivors import Survivor, find_unnamed, read_equivalents

SEEN = Survivor("settle", "a < b", "a <= b")
PAIR = """
class Pair:
    @property
    def both(self):
        return 2

    @classmethod
    def of(cls):
        return cls()
"""


def test_a_survivor_is_excused_only_by_its_own_name_and_a_name_only_by_its_survivor() -> None:
    other = Survivor("settle", "a < b", "a > b")
    assert find_unnamed([SEEN], [SEEN]) == ([], [])
    assert find_unnamed([SEEN], []) == ([SEEN], [])
    assert find_unnamed([SEEN], [other]) == ([SEEN], [other])
    assert find_unnamed([], [SEEN]) == ([], [SEEN])


def test_an_equivalent_needs_a_reason(tmp_path: Path) -> None:
    written = tmp_path / "equivalents.toml"
    row = '[[equivalent]]\nmodule = "a/b"\nfunction = "settle"\nwas = "a < b"\nbecomes = "a <= b"\nbecause = "{}"\n'
    written.write_text(row.format("they are never equal"))
    assert read_equivalents(written, "a/b") == [SEEN]
    assert read_equivalents(written, "a/c") == []
    written.write_text(row.format(" "))
    with pytest.raises(ValueError, match="why are these equivalent"):
        read_equivalents(written, "a/c")


def test_every_module_listed_has_its_test_and_every_equivalent_its_module() -> None:
    modules = {module.path: module for module in read_modules()}
    assert [path for path, module in modules.items() if not (CHECKOUT / "plugins" / "orgsync" / f"{path}.py").is_file()] == []
    assert [module.test for module in modules.values() if not (CHECKOUT / module.test).is_file()] == []
    named = EQUIVALENTS.read_text(encoding="utf-8").count("[[equivalent]]")
    assert sum(len(read_equivalents(EQUIVALENTS, path)) for path in modules) == named


def test_properties_are_opened_and_stay_what_they_were() -> None:
    opened = open_properties(PAIR)
    assert "@property" not in opened
    assert "@classmethod" in opened
    scope: dict[str, type] = {}
    exec(opened, scope)
    assert scope["Pair"].of().both == 2  # type: ignore[attr-defined]
