"""Every secret of a connection's form is one that Airflow keeps to itself."""

from __future__ import annotations

import pytest
from airflow.sdk.log import redact

from orgsync.platforms import PLATFORM_NAMES, load_platform


def fields_of(platform: str) -> dict[str, str | None]:
    """The format of each extra field of a platform's form."""
    return {name: field["schema"].get("format") for name, field in load_platform(platform).form["conn-fields"].items()}


@pytest.mark.parametrize("platform", PLATFORM_NAMES)
def test_every_hidden_field_has_a_name_that_airflow_masks(platform: str) -> None:
    hidden = [name for name, kind in fields_of(platform).items() if kind == "password"]
    assert [name for name in hidden if not name.endswith(("_secret", "_token"))] == []
    assert redact(dict.fromkeys(hidden, "a value")) == dict.fromkeys(hidden, "***")


@pytest.mark.parametrize("platform", PLATFORM_NAMES)
def test_every_field_that_sounds_secret_is_hidden(platform: str) -> None:
    telling = ("secret", "token", "key", "password")
    assert [name for name, kind in fields_of(platform).items() if kind != "password" and any(word in name for word in telling)] == []


def test_a_hidden_field_of_another_name_would_be_told() -> None:
    """Why the name matters: the format of a field hides it in the form only."""
    assert redact({"callback_aes_key": "a value"}) == {"callback_aes_key": "a value"}
