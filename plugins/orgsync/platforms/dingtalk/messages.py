"""What DingTalk is sent: content as the `msg` of a work notification or as a todo.

Work notifications: contract §7, pages asynchronous-sending-of-enterprise-session-messages and message-types-and-data-format; todos: §8,
page add-dingtalk-to-do-task.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from orgsync.platforms.sending.deliveries import (
    OPEN_WORDS,
    WEB,
    bad_url,
    breaks_limits,
    encode,
    escape_url,
    fit_key,
    hold_blanks,
    join_parts,
    lacks_text,
    too_long,
    too_many_characters,
)
from orgsync.platforms.sending.messages import Content, Delivery, TextLimits

Body = dict[str, Any]

# §7: the whole `msg` object. What it says of single fields (text some 500 characters, markdown 5000) is advice, or more than this.
MSG_BYTES = 2048
# §7: `single_url` of an action card.
CARD_URL_CHARACTERS = 500
# §7: beside the web, a page of DingTalk itself.
URL_SCHEMES = (*WEB, "dingtalk")
# §8: `subject`, `description`; each of the two URLs of `detailUrl` in bytes.
SUBJECT_CHARACTERS = 1024
DESCRIPTION_CHARACTERS = 4096
TODO_URL_BYTES = 1024
SOURCE_ID_CHARACTERS = 128

LONGEST: Mapping[str, TextLimits] = {
    "text": TextLimits(total_bytes=MSG_BYTES),
    "markdown": TextLimits(total_bytes=MSG_BYTES, needs_title=True, needs_body=True),
    # A character has four bytes at most.
    "card": TextLimits(total_bytes=MSG_BYTES, url_bytes=4 * CARD_URL_CHARACTERS, needs_title=True, needs_url=True),
    "announcement": TextLimits(total_bytes=MSG_BYTES, needs_title=True),
    "todo": TextLimits(
        title_characters=SUBJECT_CHARACTERS,
        body_characters=DESCRIPTION_CHARACTERS,
        url_bytes=TODO_URL_BYTES,
        needs_title=True,
        needs_url=True,
    ),
}

# AARRGGBB without 0x.
_HEAD_COLOUR = "FF3370FF"
_HEAD_WORDS = "通知"


def find_problems(content: Content) -> Sequence[str]:
    limits = LONGEST[content.kind]
    problems = breaks_limits(content, limits) + bad_url(content, URL_SCHEMES)
    if content.kind == "todo":
        return problems
    problems += lacks_text(content)
    if content.kind == "card":
        problems += too_many_characters("its URL", content.url, CARD_URL_CHARACTERS)
    what = "the message (title, text and URL together, as JSON)"
    return problems + too_long(content, limits, what=what, sent=encode(write_msg(content)))


def write_msg(content: Content) -> Body:
    """`msg` of a work notification: exactly one type."""
    match content.kind:
        case "text":
            return {"msgtype": "text", "text": {"content": join_parts(content.title, content.body, content.url)}}
        case "markdown":
            return _write_markdown(content, body=content.body)
        case "card":
            card = {"title": content.title, "markdown": _write_heading(content, body=escape(content.body))}
            return {"msgtype": "action_card", "action_card": card | {"single_title": OPEN_WORDS, "single_url": content.url}}
        case "announcement" if content.url:
            return _write_oa(content)
        case "announcement":
            # `oa` must have a URL.
            return _write_markdown(content, body=escape(content.body))
        case "todo":
            raise ValueError("a todo is no work notification")


def write_notification(delivery: Delivery, *, agent_id: int) -> Body:
    """Lists are texts joined by commas, `msg` an object (§1, §7)."""
    whom: Body = {"to_all_user": True} if delivery.to_all else {}
    if delivery.people and not delivery.to_all:
        whom["userid_list"] = ",".join(person.user_id for person in delivery.people)
    if delivery.department_ids and not delivery.to_all:
        whom["dept_id_list"] = ",".join(delivery.department_ids)
    return {"agent_id": agent_id, **whom, "msg": write_msg(delivery.content)}


def write_todo(content: Content, *, source_id: str, creator: str, executors: Sequence[str]) -> Body:
    """Each executor sees the todo, and not in whose name it was made; `detailUrl` has been needed since 2024-02-01 (§8)."""
    return {
        **write_todo_change(content),
        "sourceId": read_source_id(source_id),
        "creatorId": creator,
        "executorIds": list(executors),
        "detailUrl": {"appUrl": content.url, "pcUrl": content.url},
        "isOnlyShowExecutor": True,
        "notifyConfigs": {"dingNotify": "1"},
    }


def read_source_id(key: str) -> str:
    """How long one may be is not told."""
    return fit_key(key, shortest=1, longest=SOURCE_ID_CHARACTERS)


def write_todo_change(content: Content) -> Body:
    """What can be changed of a todo: the URL it opens is not among it (§8)."""
    due = {"dueTime": int(content.due_at.timestamp() * 1000)} if content.due_at else {}
    return {"subject": content.title, "description": content.body, **due}


def escape(text: str) -> str:
    """Plain text as Markdown that shows it as it is written: marks lose their meaning, and line ends keep theirs."""
    lines = (_escape_start(re.sub(r"([\\`*_\[\]<~]|&(?=#?\w+;))", r"\\\1", line)) for line in text.splitlines())
    return "  \n".join(lines)


def _escape_start(line: str) -> str:
    """Headings, quotes, lists and tables begin a line."""
    marked = re.sub(r"^(\s*)([#>+=|-]|:(?=-))", r"\1\\\2", line)
    return hold_blanks(re.sub(r"^(\s*[0-9]{1,9})(?=[.)])", r"\1\\", marked))


def _write_markdown(content: Content, *, body: str) -> Body:
    """`title` is shown only in the list of conversations."""
    link = f"[{OPEN_WORDS}]({escape_url(content.url)})" if content.url else ""
    text = join_parts(_write_heading(content, body=body), link, by="\n\n")
    return {"msgtype": "markdown", "markdown": {"title": content.title, "text": text}}


def _write_heading(content: Content, *, body: str) -> str:
    heading = f"### {escape(' '.join(content.title.split()))}" if content.title.strip() else ""
    return join_parts(heading, body, by="\n\n")


def _write_oa(content: Content) -> Body:
    """The head's text is replaced by the app's name; it may not be missing."""
    body: Mapping[str, str] = {"title": content.title, **({"content": content.body} if content.body else {})}
    head = {"bgcolor": _HEAD_COLOUR, "text": _HEAD_WORDS}
    return {"msgtype": "oa", "oa": {"message_url": content.url, "pc_message_url": content.url, "head": head, "body": body}}
