"""The parts of docs/benchmarks.md, in its order: what measures each; its text is bench/pages/<part>.md.jinja."""

from __future__ import annotations

from bench import airflow, days, explore, fetch, load
from bench.wanted import Measure

PARTS: dict[str, Measure] = {
    "load": load.measure,
    "days": days.measure,
    "fetch": fetch.measure,
    "airflow": airflow.measure,
    "pages": explore.measure,
}
