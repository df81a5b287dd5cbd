"""What WeCom is sent: content as the body of `message/send`, contract §8, page 90236.

WeCom has no todos for self-built apps: a todo is a card that opens the work and says when it is due.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from orgsync.platforms.sending.deliveries import (
    OPEN_WORDS,
    bad_url,
    breaks_limits,
    escape_url,
    join_parts,
    lacks_text,
    too_long,
    too_many_characters,
)
from orgsync.platforms.sending.messages import Content, Delivery, TextLimits

Body = dict[str, Any]

# §8. What is longer is cut, but for what 45002 refuses. Of title and description of a card old text says bytes, new text characters.
TEXT_BYTES = 2048
TITLE_CHARACTERS = 128
DESCRIPTION_CHARACTERS = 512
URL_BYTES = 2048

_CARD = TextLimits(
    title_characters=TITLE_CHARACTERS,
    body_characters=DESCRIPTION_CHARACTERS,
    url_bytes=URL_BYTES,
    needs_title=True,
    needs_url=True,
)
LONGEST: Mapping[str, TextLimits] = {
    "text": TextLimits(total_bytes=TEXT_BYTES),
    "markdown": TextLimits(total_bytes=TEXT_BYTES, needs_body=True),
    "card": _CARD,
    # A card or a text: what neither of them takes. A character has four bytes at most.
    "announcement": TextLimits(total_bytes=4 * (TITLE_CHARACTERS + DESCRIPTION_CHARACTERS) + URL_BYTES, url_bytes=URL_BYTES),
    "todo": _CARD,
}

# §8: the longest window in which an identical request is dropped.
DUPLICATE_SECONDS = 14_400

# At most 4 characters.
_BUTTON = "详情"

# Bold, links, code and <font> are all that acts within a line.
_LOOK_ALIKES = str.maketrans("*[]`<", "＊［］｀＜")
_LOOK_ALIKES_AT_START = str.maketrans("#>", "＃＞")


def find_problems(content: Content) -> Sequence[str]:
    message = write_message(content)
    if "textcard" in message:
        description = message["textcard"]["description"]
        problems = breaks_limits(content, _CARD) + bad_url(content)
        return problems + too_many_characters("its text, as HTML,", description, DESCRIPTION_CHARACTERS)
    limits = TextLimits(total_bytes=TEXT_BYTES, needs_body=content.kind == "markdown")
    text = message[message["msgtype"]]["content"]
    what = "the message (title, text and URL together)"
    return lacks_text(content) + breaks_limits(content, limits) + bad_url(content) + too_long(content, limits, what=what, sent=text)


def write_message(content: Content) -> Body:
    """`msgtype` and its object. An announcement without a URL is a text: a card cannot be without."""
    match content.kind:
        case "markdown":
            return {"msgtype": "markdown", "markdown": {"content": _write_markdown(content)}}
        case "card" | "todo":
            return _write_card(content)
        case "announcement" if content.url:
            return _write_card(content)
        case "text" | "announcement":
            return {"msgtype": "text", "text": {"content": _write_text(content)}}


def write_send(delivery: Delivery, *, agent_id: int) -> Body:
    """Ids are joined by bars without blanks. An identical body within four hours is dropped, so the same attempt is the same body."""
    if delivery.to_all:
        whom = {"touser": "@all"}
    else:
        people, departments = "|".join(person.user_id for person in delivery.people), "|".join(delivery.department_ids)
        whom = {name: ids for name, ids in (("touser", people), ("toparty", departments)) if ids}
    return {
        **whom,
        "agentid": agent_id,
        **write_message(delivery.content),
        "enable_duplicate_check": 1,
        "duplicate_check_interval": DUPLICATE_SECONDS,
    }


def escape_text(text: str) -> str:
    """Plain text that shows as it is written: `<a href=…>` would be a link whose words may lie about where it leads.

    A link that is meant is the content's URL, or one of kind markdown.
    """
    return re.sub(r"<(?=/?a(?![a-z0-9]))", "＜", text, flags=re.IGNORECASE)


def escape(text: str) -> str:
    """Plain text as the HTML of a card's description, which knows `div` and `br`."""
    return "<br>".join(html.escape(line, quote=False) for line in text.splitlines())


def escape_markdown(text: str) -> str:
    """Plain text in WeCom's Markdown, which has no escapes: a mark that would act becomes the full-width one that looks like it."""
    return "\n".join(_escape_start(line.translate(_LOOK_ALIKES)) for line in text.splitlines())


def _escape_start(line: str) -> str:
    """Headings and quotes begin a line."""
    return re.sub(r"^\s*[#>]+", lambda found: found[0].translate(_LOOK_ALIKES_AT_START), line)


def _write_card(content: Content) -> Body:
    due = f'<div class="gray">{content.due_at:%Y-%m-%d %H:%M} 截止</div>' if content.due_at else ""
    # An empty text is refused (44004).
    description = due + escape(content.body) or escape(content.title)
    card = {"title": content.title, "description": description, "url": content.url, "btntxt": _BUTTON}
    return {"msgtype": "textcard", "textcard": card}


def _write_text(content: Content) -> str:
    return join_parts(escape_text(content.title), escape_text(content.body), content.url)


def _write_markdown(content: Content) -> str:
    heading = f"### {escape_markdown(' '.join(content.title.split()))}" if content.title.strip() else ""
    link = f"[{OPEN_WORDS}]({escape_url(content.url)})" if content.url else ""
    return join_parts(heading, content.body, link)
