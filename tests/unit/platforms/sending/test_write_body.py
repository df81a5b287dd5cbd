"""The body that a preview shows is the one that a platform is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orgsync.platforms import PLATFORM_NAMES, load_platform
from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.sending.messages import KINDS, Content, Kind

CONTENT = Content("text", "Fire drill", "At three", "https://example.com/drill", datetime(2026, 3, 1, 10, 0, tzinfo=UTC))


@pytest.mark.parametrize("name", PLATFORM_NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_body_of_every_kind_says_what_the_content_says_to_one_receiver(name: str, kind: Kind) -> None:
    body = encode(load_platform(name).write_body(replace(CONTENT, kind=kind))).decode()
    for said in ("Fire drill", "At three", "https://example.com/drill"):
        assert said in body
    assert any(f'"<{receiver}>"' in body for receiver in ("user_id", "union_id", "open_id"))
