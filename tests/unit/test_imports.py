from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import grimp

CHECKOUT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]


def test_imports_point_the_way_that_docs_architecture_draws() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    linted = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_no_module_imports_itself_by_a_detour() -> None:
    """Also through a package's own file, and counting imports inside functions and for type checkers."""
    graph = grimp.build_graph(*SETTINGS["root_packages"], cache_dir=None)
    arrows = [(module, found) for module in sorted(graph.modules) for found in graph.find_modules_directly_imported_by(module)]
    back = [chain for module, found in arrows if (chain := graph.find_shortest_chain(found, module)) is not None]
    assert len(arrows) > 1000
    assert back == []


def test_nobody_is_excused_from_the_rules() -> None:
    assert "exclude_type_checking_imports" not in SETTINGS
    assert [contract["name"] for contract in SETTINGS["contracts"] if "ignore_imports" in contract] == []


def test_the_ground_floor_has_a_dozen_modules_at_most() -> None:
    assert len(list((CHECKOUT / "plugins" / "orgsync").glob("*.py"))) <= 12
