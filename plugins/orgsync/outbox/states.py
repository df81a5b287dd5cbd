"""What a message's recipients and calls say about the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MessageState = Literal["pending", "claimed", "sent", "delivered", "partly", "failed", "dead", "expired", "recalled", "recall_failed"]

UNDER_WAY = "its calls are under way"
OPEN = frozenset({"waiting", "calling", "unknown"})
_TAKEN_BACK = frozenset({"recalled", "refused", "dead", "expired"})
_GOT_IT = frozenset({"delivered", "read"})


@dataclass(frozen=True)
class Standing:
    """Recipients and calls of a message, counted by state, and a reason of a call or recipient that went wrong or waits.

    `is_recall_wanted` is asked for; `is_shared` says that another message whose recall nobody wants is in one of its calls.
    """

    recipients: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    is_recall_wanted: bool = False
    is_shared: bool = False


@dataclass(frozen=True)
class Verdict:
    state: MessageState
    reason: str | None = None


def settle(standing: Standing) -> Verdict:
    """The one state in which the message is."""
    if standing.is_recall_wanted:
        return _settle_recall(standing)
    if any(standing.deliveries.get(state) for state in OPEN):
        return Verdict("claimed", standing.reason or UNDER_WAY)
    if "done" in standing.deliveries:
        return _settle_change(standing)
    return _settle_recipients(standing)


def _settle_recall(standing: Standing) -> Verdict:
    states = standing.deliveries.keys()
    if states <= _TAKEN_BACK:
        return Verdict("recalled", standing.reason)
    if standing.is_shared:
        reason = "it was sent in one call with another message of the same text, which nobody takes back; take that one back too"
        return Verdict("recall_failed", reason)
    if states & {"too_late", "recall_failed"} and not states & (OPEN | {"sent"}):
        recalled, of = standing.deliveries.get("recalled", 0), sum(standing.deliveries.values())
        part = f"{recalled} of {of} calls were taken back; " if recalled else ""
        return Verdict("recall_failed", f"{part}{standing.reason or 'the platform refused'}")
    return Verdict("claimed", "it is being taken back")


def _settle_change(standing: Standing) -> Verdict:
    done, of = standing.deliveries["done"], sum(standing.deliveries.values())
    return Verdict("delivered") if done == of else Verdict("partly", f"{of - done} of {of} calls failed: {standing.reason}")


def _settle_recipients(standing: Standing) -> Verdict:
    states = {state for state, count in standing.recipients.items() if count}
    if states <= {"failed", "unknown"} and (ended := _why_nobody(standing, states)):
        return Verdict(ended, standing.reason)
    if states <= _GOT_IT:
        return Verdict("delivered")
    if states & {"failed", "unknown"}:
        failed, of = sum(standing.recipients.get(state, 0) for state in ("failed", "unknown")), sum(standing.recipients.values())
        return Verdict("partly", f"{failed} of {of} recipients: {standing.reason or 'no word of them'}")
    return Verdict("sent")


def _why_nobody(standing: Standing, states: set[str]) -> MessageState | None:
    """None where somebody may have it."""
    if standing.deliveries.get("dead"):
        return "dead"
    if standing.deliveries.get("expired"):
        return "expired"
    return None if "unknown" in states else "failed"
