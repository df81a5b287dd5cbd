"""What signing in by a platform is, whichever it is: a page of theirs, a code that comes back, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote, urlsplit


class SignIn(Protocol):
    """Signs in people of the one organization of a connection.

    `client_marks` are words of the user agent of the platform's own client. `script_app` are the values with which a page in it asks for a
    code by script; None where no script is needed.
    """

    @property
    def client_marks(self) -> tuple[str, ...]: ...

    @property
    def script_app(self) -> Mapping[str, str] | None: ...

    def address(self, redirect_uri: str, state: str, *, is_in_client: bool, language: str) -> str:
        """Where the browser goes: the platform shows a QR code, or within its client goes on by itself."""

    def identify(self, code: str, redirect_uri: str) -> str:
        """The id by which the warehouse keys whoever signed in, proven to be a member.

        Raises StrangerError for anybody else, SpentCodeError for a code that is no good, and the platform's own errors.
        """

    def identify_in_client(self, code: str) -> str:
        """The same, for a code that a script got from the platform's client."""


def write_address(page: str, **parameters: str) -> str:
    """A page with its parameters, each encoded once, blanks as %20; empty ones are left out."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items() if value)
    return f"{page}?{query}"


def choose_host(host: str | None, own: str, *, known: Mapping[str, str]) -> str:
    """Where a platform's sign-in pages are: `known` by a part of the name of the host of its interfaces, else on that very host (a private
    deployment, the sandbox); `own` where the connection names none.
    """
    if not host:
        return own
    url = host.rstrip("/") if "://" in host else f"https://{host.rstrip('/')}"
    name = urlsplit(url).hostname or ""
    return next((page for part, page in known.items() if part in name), url)
