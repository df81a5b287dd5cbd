"""`make mutate`: changes the pure modules a little, in one place at a time, and looks whether their unit tests notice."""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.survivors import Survivor, find_unnamed, read_equivalents

CHECKOUT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent
EQUIVALENTS = FOLDER / "equivalents.toml"
LEAST_KILLED = 0.95
CONFIGURATION = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {sources}
pytest_add_cli_args_test_selection = {tests}
also_copy = ["include"]
use_git_change_detection = false
mutate_only_covered_lines = false

[tool.pytest.ini_options]
pythonpath = [".", "src"]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "no:xdist"]
"""
KILLED = frozenset(("killed", "timeout", "segfault"))


@dataclass(frozen=True)
class Module:
    """A module of the package, as `outbox/quota`."""

    path: str

    @property
    def name(self) -> str:
        return "orgsync." + self.path.replace("/", ".")

    @property
    def source(self) -> str:
        return f"src/orgsync/{self.path}.py"

    @property
    def test(self) -> str:
        room, _, name = self.path.rpartition("/")
        return f"tests/unit/{room}/test_{name}.py"


def main() -> None:
    options = _read_arguments()
    known = read_modules()
    chosen = [module for module in known if not options.modules or any(wanted in module.path for wanted in options.modules)]
    if not chosen:
        sys.exit(f"none of the modules is called {' or '.join(options.modules)}; there are {', '.join(module.path for module in known)}")
    faults = [measure(module, processes=options.processes) for module in chosen]
    sys.exit(1 if any(faults) else 0)


def read_modules() -> list[Module]:
    return [Module(path) for path in tomllib.loads((FOLDER / "modules.toml").read_text())["modules"]]


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("modules", nargs="*", help="only these: part of a name, for example quota or validation/")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="at once (%(default)s)")
    return parser.parse_args()


def measure(module: Module, *, processes: int) -> list[str]:
    """Mutate one module, print what came of it, return what is wrong: too few are killed, or what survives is not what is named."""
    with _workplace(module) as folder:
        _run(folder, "run", "--max-children", str(processes))
        states = dict(_read_states(folder))
        survivors = [_read_survivor(folder, module, name) for name, state in states.items() if state not in KILLED]
    killed = len(states) - len(survivors)
    equivalents = read_equivalents(EQUIVALENTS, module.path)
    unnamed, outdated = find_unnamed(survivors, equivalents)
    print(f"{module.path:32} {killed:4} of {len(states):4} killed, {len(survivors) - len(unnamed)} named as equivalent", flush=True)
    faults = [f"{module.path}: {survivor}\n  survives, and is not named in equivalents.toml" for survivor in unnamed]
    faults += [f"{module.path}: {survivor}\n  is named in equivalents.toml, and does not survive" for survivor in outdated]
    if killed < LEAST_KILLED * len(states):
        faults.append(f"{module.path}: {killed / len(states):.1%} are killed, and it must be {LEAST_KILLED:.0%}")
    print(*faults, sep="\n", end="\n" if faults else "", flush=True)
    return faults


@contextmanager
def _workplace(module: Module) -> Iterator[Path]:
    """A copy of the package and its unit tests, where the tool finds `src/orgsync` as it expects it."""
    with tempfile.TemporaryDirectory(prefix="orgsync-mutate-") as name:
        folder = Path(name)
        passed_over = shutil.ignore_patterns("__pycache__", ".hypothesis")
        shutil.copytree(CHECKOUT / "plugins" / "orgsync", folder / "src" / "orgsync", ignore=passed_over)
        shutil.copytree(CHECKOUT / "include", folder / "include", ignore=passed_over)
        shutil.copytree(CHECKOUT / "tests" / "unit", folder / "tests" / "unit", ignore=passed_over)
        shutil.copytree(CHECKOUT / "tests" / "fixtures", folder / "tests" / "fixtures", ignore=passed_over)
        (folder / "tests" / "__init__.py").touch()
        source = folder / module.source
        source.write_text(open_properties(source.read_text(encoding="utf-8")), encoding="utf-8")
        (folder / "pyproject.toml").write_text(CONFIGURATION.format(sources=[module.source], tests=[module.test]))
        yield folder


def open_properties(source: str) -> str:
    """The same, with `name = property(name)` after a method in place of the decorator: the tool passes over what is decorated."""
    lines = source.splitlines(keepends=True)
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    for method in sorted((node for each in classes for node in each.body), key=lambda node: -node.lineno):
        match method:
            case ast.FunctionDef(decorator_list=[ast.Name(id="property") as decorator], end_lineno=int(last)):
                lines.insert(last, f"\n{' ' * method.col_offset}{method.name} = property({method.name})\n")
                del lines[decorator.lineno - 1]
    return "".join(lines)


def _run(folder: Path, *arguments: str) -> str:
    """`CI` makes hypothesis choose the same examples each time, without a deadline."""
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    environment = os.environ | {"CI": "true", "AIRFLOW__CORE__LOAD_EXAMPLES": "false", "GX_ANALYTICS_ENABLED": "false"}
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def _read_states(folder: Path) -> Iterator[tuple[str, str]]:
    for line in _run(folder, "results", "--all", "true").splitlines():
        name, _, state = line.strip().partition(": ")
        if "__mutmut_" in name:
            yield name, state


def _read_survivor(folder: Path, module: Module, name: str) -> Survivor:
    """What it changed, which stays true when others come before it and its number is another."""
    lines = _run(folder, "show", name).splitlines()
    changed = {sign: " ".join(line[1:].strip() for line in lines if line[:1] == sign and line[:3] not in ("---", "+++")) for sign in "-+"}
    function = name.removeprefix(module.name + ".").partition("__mutmut_")[0]
    return Survivor(function.removeprefix("x_").replace("xǁ", "").replace("ǁ", "."), changed["-"], changed["+"])


if __name__ == "__main__":
    main()
