"""What validation found as one page a person can open; it names keys, never a person's data.

First as plain data, which is kept with the plan, then as a page: to write the page of a snapshot that was recognized needs no frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from orgsync.manifest import Manifest
from orgsync.settings import INCLUDE

if TYPE_CHECKING:
    import pandas as pd

    from orgsync.validation.quarantine import Verdict

MOST_ROWS_SHOWN = 200  # of one rule


def describe_verdict(verdict: Verdict) -> dict[str, Any]:
    """All that the page says of a snapshot beside its manifest, as JSON holds it."""
    return {
        "counts": {
            "departments": len(verdict.tidy.departments),
            "people": len(verdict.tidy.users),
            "memberships": len(verdict.tidy.memberships),
        },
        "groups": list(_group(verdict.findings)),
        "findings_count": len(verdict.findings),
        "remarks": list(_group(verdict.remarks)),
        "results": [
            {
                "suite": result.suite,
                "column": result.column,
                "expectation": result.expectation,
                "element_count": result.element_count,
                "unexpected_count": len(result.rows),
            }
            for result in sorted(verdict.results, key=lambda result: (result.is_success, result.suite, result.column))
        ],
        "withheld": _list_columns(verdict.tidy.withheld),
        "unobserved": sorted(set(_list_columns(verdict.tidy.unobserved)) - set(_list_columns(verdict.tidy.withheld))),
    }


def render_report(manifest: Manifest, described: Mapping[str, Any]) -> str:
    return _pages().get_template("validation_report.html.j2").render(manifest=manifest, **described)


@cache
def _pages() -> Environment:
    """Kept, for it keeps the compiled template."""
    return Environment(
        loader=FileSystemLoader(INCLUDE / "templates"),
        autoescape=select_autoescape(["j2"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _group(findings: pd.DataFrame) -> Iterable[dict[str, Any]]:
    """Each rule with the first rows that broke it: one that thousands broke must not hide the others."""
    for (entity, rule, reason), rows in findings.groupby(["entity", "rule", "reason"], sort=True):
        shown = rows[["user_id", "department_id"]].head(MOST_ROWS_SHOWN)
        keys = shown.astype(object).where(shown.notna(), None).to_dict("records")
        yield {"entity": entity, "rule": rule, "reason": reason, "count": len(rows), "findings": keys}


def _list_columns(columns: Mapping[str, Iterable[str]]) -> list[str]:
    return sorted(f"{name}.{column}" for name, names in columns.items() for column in names)
