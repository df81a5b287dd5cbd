"""What holds for messages on every platform: what a call may hold, and the words for what is too long."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from orgsync.errors import ConfigurationError
from orgsync.platforms.sending.messages import Content, Delivery, Kind, Limits, Person, TextLimits

OPEN_WORDS = "查看详情"
SAMPLE_KEY = "<the call's own key>"
WEB = ("http", "https")
# Control characters, blanks, what ends a URL in a text or in a tag, and what is not seen or turns the direction of writing.
_NOT_IN_A_URL = re.compile(
    r'[\x00-\x20"<>\\`\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff]'
)


def encode(body: object) -> bytes:
    """JSON as it is sent: compact, in UTF-8, without escapes."""
    return msgspec.json.encode(body)


def too_many_bytes(what: str, text: str | bytes, most: int) -> list[str]:
    size = len(text if isinstance(text, bytes) else text.encode())
    return [f"{what} is {size - most} bytes too long: {size} of at most {most}"] if size > most else []


def too_many_characters(what: str, text: str, most: int) -> list[str]:
    return [f"{what} is {len(text) - most} characters too long: {len(text)} of at most {most}"] if len(text) > most else []


def breaks_limits(content: Content, limits: TextLimits) -> list[str]:
    """All but `total_bytes`: that is for `too_long`."""
    needs = (
        ("title", limits.needs_title, content.title.strip()),
        ("body", limits.needs_body, content.body.strip()),
        ("URL", limits.needs_url, content.url),
    )
    return [
        *(f"a {content.kind} needs a {what}" for what, is_needed, given in needs if is_needed and not given),
        *(too_many_characters("its title", content.title, limits.title_characters) if limits.title_characters else []),
        *(too_many_characters("its body", content.body, limits.body_characters) if limits.body_characters else []),
        *(too_many_bytes("its URL", content.url, limits.url_bytes) if limits.url_bytes else []),
    ]


def too_long(content: Content, limits: TextLimits, *, what: str, sent: str | bytes) -> list[str]:
    """`sent` is what goes out of a content. What does not, such as a title of blanks, counts too: whoever only counts can't know of it."""
    whole = f"{content.title}{content.body}{content.url}"
    most = limits.total_bytes
    return too_many_bytes(what, sent, most) or too_many_bytes("its title, text and URL together", whole, most)


def lacks_text(content: Content) -> list[str]:
    return [] if content.title.strip() or content.body.strip() else ["it says nothing: it has neither title nor body"]


def bad_url(content: Content, schemes: Sequence[str] = WEB) -> list[str]:
    """What a platform's app does not open, or could show as another. `notify.find_url_problem` says the same in SQL.

    Whether schemes in capitals are opened is not told.
    """
    url, starts = content.url, tuple(f"{scheme}://" for scheme in schemes)
    if not url:
        return []
    if not url.startswith(starts):
        return [f"its URL does not begin with {' or '.join(starts)}"]
    if not re.match(r"[a-z]+://[^/?#]", url):
        return ["its URL names no host"]
    if _NOT_IN_A_URL.search(url):
        return ["its URL holds a blank, a quote, a bracket or a character that is not seen; write that percent-encoded"]
    return []


def people_per_call(kind: Kind, limits: Limits) -> int:
    return limits.people_per_todo if is_task(kind, limits) else limits.people_per_call


def is_task(kind: Kind, limits: Limits) -> bool:
    """Whether a todo is one on this platform, or a message like any other."""
    return kind == "todo" and limits.people_per_todo > 0


def check_delivery(delivery: Delivery, limits: Limits, *, platform: str) -> None:
    """Whoever makes deliveries keeps to the limits: this is where a mistake stops before it is sent."""
    if problem := _problem(delivery, limits):
        raise ConfigurationError(f"a delivery to {platform} {problem}")


def sample_delivery(content: Content) -> Delivery:
    """A call to one receiver, for showing: what is known only when it is sent stands there by its name."""
    return Delivery(content, SAMPLE_KEY, (Person("<user_id>", union_id="<union_id>", open_id="<open_id>"),))


def count_receivers(delivery: Delivery) -> dict[str, Any]:
    """What an error may tell of a call: how many it was for, not who they are nor what it said."""
    counts = {"people": len(delivery.people), "departments": len(delivery.department_ids), "to_all": delivery.to_all}
    return {"kind": delivery.content.kind, **{name: count for name, count in counts.items() if count}}


def fit_key(key: str, *, shortest: int, longest: int) -> str:
    """The delivery's key as it is where the platform takes its length, else a hash of it: as different as the keys are."""
    return key if shortest <= len(key) <= longest else hashlib.sha256(key.encode()).hexdigest()[:longest]


def join_parts(*parts: str, by: str = "\n") -> str:
    return by.join(part for part in parts if part.strip())


def hold_blanks(line: str) -> str:
    """Blanks that begin a line as no-break ones where Markdown would make code of it: they look the same."""
    rest = line.lstrip(" \t")
    blanks = line[: len(line) - len(rest)].expandtabs(4)
    return (blanks if len(blanks) < 4 else "\N{NO-BREAK SPACE}" * len(blanks)) + rest


def escape_url(url: str) -> str:
    """A URL between the brackets of a Markdown link, which some characters would end."""
    escaped = re.sub(r"[\s<>\\]", lambda found: quote(found[0], safe=""), url)
    return escaped.replace("(", "%28").replace(")", "%29")


def _problem(delivery: Delivery, limits: Limits) -> str:
    people, departments = len(delivery.people), len(delivery.department_ids)
    most_people = people_per_call(delivery.content.kind, limits)
    if is_task(delivery.content.kind, limits) and (delivery.to_all or departments):
        return "is a todo for departments or everybody; a todo goes to people"
    if delivery.to_all:
        return "" if limits.has_send_to_all else "is to everybody; name departments or people instead"
    if not people and not departments:
        return "is to nobody"
    if people > most_people:
        return f"is to {people} people; a call takes {most_people}"
    return (
        f"is to {departments} departments; a call takes {limits.departments_per_call}" if departments > limits.departments_per_call else ""
    )
