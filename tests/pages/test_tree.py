"""The departments on a page."""

from __future__ import annotations

from tests.pages.site import Site


def test_landing_shows_a_tile_for_each_organization(site: Site) -> None:
    answer = site.get("")
    assert answer.ok
    assert "acme" in answer.text
    assert "birch" in answer.text
