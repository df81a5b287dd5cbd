from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench import page
from bench.page import check_page, number, read_aims, render_page, span
from bench.parts import PARTS
from bench.results import read_results

CHECKOUT = Path(__file__).parents[2]
MACHINE = {"on": "2026-11-29", "cores": 2, "memory_gib": 24, "architecture": "x86_64", "python": "3.11.7", "packages": {"pandas": "3.1.1"}}

TABLE_FIGURES = ("heap_bytes", "index_bytes", "live_rows", "dead_rows", "updates", "hot_updates")


def runs(seconds: list[float], **more: Any) -> dict[str, Any]:
    cost = dict.fromkeys(("seconds", "process_seconds", "cpu_seconds", "server_cpu_seconds", "peak_mib"), seconds)
    return cost | {"people": [100_000] * len(seconds), "history_rows": [5] * len(seconds)} | more


def load_of(people: int, *, with_dlt: bool = True) -> dict[str, Any]:
    dlt = {"dlt": runs([22.0, 36.0])} if with_dlt else {}
    ratios = {"dlt/orgsync": {"ratios": [11.0, 12.0], "median": 11.5}} if with_dlt else {}
    scenario = {"orgsync": runs([2.0, 3.0], steps={"tidy": [0.5, 0.7]}), "ratios": ratios} | dlt
    read = {"seconds": 7.0, "cpu_seconds": 5.0, "peak_mib": 90.0}
    figures = {
        "platform": "dingtalk",
        "people": people,
        "departments": people // 20,
        "runs": 2,
        "reads": dict.fromkeys(("first", "nothing", "some"), read),
        "scenarios": dict.fromkeys(("first", "nothing", "some"), scenario),
        "dlt_version": "1.31.0" if with_dlt else "",
        "sync_seconds": {"first": people / 10_000, "nothing": 8.0, "some": 9.0},
        "unchanged_sync/read": 1.1,
        "peak_mib": 300.0,
    }
    return {"measured": MACHINE, "figures": figures}


def test_figures_stand_in_the_text_with_their_range_and_their_machine() -> None:
    told = render_page({"load": {"dingtalk 100000": load_of(100_000), "dingtalk 1000": load_of(1_000)}})
    assert "### 100,000 people in 5,000 departments" in told
    assert told.index("### 1,000 people") < told.index("### 100,000 people")
    assert "| first | 2.50 (2 to 3) | 29 (22 to 36) |  | 11.5 (11 to 12) |  |" in told
    assert "2026-11-29, 2 cores (x86_64), 24 GiB, Python 3.11.7, pandas 3.1.1" in told


def test_a_month_of_syncs_is_told_with_what_was_tried_beside_it() -> None:
    def month_of(variant: str, mib: int) -> dict[str, Any]:
        day = {"seconds": 1.5, "wal_bytes": 2 << 20, "database_bytes": mib << 20}
        figures = {
            "variant": variant,
            "people": 20_000,
            "departments": 1_000,
            "days": 30,
            "first": day,
            "daily": {name: [each] * 30 for name, each in day.items()},
            "unchanged": day | {"wal_bytes": 10 << 10},
            "tables": {"org.user_version": dict.fromkeys(TABLE_FIGURES, 5)},
            "cpu_seconds": 60.0,
            "server_cpu_seconds": 30.0,
            "peak_mib": 300.0,
        }
        return {"measured": MACHINE, "figures": figures}

    told = render_page({"days": {"as it is": month_of("as it is", 90), "fill factor 85": month_of("fill factor 85", 95)}})
    assert "| as it is | 90 | 90 | 0 | 2 | 2,048 | 10 | 1.50 | 1.50 | 1.50 |" in told
    assert "| fill factor 85 | 95 |" in told
    assert "| `org.user_version` |" in told


def test_airflows_share_is_told_for_few_tenants_and_for_many() -> None:
    components = dict.fromkeys(("scheduler", "api-server", "postgres", "dag-processor", "triggerer"), 0.5)
    syncs = {"syncs": 5, "task_starts": 1, "cpu_seconds": components, "cpu_seconds_of_all": 1.8, "seconds": [2.0, 3.0]}

    def share_of(tenants: int, **more: Any) -> dict[str, Any]:
        figures = {"tenants": tenants, "idle_seconds": 90.0, "idle_cpu_seconds": components, "sync": syncs} | more
        return {"measured": MACHINE, "figures": figures}

    results = {"airflow": {"1000 tenants": share_of(1_000, at_once=syncs | {"syncs": 50}), "1 tenants": share_of(1)}}
    told = render_page(results)
    assert told.index("| 1 | 5, one after the other | 1 |") < told.index("| 1,000 | 50 at once | 1 |")
    assert {aim.is_met for aim in read_aims(results) if aim.aim.startswith(("A scheduled", "50 such"))} == {True}


def test_tenants_that_are_due_at_once_are_told_beside_them() -> None:
    components = dict.fromkeys(("scheduler", "api-server", "postgres", "dag-processor", "triggerer", "sandbox"), 40.0)
    times = {"first": 1.5, "median": 80.0, "p95": 150.0, "last": 160.0}
    figures = {
        "tenants": 200,
        "people": 50,
        "seconds": {"begun": times, "done": times | {"last": 170.0}},
        "task_starts": 200,
        "cpu_seconds": components,
        "cpu_seconds_of_all": 200.0,
        "peak_mib": {"scheduler": 280, "with_workers": 900},
        "load_average": 0.3,
    }
    results = {"airflow": {"200 due": {"measured": MACHINE, "figures": figures}}}
    told = render_page(results)
    assert "| 200 | 200 | 1.50, 80, 150, 160 s | 1.50, 80, 150, 170 s | 40 | 40 | 40 | 40 | 40 | 200 | 1 | 280 | 900 | 0.30 |" in told


def test_pages_are_told_view_by_view_with_the_largest_answer_and_the_slowest_view() -> None:
    times = {"requests": 60, "p50_ms": 12.0, "p95_ms": 34.0, "max_ms": 56.0, "cut": 0}

    def view_of(p95_ms: float, **more: Any) -> dict[str, Any]:
        sizes = {"bytes": 50_000, "median_bytes": 40_000, "sent_bytes": 7_000}
        cpu = {"server": 9.0, "postgres": 2.0}
        return {"one": times | {"p95_ms": p95_ms}, "four": times | {"p95_ms": 78.0}, "cpu_ms": cpu} | sizes | more

    figures = {
        "people": 1_000_000,
        "departments": 30_000,
        "snapshots": 8_761,
        "versions": {"people": 1_190_000, "memberships": 1_180_000, "departments": 31_000},
        "search_keys": 5_000_000,
        "database_bytes": 5 << 30,
        "built": {"count_heads": 90.0, "spell_names": 60.0},
        "load_average": {"before": 0.5, "after": 1.5},
        "views": {"health": view_of(34.0, paint_ms=[300, 310, 350]), "tree": view_of(210.0)},
        "slowest_p95_ms": 210.0,
        "largest_kb": 50.0,
        "paint_ms": {"health": [300, 310, 350]},
    }
    results = {"pages": {"1000000 people": {"measured": MACHINE, "figures": figures}}}
    told = render_page(results)
    assert "| health | 12 | 34 | 56 |  | 9 + 2 | 78 | 50 | 7 | 310 |" in told
    assert "| tree | 12 | 210 | 56 |  | 9 + 2 | 78 | 50 | 7 |  |" in told
    met = {aim.aim: aim.is_met for aim in read_aims(results)}
    assert (
        met["Pages of 1,000,000 people in 30,000 departments with a year of hourly snapshots: the slowest view, 95th percentile"] is False
    )
    assert met["The same: the largest answer"] is True
    assert met["The same: the landing view is on the screen of a browser that knows nothing of it"] is True


def test_without_dlt_only_its_column_is_empty() -> None:
    told = render_page({"load": {"dingtalk 1000": load_of(1_000, with_dlt=False)}})
    assert "| first | 2.50 (2 to 3) |  |  |  |  |" in told


def test_a_part_that_was_not_measured_says_so() -> None:
    assert "*load: not measured yet.*" in render_page({})


def test_an_aim_is_met_or_not_or_not_known() -> None:
    met = {aim.aim: aim.is_met for aim in read_aims({"load": {"dingtalk 100000": load_of(100_000)}})}
    assert met["100,000 people, first load: dlt's merge of the people alone takes so many times as long"] is True
    assert met["100,000 people, nothing changed: the same"] is False
    assert met["100,000 people, first load: so many times what a bare COPY of the people takes"] is None


def test_an_aim_may_be_about_how_a_figure_grows() -> None:
    """A million read and loaded in ten times what 100,000 take, and a quarter more."""
    large = load_of(1_000_000)
    large["figures"]["sync_seconds"]["first"] = 125.0
    met = {
        aim.aim: (aim.figure, aim.is_met) for aim in read_aims({"load": {"dingtalk 100000": load_of(100_000), "dingtalk 1000000": large}})
    }
    name = "1,000,000 people in 30,000 departments, DingTalk: read and first load, beside ten times those of 100,000"
    assert met[name] == (1.25, False)
    assert {aim.aim: aim.figure for aim in read_aims({"load": {"dingtalk 1000000": large}})}[name] is None


def test_of_several_runs_the_highest_peak_counts() -> None:
    (aim,) = (
        each
        for each in read_aims({"load": {"dingtalk 100000": load_of(100_000)}})
        if each.aim.startswith("100,000 people, first load: peak")
    )
    assert (aim.figure, aim.is_met) == (3.0, True)


def test_each_aim_says_where_its_figure_stands_and_how_much_is_wanted() -> None:
    for aim in yaml.safe_load((page.PAGES / "aims.yaml").read_text(encoding="utf-8")):
        assert aim["figure"][0] in PARTS, aim
        assert len({"at_least", "at_most"} & aim.keys()) == 1, aim


def test_the_page_in_docs_is_the_one_of_its_figures() -> None:
    """Also where a text changed: `make bench ARGS="page"` writes it."""
    docs = CHECKOUT / "docs"
    assert (docs / "benchmarks.md").read_text(encoding="utf-8") == render_page(read_results(docs / "benchmarks.json"))


@pytest.mark.parametrize(
    ("results", "problem"),
    [({}, "not measured"), ({"load": {"x": load_of(1_000) | {"odd": float("nan")}}}, "/load/x/odd")],
    ids=["none", "nan"],
)
def test_what_cannot_be_right_is_noticed(tmp_path: Path, results: dict[str, Any], problem: str) -> None:
    (tmp_path / "benchmarks.json").write_text(json.dumps(results))
    (tmp_path / "benchmarks.md").write_text(render_page(results))
    with pytest.raises(SystemExit, match=problem):
        check_page(tmp_path)


@pytest.mark.parametrize(("value", "text"), [(12345.6, "12,346"), (12.345, "12.3"), (1.234, "1.23"), (0.004, "0.00"), (7.0, "7"), (0, "0")])
def test_numbers_have_three_digits_or_so(value: float, text: str) -> None:
    assert number(value) == text


def test_one_run_has_no_range() -> None:
    assert span([1.25]) == "1.25"
