"""Plain text put into a platform's Markdown shows as it is written, whatever it is made of."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from orgsync.platforms import load_platform
from orgsync.platforms.platform import as_it_is

AWKWARD = [
    "a *b* __c__ `d` ~~e~~",
    "# heading\n## more\n> quote\n- list\n+ list\n* list",
    "1. one\n7) seven\n2026. year",
    "Title\n===\nOther\n---",
    "| a | b |\n|---|---|\n| c | d |",
    "a | b\n:-- | --:\nc | d",
    "[words](https://example.com/a_b?c=1&d=2) ![picture](x)",
    "<at id=all></at><font color='red'>x</font><br>",
    "&lt;b&gt; &#42; &amp; AT&T",
    "    four blanks\n\ttab\n\n    and again",
    "```\ncode\n```\n~~~\ncode\n~~~",
    "\\* \\\\ c:\\new",
    ":OK: 12:30:45",
    "$x$ !a",
    "[a]: https://example.com",
    "***\n_ _ _\n",
    "　　全角空格",
]
awkward = st.text(st.sampled_from("ab1.) \n\t\\`*_[]()<>#+-=!~|&;:$'\"/通"), max_size=30)

# What DingTalk's and Feishu's clients follow, with tables and strikethrough; Feishu's `<br>` is a tag, DingTalk's pages name none.
RENDERERS = {
    "dingtalk": MarkdownIt("commonmark").enable(["table", "strikethrough"]),
    "feishu": MarkdownIt("commonmark").enable(["table", "strikethrough"]),
}


def escape(name: str, text: str) -> str:
    return load_platform(name).escape_markdown(text)


def show(rendered: str) -> list[str]:
    """The lines that a reader sees; blanks at their ends and between them are not."""
    lines = re.sub(r"<br ?/?>|</p>", "\n", rendered).replace("<p>", "")
    assert not re.search(r"<[a-zA-Z/]", lines), f"something acts: {lines}"
    return lines_of(html.unescape(lines))


def lines_of(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("text", AWKWARD)
def test_plain_text_shows_as_it_is_written(name: str, text: str) -> None:
    assert show(RENDERERS[name].render(escape(name, text))) == lines_of(text)


@pytest.mark.parametrize("name", RENDERERS)
@given(text=awkward)
@example(text="a\n\n    b")
def test_any_text_shows_as_it_is_written(name: str, text: str) -> None:
    assert show(RENDERERS[name].render(escape(name, text))) == lines_of(text)


@pytest.mark.parametrize("name", RENDERERS)
@given(text=awkward.map(lambda text: text.replace("\n", "")))
def test_text_within_a_line_leaves_what_is_around_it(name: str, text: str) -> None:
    shown = RENDERERS[name].renderInline(f"**{escape(name, f'a{text}a')}** b")
    assert re.fullmatch(r"<strong>.*</strong> b", shown)
    assert lines_of(html.unescape(shown.removeprefix("<strong>").removesuffix("</strong> b"))) == lines_of(f"a{text}a")


WECOM = {
    "marks": ("a *b* `c` [d](e) <font>", "a ＊b＊ ｀c｀ ［d］(e) ＜font>"),
    "starts": ("# a\n ## b # c\n> d > e\n#>f", "＃ a\n ＃＃ b # c\n＞ d > e\n＃＞f"),
    "mention": ("<@all>", "＜@all>"),
    "nothing": ("1. a_b - c & d\n- e", "1. a_b - c & d\n- e"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("text", "escaped"), WECOM.values(), ids=WECOM.keys())
def test_wecom_has_no_escapes_but_look_alikes(text: str, escaped: str) -> None:
    assert escape("wecom", text) == escaped


@given(text=st.text())
def test_wecom_keeps_no_mark_that_acts(text: str) -> None:
    escaped = escape("wecom", text)
    assert not re.search(r"[*\[\]`<]|^\s*[#>]", escaped, flags=re.MULTILINE)
    assert len(escaped.split("\n")) == max(1, len(text.splitlines()))


def test_platform_without_marks_shows_text_as_it_is() -> None:
    assert as_it_is("*a*\n") == "*a*\n"
