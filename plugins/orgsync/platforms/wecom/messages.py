"""What WeCom is sent: content as the body of `message/send`, contract §8, page 90236.

WeCom has no todos for self-built apps: a todo is a card that opens the work and says when it is due.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from orgsync.platforms.deliveries import (
    OPEN_WORDS,
    bad_url,
    escape_url,
    join_parts,
    lacks_text,
    lacks_title,
    too_many_bytes,
    too_many_characters,
)
from orgsync.platforms.messages import Content, Delivery

Body = dict[str, Any]

# §8. What is longer is cut, but for what 45002 refuses. Of title and description of a card old text says bytes, new text characters.
TEXT_BYTES = 2048
TITLE_CHARACTERS = 128
DESCRIPTION_CHARACTERS = 512
URL_BYTES = 2048

# §8: the longest window in which an identical request is dropped.
DUPLICATE_SECONDS = 14_400

# At most 4 characters.
_BUTTON = "详情"


def find_problems(content: Content) -> Sequence[str]:
    message = write_message(content)
    if "textcard" not in message:
        text = message[message["msgtype"]]["content"]
        problems = lacks_text(content, needs_body=content.kind == "markdown")
        return problems + too_many_bytes("the message (title, text and URL together)", text, TEXT_BYTES)
    return [
        *lacks_title(content),
        *bad_url(content, is_needed=True),
        *too_many_characters("its title", content.title, TITLE_CHARACTERS),
        *too_many_characters("its text, as HTML,", message["textcard"]["description"], DESCRIPTION_CHARACTERS),
        *too_many_bytes("its URL", content.url, URL_BYTES),
    ]


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
            return {"msgtype": "text", "text": {"content": join_parts(content.title, content.body, content.url)}}


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


def escape(text: str) -> str:
    """Plain text as the HTML of a card's description, which knows `div` and `br`."""
    return "<br>".join(html.escape(line, quote=False) for line in text.splitlines())


def _write_card(content: Content) -> Body:
    due = f'<div class="gray">{content.due_at:%Y-%m-%d %H:%M} 截止</div>' if content.due_at else ""
    # An empty text is refused (44004).
    description = due + escape(content.body) or escape(content.title)
    card = {"title": content.title, "description": description, "url": content.url, "btntxt": _BUTTON}
    return {"msgtype": "textcard", "textcard": card}


def _write_markdown(content: Content) -> str:
    """WeCom's Markdown has no escapes: of a title only what would end its line is taken out."""
    heading = f"### {' '.join(content.title.split())}" if content.title.strip() else ""
    link = f"[{OPEN_WORDS}]({escape_url(content.url)})" if content.url else ""
    return join_parts(heading, content.body, link)
