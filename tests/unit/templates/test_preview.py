"""The preview shows all that would be sent, as it is."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from orgsync.platforms.dingtalk.messages import find_problems, write_msg
from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.sending.messages import Content
from orgsync.templates.preview import describe

TODO = Content("todo", "Approve", "Leave of A", "https://example.com/a", datetime(2026, 3, 1, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai")))


def show(content: Content, *problems: str, body: dict[str, Any] | None = None, width: int = 200) -> list[str]:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(describe(content, problems, body))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_every_field_is_shown() -> None:
    assert show(TODO) == [
        "kind   todo",
        "title  Approve",
        "body   Leave of A",
        "url    https://example.com/a",
        "due    2026-03-01 18:00 CST",
        "size   38 bytes of text",
        "Can be sent",
    ]


def test_what_a_message_does_not_have_is_not_shown() -> None:
    assert show(Content("text", "Hello")) == ["kind   text", "title  Hello", "size   5 bytes of text", "Can be sent"]


def test_every_problem_is_shown_instead_of_the_all_clear() -> None:
    lines = show(Content("card", ""), "a card needs a title", "a card needs a URL")
    assert lines[-2:] == ["Cannot be sent: a card needs a title", "Cannot be sent: a card needs a URL"]
    assert "Can be sent" not in lines


def test_body_is_shown_as_json_with_its_size() -> None:
    content = Content("text", "标题", 'say "hi"')
    body = write_msg(content)
    lines = show(content, *find_problems(content), body=body)
    assert f"size   {len(encode(body))} bytes as JSON" in lines
    start = lines.index("As it goes to the platform:") + 1
    assert json.loads("\n".join(lines[start:])) == body


def test_large_size_is_shown_in_words_too() -> None:
    assert "size   2.0 kB (2,000 bytes) of text" in show(Content("text", "T", "x" * 1999), width=3000)


@pytest.mark.parametrize("width", [20, 40, 200])
def test_no_character_is_lost_in_a_narrow_terminal(width: int) -> None:
    body = "https://example.com/" + "abc" * 40
    assert body in "".join(line[7:] for line in show(Content("text", "T", body), width=width))


def test_text_is_not_read_as_markup() -> None:
    assert "title  [bold]x[/bold] [/]" in show(Content("text", "[bold]x[/bold] [/]"), "a [red]problem")
    assert "Cannot be sent: a [red]problem" in show(Content("text", "x"), "a [red]problem")


def test_control_characters_do_not_reach_the_terminal() -> None:
    content = Content("text", "a\x1b[2Jb", "c\u202ed\x07\ttab")
    text = "\n".join(show(content, body=write_msg(content)))
    assert "a\\u001b[2Jb" in text
    assert "c\\u202ed\\u0007" in text
    assert not set(text) & set("\x1b\x07\u202e")
