"""What an application message may say: its types, their fields, and what happens to a text that is too long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.mailbox import Content
from sandbox.wecom.parameters import Parameters
from sandbox.wecom.refusals import (
    BAD_MEDIA_ID,
    BAD_MESSAGE_TYPE,
    BAD_PARAMETER,
    EMPTY_TEXT,
    MISSING_PARAMETER,
    NO_TITLE,
    TOO_LONG_TEXT,
    TOO_MANY_ARTICLES,
    Reason,
    RefusalError,
)

MOST_BYTES, MOST_URL_BYTES = 2048, 2048
MOST_TITLE, MOST_DESCRIPTION = 128, 512
"""Characters, as the newer text of the documents has it; older text says bytes."""
MOST_ARTICLES = 8
UPLOADED = frozenset(("image", "voice", "video", "file", "mpnews"))
"""These need a media_id, and nothing can be uploaded here."""
INTERACTIVE_CARDS = frozenset(("button_interaction", "vote_interaction", "multiple_interaction"))
CARDS = INTERACTIVE_CARDS | {"text_notice", "news_notice"}


def read_message(parameters: Parameters, *, cuts: bool) -> Content:
    """`cuts`: what is too long is cut; otherwise it is refused."""
    kind = parameters.get("msgtype")
    if kind in UPLOADED:
        raise RefusalError(BAD_MEDIA_ID)
    if kind not in KINDS:
        raise RefusalError(BAD_MESSAGE_TYPE)
    given = parameters.get(kind)
    if not isinstance(given, dict):
        raise RefusalError(EMPTY_TEXT if kind in ("text", "markdown") else MISSING_PARAMETER)
    title, text, url = KINDS[kind](given, _Length(cuts))
    return Content(kind, given, title, text, url)


class _Length:
    def __init__(self, cuts: bool) -> None:
        self.cuts = cuts

    def bytes(self, text: str, most: int) -> str:
        """A character is not cut in two."""
        return text if len(text.encode()) <= most else self._shorten(text.encode()[:most].decode(errors="ignore"))

    def characters(self, text: str, most: int) -> str:
        return text if len(text) <= most else self._shorten(text[:most])

    def _shorten(self, start: str) -> str:
        if not self.cuts:
            raise RefusalError(TOO_LONG_TEXT)
        return start


def _needed(given: Mapping[str, Any], name: str, missing: Reason = MISSING_PARAMETER) -> str:
    value = given.get(name)
    if value is None or value == "":
        raise RefusalError(missing)
    if not isinstance(value, str):
        raise RefusalError(BAD_PARAMETER)
    return value


def _url(given: Mapping[str, Any]) -> str:
    url = _needed(given, "url")
    if not url.startswith(("http://", "https://")) or len(url.encode()) > MOST_URL_BYTES:
        raise RefusalError(BAD_PARAMETER)
    return url


Shown = tuple[str, str, str]
"""Title, text and url."""


def _text(given: Mapping[str, Any], length: _Length) -> Shown:
    return "", length.bytes(_needed(given, "content", EMPTY_TEXT), MOST_BYTES), ""


def _textcard(given: Mapping[str, Any], length: _Length) -> Shown:
    title = length.characters(_needed(given, "title", NO_TITLE), MOST_TITLE)
    return title, length.characters(_needed(given, "description"), MOST_DESCRIPTION), _url(given)


def _news(given: Mapping[str, Any], length: _Length) -> Shown:
    """Shown as its first article, with the titles of the others below."""
    articles = given.get("articles")
    if not isinstance(articles, list) or not articles or not all(isinstance(article, dict) for article in articles):
        raise RefusalError(MISSING_PARAMETER)
    if len(articles) > MOST_ARTICLES:
        raise RefusalError(TOO_MANY_ARTICLES)
    titles = [length.characters(_needed(article, "title", NO_TITLE), MOST_TITLE) for article in articles]
    first = articles[0]
    texts = [length.characters(str(first.get("description") or ""), MOST_DESCRIPTION), *titles[1:]]
    return titles[0], "\n".join(filter(None, texts)), str(first.get("url") or "")


def _template_card(given: Mapping[str, Any], length: _Length) -> Shown:
    main, action = given.get("main_title") or {}, given.get("card_action") or {}
    rows = given.get("horizontal_content_list") or []
    is_well_formed = isinstance(main, dict) and isinstance(action, dict) and isinstance(rows, list)
    if given.get("card_type") not in CARDS or not is_well_formed or not all(isinstance(row, dict) for row in rows):
        raise RefusalError(BAD_PARAMETER)
    if not main.get("title") and not given.get("sub_title_text"):
        raise RefusalError(NO_TITLE)
    if given["card_type"] not in INTERACTIVE_CARDS and not action:
        raise RefusalError(MISSING_PARAMETER)
    lines = [main.get("desc"), given.get("sub_title_text"), *(f"{row.get('keyname', '')}：{row.get('value', '')}" for row in rows)]
    text = length.bytes("\n".join(str(line) for line in lines if line), MOST_BYTES)
    return str(main.get("title") or ""), text, str(action.get("url") or "")


KINDS: dict[str, Callable[[Mapping[str, Any], _Length], Shown]] = {
    "text": _text, "markdown": _text, "textcard": _textcard, "news": _news, "template_card": _template_card,
}  # fmt: skip
