"""What a work notification may say: its types, their fields, its size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sandbox.dingtalk.parameters import Parameters, required
from sandbox.dingtalk.refusals import bad_parameter, missing_parameter
from sandbox.exchange import decode, encode
from sandbox.mailbox import Content

MOST_BYTES = 2048
MOST_BUTTONS_BYTES = 1000
SHOWN_ROWS = 6


def read_message(parameters: Parameters) -> Content:
    """An object, or the JSON of one as a form carries it."""
    message = required(parameters, "msg")
    if isinstance(message, str):
        try:
            message = decode(message.encode())
        except msgspec.DecodeError:
            raise bad_parameter("msg") from None
    if not isinstance(message, dict) or len(encode(message)) > MOST_BYTES:
        raise bad_parameter("msg")
    kind = message.get("msgtype")
    if kind not in KINDS:
        raise bad_parameter("msgtype")
    body = message.get(kind)
    if not isinstance(body, dict):
        raise missing_parameter(f"msg.{kind}")
    title, text, url = KINDS[kind](_Fields(kind, body))
    return Content(kind, message, title, text, url)


class _Fields:
    def __init__(self, place: str, given: Mapping[str, Any]) -> None:
        self.place, self.given = place, given

    def needed(self, name: str, *, most: int = MOST_BYTES) -> str:
        value = self.given.get(name)
        if value is None or value == "":
            raise missing_parameter(f"{self.place}.{name}")
        if not isinstance(value, str) or len(value) > most:
            raise bad_parameter(f"{self.place}.{name}")
        return value

    def text(self, name: str) -> str:
        return self.needed(name) if self.given.get(name) not in (None, "") else ""

    def inner(self, name: str) -> _Fields:
        value = self.given.get(name) or {}
        if not isinstance(value, dict):
            raise bad_parameter(f"{self.place}.{name}")
        return _Fields(f"{self.place}.{name}", value)

    def rows(self, name: str) -> list[_Fields]:
        rows = self.given.get(name) or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise bad_parameter(f"{self.place}.{name}")
        return [_Fields(f"{self.place}.{name}", row) for row in rows]


Shown = tuple[str, str, str]
"""Title, text and url."""


def _text(fields: _Fields) -> Shown:
    return "", fields.needed("content"), ""


def _markdown(fields: _Fields) -> Shown:
    return fields.needed("title"), fields.needed("text"), ""


def _link(fields: _Fields) -> Shown:
    return fields.needed("title"), fields.needed("text"), fields.needed("messageUrl")


def _oa(fields: _Fields) -> Shown:
    body = fields.inner("body")
    rows = [f"{row.text('key')}{row.text('value')}" for row in body.rows("form")[:SHOWN_ROWS]]
    text = "\n".join([*rows, *filter(None, [body.text("content")])])
    return body.text("title") or fields.inner("head").text("text"), text, fields.needed("message_url")


def _action_card(fields: _Fields) -> Shown:
    """With one button, or with several."""
    title, text, buttons = fields.text("title"), fields.needed("markdown"), fields.rows("btn_json_list")
    if not buttons:
        fields.needed("single_title", most=20)
        return title, text, fields.needed("single_url", most=500)
    urls = [(button.needed("title", most=20), button.needed("action_url", most=700))[1] for button in buttons]
    if len(encode(fields.given["btn_json_list"])) > MOST_BUTTONS_BYTES:
        raise bad_parameter("action_card.btn_json_list")
    return title, text, urls[0]


KINDS: dict[str, Callable[[_Fields], Shown]] = {
    "text": _text, "markdown": _markdown, "link": _link, "oa": _oa, "action_card": _action_card,
}  # fmt: skip
