"""Whatever text a platform holds arrives in the warehouse as it is."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, Frame, TidySet
from orgsync.warehouse.staging import stage_rows

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=12)


def frame_of(frame: Frame, rows: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(frame.columns), dtype=object)
    return table.where(table.notna(), None)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(names=st.lists(TEXT, min_size=1, max_size=5, unique=True), leaders=st.lists(TEXT, max_size=4), remark=TEXT)
def test_any_text_is_staged_unchanged(warehouse: Connection, names: list[str], leaders: list[str], remark: str) -> None:
    people = [{"user_id": name, "name": name, "attributes": {"remark": remark}} for name in names]
    tidy = TidySet(
        departments=frame_of(DEPARTMENTS, [{"department_id": "1", "name": names[0], "leader_user_ids": leaders}]),
        users=frame_of(USERS, people),
        memberships=frame_of(MEMBERSHIPS, []),
    )
    stage_rows(warehouse, 1, tidy)
    with warehouse.cursor() as cursor:
        cursor.execute("select user_id, name, attributes from stage.user")
        assert {row[0]: row[1:] for row in cursor.fetchall()} == {name: (name, {"remark": remark}) for name in names}
        cursor.execute("select name, leader_user_ids from stage.department")
        assert cursor.fetchall() == [(names[0], leaders)]
    warehouse.rollback()


@pytest.mark.parametrize("text", ["\r", "\n", "\r\n", "\\.", "\\N", '"', "'", ",", "a\tb", "NULL", " "], ids=repr)
def test_text_that_means_something_to_copy_is_staged_unchanged(warehouse: Connection, text: str) -> None:
    users = frame_of(USERS, [{"user_id": "anna", "name": text}])
    tidy = TidySet(departments=frame_of(DEPARTMENTS, []), users=users, memberships=frame_of(MEMBERSHIPS, []))
    stage_rows(warehouse, 1, tidy)
    with warehouse.cursor() as cursor:
        cursor.execute("select name from stage.user")
        assert cursor.fetchall() == [(text,)]
