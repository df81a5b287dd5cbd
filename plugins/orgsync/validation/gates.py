"""Gates look at a whole set: what is wrong with all of it stops the load before anything changes."""

from __future__ import annotations

from collections.abc import Mapping

from orgsync.errors import GateError


def check_not_empty(counts: Mapping[str, int], counts_before: Mapping[str, int] | None) -> None:
    """An empty answer is not "everyone left": raises GateError for a set without departments, or suddenly without people."""
    if not counts["departments"]:
        raise GateError(
            "the platform shows no department at all; nothing was changed. Check the app's visible range (DingTalk: 授权范围) and sync again"
        )
    if counts_before and counts_before.get("users") and not counts["users"]:
        raise GateError(
            f"the platform shows nobody, where the last snapshot had {counts_before['users']} people; nothing was changed. "
            "Check the app's visible range and permission points, then sync again"
        )
