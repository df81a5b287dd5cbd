"""Airflow's API server with the pages in it, over the warehouse of a company."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from stack.page_server import serve_pages
from tests.pages.company import Company

USERS = {"eva": "admin", "olaf": "op", "uma": "user", "vic": "viewer", "noa": None}
"""By role of the simple auth manager; noa has signed in and may nothing."""


@dataclass(frozen=True)
class Site:
    """The running server. `tokens` are of `USERS`."""

    url: str
    tokens: dict[str, str]
    company: Company
    log: Path

    def get(self, path: str, user: str | None = "vic", **options: Any) -> requests.Response:
        """A page, as somebody who is signed in, or nobody."""
        return self.ask("GET", path, user, **options)

    def post(self, path: str, user: str | None = "vic", **options: Any) -> requests.Response:
        """As the script of the pages does it."""
        headers = {"X-Orgsync": "1", "Sec-Fetch-Site": "same-origin"} | options.pop("headers", {})
        return self.ask("POST", path, user, headers=headers, **options)

    def ask(self, method: str, path: str, user: str | None, **options: Any) -> requests.Response:
        cookies = {"_token": self.tokens[user]} if user else {}
        options = {"timeout": 60} | options
        return requests.request(method, f"{self.url}/organization/{path.lstrip('/')}", cookies=cookies, **options)


@contextmanager
def open_site(company: Company, home: Path, *, port: int | None = None) -> Iterator[Site]:
    with serve_pages(home, company.environment, USERS, port=port) as server:
        yield Site(server.url, server.tokens, company, server.log)


def list_people_in_log(site: Site) -> list[str]:
    """What the server's log holds of people: names, numbers, addresses of mail, also as an address writes them."""
    said = site.log.read_text(encoding="utf-8")
    columns = "name, name_en, nickname, mobile, email, work_email, telephone"
    known = {str(value) for row in site.company.query(f"select {columns} from org.user_version") for value in row if value}
    # What is shorter is in a log by chance.
    telling = {value for value in known if len(value) >= (5 if value.isascii() else 2)}
    return sorted(value for value in telling if value in said or quote(value) in said)
