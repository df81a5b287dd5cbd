"""Whatever text a platform holds arrives in the warehouse as it is."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, Frame, TidySet
from orgsync.warehouse import staging
from orgsync.warehouse.staging import stage_rows

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=12)


def frame_of(frame: Frame, rows: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(frame.columns), dtype=object)
    return table.where(table.notna(), None)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(names=st.lists(TEXT, min_size=1, max_size=5, unique=True), leaders=st.lists(TEXT, max_size=4), remark=TEXT)
def test_any_text_is_staged_unchanged(warehouse: Connection, names: list[str], leaders: list[str], remark: str) -> None:
    people = [{"user_id": name, "name": name, "attributes": json.dumps({"remark": remark})} for name in names]
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


def test_rows_of_several_chunks_arrive_each_once(warehouse: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "CHUNK_ROWS", 3)
    monkeypatch.setattr(staging, "READ_BYTES", 7)
    names = [f"人{number}\n" for number in range(10)]
    users = frame_of(
        USERS, [{"user_id": name, "hired_on": date(2020, 2, 29), "is_admin": number % 2 == 0} for number, name in enumerate(names)]
    )
    memberships = [{"user_id": name, "department_id": "1", "sort_order": Decimal("2.50")} for name in names]
    tidy = TidySet(departments=frame_of(DEPARTMENTS, []), users=users, memberships=frame_of(MEMBERSHIPS, memberships))
    stage_rows(warehouse, 1, tidy)
    with warehouse.cursor() as cursor:
        cursor.execute("select user_id, hired_on, is_admin from stage.user order by ctid")
        assert cursor.fetchall() == [(name, date(2020, 2, 29), number % 2 == 0) for number, name in enumerate(names)]
        cursor.execute("select count(*), min(sort_order), max(sort_order) from stage.membership")
        assert cursor.fetchall() == [(10, Decimal("2.50"), Decimal("2.50"))]


@pytest.mark.parametrize("number", [0, -(2**70), 2**70, Decimal("-2.50"), Decimal("1E+30"), None], ids=str)
def test_numbers_are_staged_exactly(warehouse: Connection, number: object) -> None:
    memberships = frame_of(MEMBERSHIPS, [{"user_id": "anna", "department_id": "1", "sort_order": number}])
    stage_rows(warehouse, 1, TidySet(frame_of(DEPARTMENTS, []), frame_of(USERS, []), memberships))
    with warehouse.cursor() as cursor:
        cursor.execute("select sort_order from stage.membership")
        assert cursor.fetchall() == [(number,)]
