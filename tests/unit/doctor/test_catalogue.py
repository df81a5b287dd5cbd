"""The page of error codes is what the catalogue says."""

from __future__ import annotations

import pytest

from orgsync.doctor.catalogue import write_catalogue
from orgsync.settings import HOME
from orgsync.words import LANGUAGES, Language


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_is_the_catalogues(language: Language) -> None:
    page = HOME / "docs" / ("troubleshooting.md" if language == "en" else "troubleshooting.zh.md")
    wanted = f"write it anew: .venv/bin/python -m orgsync.doctor.catalogue {language} > docs/{page.name}"
    assert page.read_text(encoding="utf-8") == write_catalogue(language), wanted
