"""Writes docs/benchmarks.md and its picture from docs/benchmarks.json: the text is in bench/pages, the figures are put in."""

from __future__ import annotations

import math
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.parts import PARTS
from bench.peers.environment import find_peers
from bench.results import Results, find_figure, read_results

PAGES = Path(__file__).with_name("pages")
PICTURE = Path(__file__).with_name("peers") / "picture.py"


@dataclass(frozen=True)
class Aim:
    """What shall be true, beside what was measured; `remark` says why not, and what would be next."""

    aim: str
    figure: float | None
    bound: float
    is_least: bool
    unit: str
    remark: str

    @property
    def is_met(self) -> bool | None:
        if self.figure is None:
            return None
        return self.figure >= self.bound if self.is_least else self.figure <= self.bound


def write_page(folder: Path) -> None:
    results = read_results(folder / "benchmarks.json")
    (folder / "benchmarks.md").write_text(render_page(results), encoding="utf-8")
    if python := find_peers():
        subprocess.run([python, PICTURE, folder / "benchmarks.json", folder / "benchmarks.svg"], check=True)


def render_page(results: Results) -> str:
    environment = Environment(  # noqa: S701 - what is written is Markdown
        loader=FileSystemLoader(PAGES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"median": median, "span": span, "number": number, "sizes": sort_sizes, "measured": tell_machine}
    return environment.get_template("benchmarks.md.jinja").render(results=results, aims=read_aims(results), parts=list(PARTS))


def check_page(folder: Path) -> None:
    """That every part was measured and is told: raises SystemExit where one is not, or where a figure is none."""
    results, page = read_results(folder / "benchmarks.json"), (folder / "benchmarks.md").read_text(encoding="utf-8")
    missing = [part for part in PARTS if not results.get(part) or f"<!-- {part} -->" not in page]
    odd = [path for path, figure in walk_figures(results) if not math.isfinite(figure) or figure < 0]
    if missing or odd:
        raise SystemExit(f"not measured or not told: {missing}; figures that are none: {odd}")
    print(f"{len(list(walk_figures(results)))} figures of {', '.join(PARTS)}, and the page of them: {len(page.splitlines())} lines")


def read_aims(results: Results) -> list[Aim]:
    written = yaml.safe_load((PAGES / "aims.yaml").read_text(encoding="utf-8"))
    return [
        Aim(
            aim=each["aim"],
            figure=_find_figure(results, each),
            bound=each.get("at_least", each.get("at_most")),
            is_least="at_least" in each,
            unit=each["unit"],
            remark=each.get("remark", ""),
        )
        for each in written
    ]


def _find_figure(results: Results, aim: Mapping[str, Any]) -> float | None:
    figure = _summarize(find_figure(results, aim["figure"]), aim.get("of", "median"))
    if "against" not in aim or figure is None:
        return figure
    against = _summarize(find_figure(results, aim["against"]), "median")
    return figure / (against * aim["times"]) if against else None


def _summarize(found: Any, of: str) -> float | None:
    """Of several runs the middle, or the highest (`max`)."""
    if isinstance(found, list):
        return float(max(found) if of == "max" else statistics.median(found))
    return None if found is None else float(found)


def walk_figures(found: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number, with where it stands."""
    if isinstance(found, Mapping):
        for name, each in found.items():
            yield from walk_figures(each, f"{path}/{name}")
    elif isinstance(found, list):
        for each in found:
            yield from walk_figures(each, path)
    elif isinstance(found, int | float):
        yield path, float(found)


def median(runs: Sequence[float]) -> float:
    return statistics.median(runs)


def span(runs: Sequence[float]) -> str:
    """The median, and from where to where where there are several: `12.3 (11.9 to 14.0)`."""
    middle = number(statistics.median(runs))
    return middle if len(runs) == 1 else f"{middle} ({number(min(runs))} to {number(max(runs))})"


def number(value: float) -> str:
    """Three digits or so: more of it is chance."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def sort_sizes(measured: Mapping[str, Any]) -> list[Any]:
    """The smallest first, the platforms in the order of the alphabet."""
    return sorted(measured.values(), key=lambda each: (each["figures"]["people"], each["figures"]["platform"]))


def tell_machine(found: Mapping[str, Any]) -> str:
    """`2026-11-29, 2 cores (x86_64), 24 GiB, Python 3.11.7, apache-airflow 3.3.2, …`."""
    packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items())
    return (
        f"{found['on']}, {found['cores']} cores ({found['architecture']}), {found['memory_gib']} GiB, Python {found['python']}, {packages}"
    )
