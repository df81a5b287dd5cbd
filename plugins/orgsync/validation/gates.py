"""Gates look at a whole set: what is wrong with all of it stops the load before anything changes."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from orgsync.errors import GateError, IncompleteSnapshotError
from orgsync.validation.rules import UNREADABLE_KEY

MOST_SHOWN = 40  # characters of an id


def check_not_empty(counts: Mapping[str, int], counts_before: Mapping[str, int] | None) -> None:
    """An empty answer is not "everyone left": raises GateError for a set without departments, or suddenly without people."""
    kept_out = counts.get("quarantined_rows", 0)
    quarantine = f". {kept_out} people or departments are in quarantine: the validation report says why" if kept_out else ""
    if counts_before and counts_before.get("users") and not counts["users"]:
        raise GateError(
            f"the platform shows nobody who could be loaded, where the last snapshot had {counts_before['users']} people; nothing was "
            f"changed. Check the app's visible range and permission points, then sync again{quarantine}"
        )
    if not counts["departments"]:
        raise GateError(
            "the platform shows no department at all that could be loaded; nothing was changed. "
            f"Check the app's visible range (DingTalk 授权范围, WeCom 可见范围, Feishu 通讯录权限范围) and sync again{quarantine}"
        )


def check_keys(findings: pd.DataFrame) -> None:
    """Someone whose id cannot be read is there, and looks like someone who left: raises IncompleteSnapshotError."""
    found = findings.loc[findings["entity"] != "membership"]
    keys = found["user_id"].where(found["entity"] == "user", found["department_id"])
    unreadable = found.assign(key=keys).loc[lambda rows: (rows["rule"] == UNREADABLE_KEY) | rows["key"].isna()]
    if unreadable.empty:
        return
    counts = unreadable["entity"].value_counts()
    listed = " and ".join(f"{count} {entity}{'' if count == 1 else 's'}" for entity, count in counts.items())
    examples = ", ".join(repr(str(key)[:MOST_SHOWN]) for key in unreadable["key"].dropna().unique()[:3])
    raise IncompleteSnapshotError(
        f"{listed} came without an id that can be read{f' (for example {examples})' if examples else ''}, so who is gone cannot be told; "
        "nothing was changed. Sync again; if it stays so, have the id corrected on the platform, or set on_incomplete to add_only: "
        "then nobody leaves until it is"
    )


def check_head_count(seen: int, counted: int | None, *, allowed: int = 0) -> None:
    """Rows lost from a page look like leavers; only the platform's own count shows them.

    `counted` is null where the platform gives no count that fits what was read. More people than counted are fine: someone
    joined while we read. Raises IncompleteSnapshotError.
    """
    if counted is not None and seen < counted - allowed:
        raise IncompleteSnapshotError(
            f"the platform counts {counted} people, its pages held {seen}; nothing was changed. Sync again; if it stays so, the app "
            "cannot see some people (check its visible range), or set missing_people in the tenant's budget to how many may be hidden"
        )
