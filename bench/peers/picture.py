"""Run by the peers' own python: draws seconds and memory of loading against the number of people, both axes by powers of ten."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter, NullFormatter

SCENARIOS = {"first": "first", "nothing": "nothing changed", "some": "1 % changed"}
COLORS = {"orgsync": "#1f6fb4", "dlt": "#d9822b", "copy": "#777777"}
STYLES = {"first": ("o", "-"), "nothing": ("s", ":"), "some": ("^", "--")}
SUBJECTS = {"seconds": "seconds of loading", "peak_mib": "peak memory of the process, MiB"}


def main() -> None:
    mpl.use("svg")
    # The same figures make the same file.
    mpl.rcParams |= {"svg.hashsalt": "orgsync", "svg.fonttype": "none", "font.size": 9}
    loads = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")).get("load", {})
    figure, plots = pyplot.subplots(1, 2, figsize=(11, 5), constrained_layout=True)
    for plot, (subject, label) in zip(plots, SUBJECTS.items(), strict=True):
        draw(plot, [each["figures"] for each in loads.values()], subject)
        plot.set(xscale="log", yscale="log", xlabel="people (DingTalk)", ylabel=label)
        for axis in (plot.xaxis, plot.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
        plot.grid(visible=True, which="major", linewidth=0.4)
    handles, labels = plots[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(sys.argv[2], metadata={"Date": None, "Creator": None})


def draw(plot: Any, measured: list[dict[str, Any]], subject: str) -> None:
    for name, color in COLORS.items():
        for scenario, told in SCENARIOS.items():
            points = sorted(
                (each["people"], statistics.median(each["scenarios"][scenario][name][subject]))
                for each in measured
                if each["platform"] == "dingtalk" and name in each["scenarios"][scenario]
            )
            if points:
                marker, line = STYLES[scenario]
                plot.plot(*zip(*points, strict=True), marker=marker, linestyle=line, color=color, label=f"{name}, {told}", linewidth=1.4)


if __name__ == "__main__":
    main()
