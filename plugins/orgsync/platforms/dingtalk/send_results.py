"""What DingTalk tells of a work notification that it has taken: contract §7, page gets-the-result-of-sending-messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orgsync.platforms.reading.records import records_of
from orgsync.platforms.sending.messages import Dropped, Outcome

# Refused because the same content was sent to the same person on the same day: they have it.
SAME_CONTENT = "143106"

# §7 and §10; 143103 and 143104 are both "receivers per minute".
_DROPPED: Mapping[str, Dropped] = {
    "143103": Dropped("DingTalk left them out: too many receivers in that minute (143103)", "minute"),
    "143104": Dropped("DingTalk left them out: too many receivers in that minute (143104)", "minute"),
    "143105": Dropped("DingTalk left them out: this app has sent them 500 messages today (143105)", "day"),
}
_REASONS: Mapping[str, str] = {
    "1430000": "DingTalk saw no receiver",
    "1430002": "the text has words that DingTalk forbids",
    "1430004": "they are protected from messages of apps (高管保护)",
}

INVALID = "not a user that this app may send to: gone, or outside the app's data range"
FAILED = "DingTalk could not deliver it"
FORBIDDEN = "DingTalk did not let it through"
UNDELIVERED = "neither delivered nor refused, as far as DingTalk tells"

DONE = "2"


def is_done(progress: Mapping[str, Any]) -> bool:
    """0 is not started, 1 running, 2 done."""
    return str(progress.get("status")) == DONE


def read_outcomes(result: Mapping[str, Any]) -> dict[str, Outcome]:
    """By user id. A refusal outweighs "unread", which may only say that nothing was opened; who has read it has got it."""
    return {
        **_each(result.get("unread_user_id_list"), Outcome("delivered")),
        **_each(result.get("invalid_user_id_list"), Outcome("failed", INVALID)),
        **_each(result.get("failed_user_id_list"), Outcome("failed", FAILED)),
        **_each(result.get("forbidden_user_id_list"), Outcome("failed", FORBIDDEN)),
        **dict(_read_forbidden(result)),
        **_each(result.get("read_user_id_list"), Outcome("read")),
    }


def read_dropped(result: Mapping[str, Any]) -> dict[str, Dropped]:
    """By user id; they are among the outcomes too, as failed. Who has read it was not left out."""
    reached = set(read_ids(result.get("read_user_id_list")))
    return {
        user_id: dropped
        for refusal in _forbidden(result)
        if (dropped := _DROPPED.get(str(refusal.get("code"))))
        for user_id in read_ids(refusal.get("userid"))
        if user_id not in reached
    }


def read_refused_departments(result: Mapping[str, Any]) -> dict[str, str]:
    return dict.fromkeys(read_ids(result.get("invalid_dept_id_list")), "not a department that this app may send to")


def read_ids(value: object) -> list[str]:
    """A list; examples of the documents print one of its values alone, or joined by commas."""
    values = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str | int) else []
    return [text for each in values if (text := str(each).strip())]


def _each(ids: object, outcome: Outcome) -> dict[str, Outcome]:
    return dict.fromkeys(read_ids(ids), outcome)


def _forbidden(result: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    value = result.get("forbidden_list")
    return records_of(value if isinstance(value, list) else [value])


def _read_forbidden(result: Mapping[str, Any]) -> Iterable[tuple[str, Outcome]]:
    for refusal in _forbidden(result):
        code = str(refusal.get("code"))
        if code == SAME_CONTENT:
            outcome = Outcome("delivered", f"they had this very content already today ({code})")
        else:
            outcome = Outcome("failed", f"{_REASONS.get(code, FORBIDDEN)} ({code})")
        yield from ((user_id, outcome) for user_id in read_ids(refusal.get("userid")))
