from __future__ import annotations

from pathlib import Path

from orgsync.landing.carrying import find_carriers
from tests.unit.landing.test_zone import TAKEN_AT, answer, land

READ_AT = TAKEN_AT.isoformat()


def test_whole_reads_that_landed_it_again_are_found_past_targeted_ones(tmp_path: Path) -> None:
    carrier, further = (land(tmp_path / name, answer(b"{}", read_at=READ_AT)) for name in ("carrier", "further"))
    targeted = land(tmp_path / "targeted", answer(b"{}"), mode="targeted")
    without, after = land(tmp_path / "without", answer(b"{}")), land(tmp_path / "after", answer(b"{}", read_at=READ_AT))
    assert find_carriers([targeted, carrier, targeted, further, without, after], TAKEN_AT) == [1, 3]


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    carrier = land(tmp_path / "carrier", answer(b"{}", read_at=READ_AT))
    assert find_carriers([str(tmp_path / "gone"), carrier], TAKEN_AT) == [1]
