from __future__ import annotations

from collections import Counter

from stack.checks import Check, departments_of, people_of
from stack.smoke import Change, check_changes

ORGANIZATION = {
    "departments": [{"id": 1, "kind": "company"}, {"id": 7, "kind": "company"}, {"id": -9, "kind": "school"}, {"id": 30, "kind": "linked"}],
    "users": [
        {"id": "root", "department_ids": [1]},
        {"id": "parent", "department_ids": [-9]},
        {"id": "both", "department_ids": [-9, 7]},
        {"id": "guest", "department_ids": [30]},
    ],
}
NOTHING = {
    kind: []
    for kind in (
        "joined",
        "left",
        "returned",
        "moved",
        "renamed",
        "departments_created",
        "departments_removed",
        "departments_moved",
        "departments_renamed",
    )
}


def user_change(kind: str, user_id: str) -> Change:
    return Change("user", kind, user_id, None, "2026-01-01", None)


def failed(checks: list[Check]) -> set[str]:
    return {check.name for check in checks if not check.passed}


def test_people_outside_the_company_are_not_expected():
    assert departments_of(ORGANIZATION) == ["1", "7"]
    assert people_of(ORGANIZATION) == ["root", "both"]


def test_equal_changes_pass():
    truth = NOTHING | {"joined": ["a"], "departments_created": [12]}
    changes = [user_change("joined", "a"), Change("department", "created", None, "12", "2026-01-01", None)]
    assert failed(check_changes(truth, changes, known=set())) == set()


def test_missing_invented_and_repeated_changes_fail():
    truth = NOTHING | {"left": ["a"]}
    changes = [user_change("moved", "b"), user_change("joined", "c"), user_change("joined", "c")]
    assert failed(check_changes(truth, changes, known={"a", "b"})) == {"user left", "user moved", "user joined"}


def test_who_returns_unseen_has_joined():
    truth = NOTHING | {"returned": ["seen", "unseen"]}
    changes = [user_change("returned", "seen"), user_change("joined", "unseen")]
    assert failed(check_changes(truth, changes, known={"seen"})) == set()


def test_failed_check_names_the_ids():
    line = Check("people", Counter(["a", "b"]), Counter(["b", "c"])).line()
    assert line.startswith("FAIL  people")
    assert "missing: a" in line
    assert "too many: c" in line
