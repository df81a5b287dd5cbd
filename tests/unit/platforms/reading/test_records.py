from __future__ import annotations

from orgsync.platforms.reading.records import Gathered


def gathered(*records: dict[str, object]) -> list[object]:
    found = Gathered("id")
    found.add_all(records)
    return found.in_order()


def test_same_content_is_kept_once() -> None:
    assert gathered({"id": 2, "name": "b"}, {"id": 1, "name": "a"}, {"name": "b", "id": 2}) == [
        {"id": 1, "name": "a"},
        {"id": 2, "name": "b"},
    ]


def test_contradiction_is_kept_for_validation_to_judge() -> None:
    assert len(gathered({"id": 1, "name": "a"}, {"id": 1, "name": "b"})) == 2
    assert len(gathered({"id": 1, "admin": True}, {"id": 1, "admin": "True"})) == 2


def test_number_sent_once_as_text_is_no_contradiction() -> None:
    """One list with strings for integers would put everybody of it who is in another list too into quarantine."""
    one, other = {"id": 1, "at": 17, "in": [{"n": 2}]}, {"id": "1", "at": "17", "in": [{"n": "2"}]}
    assert gathered(one, other) == gathered(other, one)
    assert len(gathered(one, other)) == 1
