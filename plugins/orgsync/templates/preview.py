"""Shows what would be sent, to whoever is about to send it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from rich import filesize
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.sending.messages import Content
from orgsync.templates.values import clean, readable


def describe(content: Content, problems: Sequence[str], body: Mapping[str, Any] | None) -> RenderableType:
    """The message as its receivers get it, why it can't be sent, and `body` as it goes to the platform, where there is one."""
    parts: list[RenderableType] = [_fields(content, body), *(shown(f"Cannot be sent: {problem}", "bold red") for problem in problems)]
    if not problems:
        parts.append(Text("Can be sent", style="green"))
    if body is not None:
        parts += [Text("As it goes to the platform:", style="dim"), Padding(shown(_format(body)), (0, 0, 0, 2), expand=False)]
    return Group(*parts)


def _fields(content: Content, body: Mapping[str, Any] | None) -> Table:
    """What a message does not have is not shown."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    due = f"{content.due_at:%Y-%m-%d %H:%M %Z}".strip() if content.due_at else ""
    told = {
        "kind": content.kind,
        "title": content.title,
        "body": content.body,
        "url": content.url,
        "due": due,
        "size": _size(content, body),
    }
    for name, value in told.items():
        if value:
            table.add_row(Text(name), shown(value))
    return table


def _size(content: Content, body: Mapping[str, Any] | None) -> str:
    if body is not None:
        return f"{_in_words(len(encode(body)))} as JSON"
    return f"{_in_words(len(clean(content.title + content.body + content.url).encode()))} of text"


def _in_words(size: int) -> str:
    return f"{size:,} bytes" if size < 1000 else f"{filesize.decimal(size)} ({size:,} bytes)"


def _format(body: Mapping[str, Any]) -> str:
    return msgspec.json.format(encode(body), indent=2).decode()


def shown(text: str, style: str = "") -> Text:
    """What would move a terminal's cursor or turn the direction of writing is shown as its number."""
    return Text(readable(text), style=style)
