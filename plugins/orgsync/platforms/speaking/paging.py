"""Walks a list of pages and refuses one that would never end."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

from orgsync.errors import BrokenPagingError, Refusal

Cursor = TypeVar("Cursor", bound=Hashable)
Page = TypeVar("Page")

MOST_PAGES = 10_000


def walk_pages(
    fetch: Callable[[Cursor], Page],
    next_cursor: Callable[[Page], Cursor | None],
    *,
    first: Cursor,
    platform: str,
    interface: str,
    most_pages: int = MOST_PAGES,
) -> Iterator[Page]:
    """Yield page after page until `next_cursor` gives None; a cursor that comes twice would read the same people for ever."""
    cursor: Cursor | None = first
    seen: set[Cursor] = set()
    while cursor is not None:
        if cursor in seen:
            raise BrokenPagingError(_refusal(platform, interface, f"page {len(seen)} points back to a page already read"))
        if len(seen) >= most_pages:
            raise BrokenPagingError(_refusal(platform, interface, f"the list has not ended after {most_pages} pages"))
        seen.add(cursor)
        page = fetch(cursor)
        yield page
        cursor = next_cursor(page)


def _refusal(platform: str, interface: str, reason: str) -> Refusal:
    fix = "Nothing was changed; read again, and if it stays report it to the platform"
    return Refusal(platform, interface, "a list of pages that does not end", reason=reason, fix=fix)
