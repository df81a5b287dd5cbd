"""What recipients and calls say about a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.outbox.states import OPEN, Standing, settle

SENT = {"sent": 2}

CASES = {
    "a call is to be made": (Standing({}, {"waiting": 1, "sent": 4}, "busy"), "claimed", "busy"),
    "a call is under way": (Standing({}, {"calling": 1}), "claimed", "its calls are under way"),
    "nobody knows of a call": (Standing({}, {"unknown": 1}), "claimed", "its calls are under way"),
    "all took it": (Standing({"sent": 9}, SENT), "sent", None),
    "some are known to have it": (Standing({"sent": 8, "delivered": 1}, SENT), "sent", None),
    "all have it": (Standing({"delivered": 8, "read": 1}, SENT), "delivered", None),
    "some were refused": (Standing({"sent": 8, "failed": 1}, SENT, "gone"), "partly", "1 of 9 recipients: gone"),
    "of some nothing is known": (Standing({"read": 8, "unknown": 1}, SENT), "partly", "1 of 9 recipients: no word of them"),
    "all were refused": (Standing({"failed": 9}, {"refused": 1}, "bad words"), "failed", "bad words"),
    "given up": (Standing({"failed": 9}, {"dead": 1}, "busy"), "dead", "busy"),
    "given up in doubt": (Standing({"unknown": 9}, {"dead": 1}, "busy"), "dead", "busy"),
    "given up for some": (Standing({"failed": 4, "sent": 5}, {"dead": 1, "sent": 1}, "busy"), "partly", "4 of 9 recipients: busy"),
    "given up for some, for others in doubt": (Standing({"failed": 8, "unknown": 1}, {"dead": 1}, "busy"), "dead", "busy"),
    "expired": (Standing({"failed": 9}, {"expired": 1}, "too late"), "expired", "too late"),
    "expired in doubt": (Standing({"unknown": 9}, {"expired": 1}, "too late"), "expired", "too late"),
    "refused in doubt": (Standing({"unknown": 9}, {"refused": 1}, "gone"), "partly", "9 of 9 recipients: gone"),
    "a todo was changed": (Standing({}, {"done": 2}), "delivered", None),
    "a todo was changed for some": (Standing({}, {"done": 1, "refused": 1}, "gone"), "partly", "1 of 2 calls failed: gone"),
    "a todo could not be changed": (Standing({}, {"refused": 1}, "no todos"), "failed", "no todos"),
    "taken back": (Standing({}, {"recalled": 2}, None, True), "recalled", None),
    "taken back, the rest never arrived": (Standing({}, {"recalled": 1, "refused": 1}, None, True), "recalled", None),
    "taken back, with all that never arrived": (
        Standing({}, dict.fromkeys(("recalled", "refused", "dead", "expired"), 1), "gone", True),
        "recalled",
        "gone",
    ),
    "what was changed is to be taken back": (Standing({}, {"done": 1}, None, True), "claimed", "it is being taken back"),
    "the platform would not": (Standing({}, {"recall_failed": 1}, None, True), "recall_failed", "the platform refused"),
    "too late": (Standing({}, {"too_late": 1}, "24 hours", True), "recall_failed", "24 hours"),
    "partly too late": (
        Standing({}, {"recalled": 1, "too_late": 1}, "24 hours", True),
        "recall_failed",
        "1 of 2 calls were taken back; 24 hours",
    ),
    "still to be taken back": (Standing({}, {"recalled": 1, "sent": 1}, None, True), "claimed", "it is being taken back"),
    "one more try to take back": (Standing({}, {"recall_failed": 1, "sent": 1}, "busy", True), "claimed", "it is being taken back"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_message_is_in_the_state_of_its_calls_and_recipients(case: str) -> None:
    standing, state, reason = CASES[case]
    verdict = settle(standing)
    assert (verdict.state, verdict.reason) == (state, reason)


def test_a_call_shared_with_a_message_that_stays_is_not_taken_back() -> None:
    verdict = settle(Standing({}, {"sent": 1}, None, is_recall_wanted=True, is_shared=True))
    reason = "it was sent in one call with another message of the same text, which nobody takes back; take that one back too"
    assert (verdict.state, verdict.reason) == ("recall_failed", reason)


DELIVERIES = ["waiting", "calling", "unknown", "sent", "refused", "dead", "expired", "recalled", "too_late", "recall_failed"]
RECIPIENTS = ["sent", "delivered", "read", "failed", "unknown"]
counts = st.integers(0, 3)


@given(
    st.dictionaries(st.sampled_from(RECIPIENTS), st.integers(1, 3)),
    st.dictionaries(st.sampled_from(DELIVERIES), st.integers(1, 3), min_size=1),
    st.booleans(),
)
def test_a_failure_is_never_called_a_success(recipients: dict[str, int], deliveries: dict[str, int], is_recall_wanted: bool) -> None:
    state = settle(Standing(recipients, deliveries, None, is_recall_wanted)).state
    if state in ("sent", "delivered"):
        assert not recipients.keys() & {"failed", "unknown"}
        assert recipients
    if not is_recall_wanted and deliveries.keys() & OPEN:
        assert state == "claimed"
    if state == "recalled":
        assert not deliveries.keys() & {"sent", "too_late", "recall_failed", *OPEN}
