"""What a rebuild did and did not do, and why: pure, for whoever reads its report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orgsync.sync.decisions import describe_decision


@dataclass(frozen=True)
class LeftOut:
    """A snapshot of the landing zone that is not part of history, in a word and in words."""

    snapshot_id: str
    why: str
    reason: str


def explain_left_out(rows: Iterable[dict[str, Any]]) -> list[LeftOut]:
    return [LeftOut(row["snapshot_id"], *_explain(row)) for row in rows]


def _explain(row: dict[str, Any]) -> tuple[str, str]:
    if row["state"] == "foreign":
        return "foreign", "it is another company's"
    if row["state"] != "landed":
        return row["state"], describe_decision(row)
    if not row["is_complete"]:
        return "incomplete", f"not complete: {'; '.join(row['problems'])}"
    return "undecided", "it landed, and nobody decided about it (a dry run, a run that failed, or no run at all)"
