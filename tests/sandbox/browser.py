"""What a browser does on a login page, without one."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import requests

REDIRECT_URI = "http://app.example.com:8080/back?from=login#top"
IN_CLIENT = {
    "wxwork": "Mozilla/5.0 (Windows NT 10.0) Chrome/108.0 Safari/537.36 wxwork/4.1.20 MicroMessenger/7.0.1",
    "Feishu": "Mozilla/5.0 (Macintosh) Chrome/118.0 Safari/537.36 Lark/7.12.5 LarkLocale/zh_CN",
    "DingTalk": "Mozilla/5.0 (iPhone) Mobile/15E148 AliApp(DingTalk/7.5.0) com.laiwang.DingTalk",
}


class Page(HTMLParser):
    """Buttons, hidden fields, and whatever else stands on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.buttons: list[str] = []
        self.hidden: list[tuple[str, str]] = []
        """Of each of the two forms."""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        if tag == "button":
            self.buttons.append(str(found["value"]))
        if tag == "input" and found["type"] == "hidden":
            self.hidden.append((str(found["name"]), str(found["value"])))


def visit(url: str, agent: str = "Mozilla/5.0 Chrome/118.0", **query: str) -> requests.Response:
    return requests.get(url, params=query, headers={"User-Agent": agent}, allow_redirects=False, timeout=10)


def brought_back(answer: requests.Response, redirect_uri: str = REDIRECT_URI) -> dict[str, str]:
    """What the app is told, at its own address."""
    assert answer.status_code == 302, answer.text
    asked, got = urlsplit(redirect_uri), urlsplit(answer.headers["Location"])
    assert (got.scheme, got.netloc, got.path, got.fragment) == (asked.scheme, asked.netloc, asked.path, asked.fragment)
    told, kept = parse_qsl(got.query, keep_blank_values=True), parse_qsl(asked.query, keep_blank_values=True)
    assert told[: len(kept)] == kept
    return dict(told[len(kept) :])


def refused(answer: requests.Response) -> str:
    """The code on a page that goes nowhere."""
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].lower() == "text/html;charset=utf-8"
    assert "Location" not in answer.headers
    return answer.text.split("<code>")[1].split("</code>")[0]
