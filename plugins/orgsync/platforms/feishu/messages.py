"""What Feishu is sent: content as a message to one person, to many, or as a task.

Contract §7.1 (im/v1/messages), §7.2 (message/v4/batch_send) and §8 (task/v2/tasks). A single message holds its content as a text of
JSON, a batch as an object; a batch has cards apart, and a `post` inside another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from orgsync.platforms.sending.deliveries import (
    OPEN_WORDS,
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
from orgsync.platforms.sending.messages import Content, Delivery, Person, TextLimits

Body = dict[str, Any]

# §7.1: of the content as JSON.
TEXT_BYTES = 150 * 1024
CARD_BYTES = 30 * 1024
UUID_CHARACTERS = 50
# §8; a shorter or longer token is refused.
SUMMARY_CHARACTERS = 3000
DESCRIPTION_CHARACTERS = 3000
ORIGIN_URL_CHARACTERS = 1024
ORIGIN_TITLE_CHARACTERS = 512
CLIENT_TOKEN_CHARACTERS = (10, 100)

_TITLED = TextLimits(total_bytes=CARD_BYTES, needs_title=True)
LONGEST: Mapping[str, TextLimits] = {
    "text": TextLimits(total_bytes=TEXT_BYTES),
    "markdown": TextLimits(total_bytes=CARD_BYTES, needs_title=True, needs_body=True),
    "card": _TITLED,
    "announcement": _TITLED,
    # A character has four bytes at most.
    "todo": TextLimits(
        title_characters=SUMMARY_CHARACTERS,
        body_characters=DESCRIPTION_CHARACTERS,
        url_bytes=4 * ORIGIN_URL_CHARACTERS,
        needs_title=True,
    ),
}

_ORIGIN = "orgsync"


class Written(NamedTuple):
    """A message's type, and its content before it is serialised."""

    msg_type: str
    content: Body


def find_problems(content: Content) -> Sequence[str]:
    if content.kind == "todo":
        return _todo_problems(content)
    limits = LONGEST[content.kind]
    problems = lacks_text(content) + breaks_limits(content, limits) + bad_url(content)
    written = write_message(content)
    # As in a batch, where it is a little longer.
    wrapped = {"post": written.content} if written.msg_type == "post" else written.content
    what = "the message (title, text and URL together, as JSON)"
    return problems + too_long(content, limits, what=what, sent=encode(wrapped))


def write_message(content: Content) -> Written:
    match content.kind:
        case "text":
            return Written("text", {"text": join_parts(escape_text(content.title), escape_text(content.body), content.url)})
        case "markdown":
            link = f"[{OPEN_WORDS}]({escape_url(content.url)})" if content.url else ""
            element = {"tag": "markdown", "content": join_parts(content.body, link, by="\n\n")}
            return Written("interactive", _write_card(content.title, [element], colour="default"))
        case "card":
            return Written("interactive", _write_card(content.title, _card_elements(content), colour="blue"))
        case "announcement":
            return Written("post", {"zh_cn": {"title": content.title, "content": list(_paragraphs(content))}})
        case "todo":
            raise ValueError("a todo is no message")


def write_single(delivery: Delivery, person: Person) -> Body:
    """The kind of the receiver's id goes into the query, never into the body (§7.1)."""
    written = write_message(delivery.content)
    return {
        "receive_id": read_receiver(person)[1],
        "msg_type": written.msg_type,
        "content": encode(written.content).decode(),
        "uuid": fit_key(delivery.key, shortest=1, longest=UUID_CHARACTERS),
    }


def write_batch(delivery: Delivery) -> Body:
    written = write_message(delivery.content)
    receivers = [read_receiver(person) for person in delivery.people]
    whom = {
        "department_ids": list(delivery.department_ids),
        "open_ids": [value for kind, value in receivers if kind == "open_id"],
        "user_ids": [value for kind, value in receivers if kind == "user_id"],
    }
    return {"msg_type": written.msg_type, **_batch_content(written), **{name: ids for name, ids in whom.items() if ids}}


def read_receiver(person: Person) -> tuple[str, str]:
    """`open_id` where it is known: the app may always use it. Where people are keyed by it, `user_id` is one."""
    if person.open_id:
        return "open_id", person.open_id
    return ("open_id" if person.user_id.startswith("ou_") else "user_id"), person.user_id


def write_task(delivery: Delivery, *, user_id_type: str) -> Body:
    """Everybody has to finish it (`mode` 1). Its `origin` opens the work, and can never be changed (§8)."""
    shortest, longest = CLIENT_TOKEN_CHARACTERS
    return {
        **_task_fields(delivery.content),
        "members": [{"id": _id_of(person, user_id_type), "type": "user", "role": "assignee"} for person in delivery.people],
        "mode": 1,
        **_write_origin(delivery.content),
        "client_token": fit_key(delivery.key, shortest=shortest, longest=longest),
    }


def task_id_type(people: Iterable[Person]) -> str:
    """One kind of id for all members of a call."""
    return "open_id" if all(read_receiver(person)[0] == "open_id" for person in people) else "user_id"


def write_task_change(content: Content) -> Body:
    """A field that is named and not given is cleared (§8)."""
    return {"task": _task_fields(content), "update_fields": ["summary", "description", "due"]}


def write_task_done(now: datetime) -> Body:
    return {"task": {"completed_at": _milliseconds(now)}, "update_fields": ["completed_at"]}


def escape_text(text: str) -> str:
    """Plain text that shows as it is written: `<at …>` would call people and `<b>` be bold, so the bracket becomes a full-width one."""
    return re.sub(r"<(?=/?(?:at|b|i|u|s)[\s>/])", "＜", text, flags=re.IGNORECASE)


def escape_markdown(text: str) -> str:
    """Plain text as a card's Markdown that shows it as it is written.

    Feishu follows CommonMark, has tags of its own and takes marks as numbered entities (page rich-text, 特殊字符转义说明). A single
    line end may be passed over there, `<br>` is not.
    """
    return "<br>".join(_escape_line(hold_blanks(line)) for line in text.splitlines())


def _escape_line(line: str) -> str:
    """Words between colons are Feishu's emoji; a dot or bracket after a number begins a list."""
    marked = re.sub(r"[\\`*_\[\]<>#+!~|&$=-]|:(?=\w+:)", lambda found: _as_entity(found[0]), line)
    return re.sub(r"^(\s*[0-9]+)([.)])", lambda found: f"{found[1]}{_as_entity(found[2])}", marked)


def _as_entity(mark: str) -> str:
    return f"&#{ord(mark)};"


def _batch_content(written: Written) -> Body:
    if written.msg_type == "interactive":
        return {"card": written.content}
    return {"content": {"post": written.content} if written.msg_type == "post" else written.content}


def _write_card(title: str, elements: Sequence[Mapping[str, Any]], *, colour: str) -> Body:
    """Card JSON 2.0. `update_multi` is what a later change of the card needs."""
    header = {"title": {"tag": "plain_text", "content": title}, "template": colour}
    return {"schema": "2.0", "config": {"update_multi": True}, "header": header, "body": {"elements": list(elements)}}


def _card_elements(content: Content) -> list[Body]:
    elements: list[Body] = []
    if content.body.strip():
        elements.append({"tag": "div", "text": {"tag": "plain_text", "content": content.body}})
    if content.url:
        open_url = {"type": "open_url", "default_url": content.url}
        words = {"tag": "plain_text", "content": OPEN_WORDS}
        elements.append({"tag": "button", "text": words, "type": "primary", "behaviors": [open_url]})
    return elements


def _paragraphs(content: Content) -> Iterable[list[Body]]:
    """Text nodes are shown as they are. A batch takes no `md` node and no styles (§7.2)."""
    yield from ([{"tag": "text", "text": line}] for line in content.body.splitlines())
    if content.url:
        yield [{"tag": "a", "text": OPEN_WORDS, "href": content.url}]


def _task_fields(content: Content) -> Body:
    description = {"description": content.body} if content.body else {}
    due = {"due": {"timestamp": _milliseconds(content.due_at), "is_all_day": False}} if content.due_at else {}
    return {"summary": content.title, **description, **due}


def _write_origin(content: Content) -> Body:
    if not content.url:
        return {}
    href = {"url": content.url, "title": content.title[:ORIGIN_TITLE_CHARACTERS]}
    return {"origin": {"platform_i18n_name": {"zh_cn": _ORIGIN, "en_us": _ORIGIN}, "href": href}}


def _id_of(person: Person, user_id_type: str) -> str:
    return read_receiver(person)[1] if user_id_type == "open_id" else person.user_id


def _milliseconds(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))


def _todo_problems(content: Content) -> Sequence[str]:
    return [
        *breaks_limits(content, LONGEST["todo"]),
        *bad_url(content),
        *too_many_characters("its URL", content.url, ORIGIN_URL_CHARACTERS),
    ]
