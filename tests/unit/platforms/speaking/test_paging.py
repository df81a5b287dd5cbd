from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.errors import BrokenPagingError
from orgsync.platforms.speaking.paging import walk_pages


@given(st.integers(1, 50))
def test_every_page_is_read_once(pages: int) -> None:
    walk = walk_pages(lambda cursor: cursor, lambda page: page + 1 if page + 1 < pages else None, first=0, platform="p", interface="i")
    assert list(walk) == list(range(pages))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_any_cursor_that_comes_twice_ends_the_walk(successors: list[int]) -> None:
    """Whatever the platform answers, the walk ends: with the last page, or with an error."""
    seen: list[int] = []
    walk = walk_pages(
        lambda cursor: seen.append(cursor) or cursor,  # type: ignore[func-returns-value]
        lambda page: successors[page] if page < len(successors) else None,
        first=0,
        platform="p",
        interface="i",
    )
    with suppress(BrokenPagingError):
        list(walk)
    assert len(seen) == len(set(seen))


def test_cursor_that_comes_twice_is_refused() -> None:
    walk = walk_pages(lambda cursor: cursor, lambda page: 1 - page, first=0, platform="p", interface="i")
    with pytest.raises(BrokenPagingError, match="already read"):
        list(walk)


def test_list_without_end_is_refused() -> None:
    walk = walk_pages(lambda cursor: cursor, lambda page: page + 1, first=0, platform="p", interface="i", most_pages=7)
    with pytest.raises(BrokenPagingError, match="7 pages"):
        list(walk)
