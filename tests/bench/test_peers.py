"""The environment of what orgsync is measured beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.peers.environment import find_peers


def test_peers_that_cannot_be_had_are_missed_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And once they can be had they are made, though an earlier try left half of them behind."""
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"dlt==1.31.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    assert find_peers(tmp_path / "peers", lock) is None
    assert "NOTHING IS MEASURED BESIDE dlt" in capsys.readouterr().err

    lock.write_text("")
    python = find_peers(tmp_path / "peers", lock)
    assert python is not None
    assert python.exists()
