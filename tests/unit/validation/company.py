"""A small sound company; a test names only what is different in its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, Frame, TidySet
from orgsync.platforms.reading.columns import build_table

Row = Mapping[str, Any]


def department(department_id: str | None, parent_id: str | None = None, **columns: Any) -> Row:
    return {"department_id": department_id, "parent_id": parent_id, "name": f"部门 {department_id}", "attributes": {}} | columns


def user(user_id: str | None, **columns: Any) -> Row:
    return {"user_id": user_id, "name": f"员工 {user_id}", "status": "active", "attributes": {}} | columns


def membership(user_id: str | None, department_id: str | None, **columns: Any) -> Row:
    return {"user_id": user_id, "department_id": department_id, "attributes": {}} | columns


def frame_of(frame: Frame, rows: Sequence[Row]) -> pd.DataFrame:
    columns = {column: [_encode(row.get(column)) for row in rows] for column in frame.columns}
    return build_table(frame, columns, len(rows)).rows


def _encode(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


SOUND_DEPARTMENTS = (department("1"), department("2", "1", leader_user_ids=["ann"]), department("3", "2", leader_user_ids=[]))
SOUND_USERS = (
    user("ann", mobile="+86-13800000000", email="ann@example.com", gender="female", is_admin=True, attributes={"extension": {"工号": "7"}}),
    user("bob", mobile=None, work_email="bob@example.com", status="inactive"),
)
SOUND_MEMBERSHIPS = (
    membership("ann", "2", is_main=True, is_leader=True, sort_order=2**60),
    membership("ann", "3", is_main=False),
    membership("bob", "3", is_main=True),
)


def company(
    departments: Sequence[Row] = SOUND_DEPARTMENTS, users: Sequence[Row] = SOUND_USERS, memberships: Sequence[Row] = SOUND_MEMBERSHIPS
) -> TidySet:
    return TidySet(frame_of(DEPARTMENTS, departments), frame_of(USERS, users), frame_of(MEMBERSHIPS, memberships))
