"""The pages of the organization: how fast they are, and how large, where a million people have a year of hourly snapshots behind them.

A company is written by SQL, Airflow's API server started with the plugin in it, and each view asked for again and again: other people,
departments and days each time. PostgreSQL, the server and whoever asks share the machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

import psutil
from playwright.sync_api import Browser

from bench.asking import Answer, ask_all, percentile, summarize
from bench.company.building import Shape
from bench.company.standing import Company, open_company
from bench.known import Known, find_known
from bench.painting import measure_paints, open_browser
from bench.processes import read_server_cpu
from bench.results import Figures
from bench.views import VIEWS, View
from bench.wanted import Wanted
from stack.page_server import PageServer, serve_pages

USUAL_SHAPE = Shape(people=1_000_000, departments=30_000, snapshots=365 * 24)
QUICK_SHAPE = Shape(people=3_000, departments=200, snapshots=96)
REQUESTS, QUICK_REQUESTS = 60, 4
AT_A_TIME = 4
FIRST_REQUESTS = 4
"""Of each view, before it is measured: what a server does once, it has done by then."""
PAINTS, QUICK_PAINTS = 9, 1
VIEWER = {"vic": "viewer"}
VERSIONS = """
    select
        (select count(*) from org.user_version),
        (select count(*) from org.membership_version),
        (select count(*) from org.department_version),
        (select count(*) from org.search_key),
        pg_database_size(current_database())
"""


def measure(wanted: Wanted) -> Iterator[tuple[str, Figures]]:
    shape = QUICK_SHAPE if wanted.is_quick else USUAL_SHAPE
    with open_company(shape) as company:
        yield f"{shape.people} people", measure_company(shape, company, is_quick=wanted.is_quick)


def measure_company(shape: Shape, company: Company, *, is_quick: bool) -> Figures:
    known, busy = find_known(company), os.getloadavg()[0]
    with serve_pages(company.folder / "airflow", company.environment, VIEWER) as server, open_browser() as browser:
        meter = partial(_read_cpu, company, server)
        views = {view.name: _measure_view(view, known, server, meter, browser, is_quick=is_quick) for view in VIEWS}
    [(people, memberships, departments, keys, size)] = company.query(VERSIONS)
    return {
        "people": shape.people,
        "departments": shape.departments,
        "snapshots": shape.snapshots + 1,
        "versions": {"people": people, "memberships": memberships, "departments": departments},
        "search_keys": keys,
        "database_bytes": size,
        "built": company.built,
        "load_average": {"before": round(busy, 1), "after": round(os.getloadavg()[0], 1)},
        "views": views,
        "slowest_p95_ms": max(view["one"]["p95_ms"] for view in views.values()),
        "slowest_p95_of_four_ms": max(view["four"]["p95_ms"] for view in views.values()),
        "largest_kb": max(view["bytes"] for view in views.values()) / 1000,
        "paint_ms": {name: view["paint_ms"] for name, view in views.items() if "paint_ms" in view},
    }


def _read_cpu(company: Company, server: PageServer) -> dict[str, float]:
    """Milliseconds so far, of those who answer."""
    own = psutil.Process(server.process_id).cpu_times()
    return {"server": (own.user + own.system) * 1000, "postgres": read_server_cpu(company.server) * 1000}


def _measure_view(
    view: View, known: Known, server: PageServer, read_cpu: Callable[[], dict[str, float]], browser: Browser | None, *, is_quick: bool
) -> Figures:
    random, url, [token] = Random(view.name), f"{server.url}/organization", server.tokens.values()  # noqa: S311
    questions = [view.draw(known, random) for _ in range(FIRST_REQUESTS + 2 * (QUICK_REQUESTS if is_quick else REQUESTS))]
    first, rest = questions[:FIRST_REQUESTS], questions[FIRST_REQUESTS:]
    ask_all(url, token, first)
    before = read_cpu()
    one = ask_all(url, token, rest[::2])
    spent = {name: round((cpu - before[name]) / len(one), 1) for name, cpu in read_cpu().items()}
    four = ask_all(url, token, rest[1::2], at_a_time=AT_A_TIME)
    figures: Figures = {"one": summarize(one), "four": summarize(four), "cpu_ms": spent} | _tell_sizes([*one, *four])
    if view.is_painted and browser:
        paints = measure_paints(browser, url, token, rest[: QUICK_PAINTS if is_quick else PAINTS])
        figures["paint_ms"] = [round(paint) for paint in paints]
    _tell(view.name, figures)
    return figures


def _tell(name: str, figures: Figures) -> None:
    one, four, cpu = figures["one"], figures["four"], figures["cpu_ms"]
    print(
        f"{name}: {one['p50_ms']} ms, p95 {one['p95_ms']} ms, of four {four['p95_ms']} ms, {one['cut']} of {one['requests']} cut, "
        f"CPU {cpu['server']} + {cpu['postgres']} ms, {figures['bytes'] / 1000:.1f} kB",
        flush=True,
    )


def _tell_sizes(answers: list[Answer]) -> Figures:
    sizes = sorted(answer.bytes for answer in answers)
    return {
        "bytes": sizes[-1],
        "median_bytes": round(percentile(sizes, 0.5)),
        "sent_bytes": max(answer.sent_bytes for answer in answers),
    }
