"""What the outbox's database is told of each kind's limits agrees with what a platform says of a content itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.platforms import PLATFORM_NAMES
from orgsync.platforms.dingtalk import messages as dingtalk
from orgsync.platforms.dingtalk import messenger as dingtalk_messenger
from orgsync.platforms.feishu import messages as feishu
from orgsync.platforms.feishu import messenger as feishu_messenger
from orgsync.platforms.sending.messages import KINDS, Content, Kind, TextLimits
from orgsync.platforms.wecom import messages as wecom
from orgsync.platforms.wecom import messenger as wecom_messenger

FIND = {"dingtalk": dingtalk.find_problems, "wecom": wecom.find_problems, "feishu": feishu.find_problems}
LIMITS = {"dingtalk": dingtalk_messenger.LIMITS, "wecom": wecom_messenger.LIMITS, "feishu": feishu_messenger.LIMITS}
CASES = [(name, kind) for name in PLATFORM_NAMES for kind in KINDS]
URL = "https://a/"

# Blanks and line ends are what a message may leave out of a content; the sizes lie around every limit there is.
pieces = st.sampled_from(["", " ", "\n", "\r\n", "\u2028", "a", "通", "😀", "<", "&", '"', "*", "(", "a \n"])
sizes = st.sampled_from([0, 1, 2, 64, 128, 129, 500, 512, 513, 683, 1024, 1025, 2048, 2049, 3001, 4097, 10_241, 30_721, 51_200, 153_601])
texts = st.builds(lambda start, piece, size, end: f"{start}{piece * size}{end}"[: max(1, size)], pieces, pieces, sizes, pieces)
urls = st.one_of(st.just(""), texts.map(lambda text: URL + text))


def breaks(content: Content, limits: TextLimits) -> bool:
    """As a database would count it: `octet_length`, `char_length` and `btrim`."""
    total = len(f"{content.title}{content.body}{content.url}".encode())
    return (
        (limits.needs_title and not content.title.strip(" "))
        or (limits.needs_body and not content.body.strip(" "))
        or (limits.needs_url and not content.url)
        or 0 < limits.total_bytes < total
        or 0 < limits.title_characters < len(content.title)
        or 0 < limits.body_characters < len(content.body)
        or 0 < limits.url_bytes < len(content.url.encode())
    )


@pytest.mark.parametrize(("name", "kind"), CASES)
@settings(max_examples=150, deadline=None)
@given(title=texts, body=texts, url=urls)
def test_whatever_breaks_the_limits_has_a_problem(name: str, kind: Kind, title: str, body: str, url: str) -> None:
    content = Content(kind, title, body, url)
    assert FIND[name](content) or not breaks(content, LIMITS[name].longest[kind])


GOOD = Content("text", "t", "b", URL)
EXACT = {
    "dingtalk todo's title": ("dingtalk", "todo", "title", "t" * 1024),
    "dingtalk todo's body": ("dingtalk", "todo", "body", "通" * 4096),
    "dingtalk todo's URL": ("dingtalk", "todo", "url", URL.ljust(1024, "a")),
    "wecom text": ("wecom", "text", "body", "b" * (2048 - len(f"t\n\n{URL}"))),
    "wecom card's title": ("wecom", "card", "title", "通" * 128),
    "wecom card's body": ("wecom", "card", "body", "通" * 512),
    "wecom card's URL": ("wecom", "card", "url", URL.ljust(2048, "a")),
    "feishu todo's title": ("feishu", "todo", "title", "通" * 3000),
    "feishu todo's body": ("feishu", "todo", "body", "b" * 3000),
}


@pytest.mark.parametrize(("name", "kind", "field", "most"), EXACT.values(), ids=EXACT.keys())
def test_what_just_fits_breaks_no_limit_and_one_more_is_a_problem(name: str, kind: Kind, field: str, most: str) -> None:
    fitting = replace(GOOD, kind=kind, **{field: most})
    assert (FIND[name](fitting), breaks(fitting, LIMITS[name].longest[kind])) == ([], False)
    assert FIND[name](replace(fitting, **{field: f"{most}a"}))


@pytest.mark.parametrize("name", PLATFORM_NAMES)
def test_every_kind_has_limits(name: str) -> None:
    assert LIMITS[name].longest.keys() == set(KINDS)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_what_a_kind_needs_is_told(name: str, kind: Kind) -> None:
    limits = LIMITS[name].longest[kind]
    told = {
        field: bool(FIND[name](Content(kind, **{"title": "t", "body": "b", "url": URL} | {field: ""})))
        for field in ("title", "body", "url")
    }
    assert told == {"title": limits.needs_title, "body": limits.needs_body, "url": limits.needs_url} | (
        # Of an announcement without a URL WeCom's is a text, with one a card, which needs a title.
        {"title": True} if (name, kind) == ("wecom", "announcement") else {}
    )
