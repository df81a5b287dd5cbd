from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.results import compare_pairs, describe_machine, find_figure, gather, keep, read_results


def test_ratios_are_of_runs_next_to_each_other() -> None:
    """The second pair ran while something else kept the machine busy: of the medians the ratio would be another."""
    assert compare_pairs([10.0, 60.0, 12.0], [2.0, 20.0, 3.0]) == {"ratios": [5.0, 3.0, 4.0], "median": 4.0}


def test_ratios_need_pairs() -> None:
    with pytest.raises(ValueError, match="zip"):
        compare_pairs([1.0, 2.0], [1.0])


def test_figures_of_several_runs_become_lists_also_within() -> None:
    runs = [{"seconds": 1.0, "steps": {"tidy": 0.5}}, {"seconds": 2.0, "steps": {"tidy": 0.7}}]
    assert gather(runs) == {"seconds": [1.0, 2.0], "steps": {"tidy": [0.5, 0.7]}}


def test_a_part_measured_anew_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "benchmarks.json"
    keep(file, "load", "small", {"seconds": 1})
    keep(file, "load", "large", {"seconds": 20})
    keep(file, "days", "30", {"bytes": 3})
    keep(file, "load", "small", {"seconds": 2})
    results = read_results(file)
    assert {part: {key: each["figures"] for key, each in keys.items()} for part, keys in results.items()} == {
        "load": {"small": {"seconds": 2}, "large": {"seconds": 20}},
        "days": {"30": {"bytes": 3}},
    }
    assert results["load"]["small"]["measured"]["cores"] > 0


def test_a_figure_is_found_by_its_place_and_missing_where_it_was_not_measured() -> None:
    results = {"load": {"small": {"measured": {}, "figures": {"first": {"seconds": [1.0]}}}}}
    assert find_figure(results, ["load", "small", "first", "seconds"]) == [1.0]
    assert find_figure(results, ["load", "large", "first", "seconds"]) is None
    assert find_figure(results, ["load", "small", "first", "seconds", "more"]) is None
    assert find_figure(results, ["days", "30"]) is None


def test_the_machine_is_described_and_not_named() -> None:
    import platform

    assert platform.node() not in json.dumps(describe_machine())
