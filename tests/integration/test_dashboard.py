"""What the dashboard asks the warehouse itself is answered to whoever may only read."""

from __future__ import annotations

import pytest

from tests.dashboard import list_statements
from tests.integration.world import World


@pytest.mark.parametrize(("title", "statement"), list_statements())
def test_statement_is_answered_to_a_reader(world: World, title: str, statement: str) -> None:
    world.sync()
    rows = world.query(f"set role orgsync_reader; {statement}")
    assert rows, title
    assert "acme" in rows[0]
