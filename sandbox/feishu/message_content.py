"""What a message may say: its types, their content and its size, in a single message and in a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from sandbox.exchange import decode, encode
from sandbox.feishu.message_refusals import bad_batch, bad_card, bad_message, too_long
from sandbox.feishu.parameters import Parameters, required
from sandbox.feishu.refusals import RefusalError, bad_argument
from sandbox.mailbox import Content

MOST_TEXT_BYTES, MOST_BYTES = 150 * 1024, 30 * 1024
KINDS = ("text", "post", "interactive")
OTHER_KINDS = ("image", "file", "audio", "media", "sticker", "share_chat", "share_user", "system")
"""These name something that was uploaded or a group, and there is neither here."""
Refuse = Callable[[str], RefusalError]


def read_single(parameters: Parameters) -> Content:
    """The content is JSON in a text."""
    kind, content = required(parameters, "msg_type"), parameters.get("content")
    if kind not in KINDS:
        raise bad_message(f"{kind} content is invalid") if kind in OTHER_KINDS else bad_argument("msg_type", kind, "unknown msg_type")
    if content is None or content == "":
        required(parameters, "content")
    if not isinstance(content, str):
        raise bad_message("content is not a string in json format")
    if len(content.encode()) > (MOST_TEXT_BYTES if kind == "text" else MOST_BYTES):
        raise too_long()
    try:
        given = decode(content.encode())
    except msgspec.DecodeError:
        raise bad_message("content is not a string in json format") from None
    if not isinstance(given, dict):
        raise bad_message("content is not a json object")
    return _content(kind, given, given, bad_message)


def read_batch(parameters: Parameters) -> Content:
    """The content is an object, a card stands elsewhere, and a post has one more wrapping."""
    kind = parameters.get("msg_type")
    if kind not in KINDS:
        raise bad_batch("msg_type")
    name = "card" if kind == "interactive" else "content"
    given = parameters.get(name)
    if not isinstance(given, dict):
        raise bad_batch(f"{name} is not an object")
    if len(encode(given)) > (MOST_TEXT_BYTES if kind == "text" else MOST_BYTES):
        raise bad_batch(f"{name} is too long")
    inner = given.get("post") if kind == "post" else given
    if not isinstance(inner, dict):
        raise bad_batch("content has no post")
    return _content(kind, given, inner, bad_batch)


def _content(kind: str, given: dict[str, Any], inner: dict[str, Any], refuse: Refuse) -> Content:
    shown = {"text": _text, "post": _post, "interactive": _card}[kind](inner, refuse)
    return Content(kind, given, *shown)


Shown = tuple[str, str, str]
"""Title, text and url."""


def _text(given: dict[str, Any], refuse: Refuse) -> Shown:
    text = given.get("text")
    if not isinstance(text, str) or not text:
        raise refuse("text is empty")
    return "", text, ""


def _post(given: dict[str, Any], refuse: Refuse) -> Shown:
    """In its first language."""
    language = next(iter(given.values()), None)
    if "post" in given or not isinstance(language, dict) or not isinstance(language.get("content"), list):
        raise refuse("post has no language with content")
    paragraphs = [paragraph for paragraph in language["content"] if isinstance(paragraph, list)]
    lines = ["".join(str(node.get("text") or "") for node in paragraph if isinstance(node, dict)) for paragraph in paragraphs]
    return str(language.get("title") or ""), "\n".join(lines), next(_urls(paragraphs), "")


def _card(given: dict[str, Any], refuse: Refuse) -> Shown:
    if given.get("type") == "template":
        return "", encode(given.get("data")).decode(), ""
    body = given.get("body") if given.get("schema") == "2.0" else given
    if not isinstance(body, dict) or not isinstance(body.get("elements"), list):
        raise bad_card("card has no elements") if refuse is bad_message else refuse("card has no elements")
    header = given.get("header")
    title = next(_texts(header.get("title")), "") if isinstance(header, dict) else ""
    return title, "\n".join(_texts(body["elements"])), next(_urls(given), "")


def _texts(node: Any) -> Iterator[str]:
    """Wherever in the card they stand."""
    if isinstance(node, list):
        for inner in node:
            yield from _texts(inner)
    elif isinstance(node, dict):
        for name, inner in node.items():
            if name == "content" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)


def _urls(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for inner in node:
            yield from _urls(inner)
    elif isinstance(node, dict):
        for name, inner in node.items():
            if name in ("url", "href", "default_url") and isinstance(inner, str):
                yield inner
            else:
                yield from _urls(inner)
