"""A targeted read tells of whom it asked for, and of nobody else."""

from __future__ import annotations

import pandas as pd

from orgsync.frames import DEPARTMENTS, MEMBERSHIPS, USERS, Frame, TidySet


def rows(frame: Frame, *keys: tuple[str, ...]) -> pd.DataFrame:
    found = [dict(zip(frame.key, key, strict=True)) for key in keys]
    return pd.DataFrame(found, columns=list(frame.columns)).astype(dict.fromkeys(frame.key, "str"))


def tidy(*users: str) -> TidySet:
    return TidySet(
        departments=rows(DEPARTMENTS, ("1",), ("2",)),
        users=rows(USERS, *((user,) for user in users)),
        memberships=rows(MEMBERSHIPS, *((user, "1") for user in users)),
        unread={"user": {"mobile": (0, 2), "title": (1,)}},
    )


def test_only_who_was_asked_for_stays_and_values_that_could_not_be_read_stay_theirs() -> None:
    aimed = tidy("an", "bo", "chen").aim(users=["chen", "dong"], departments=["2"])
    assert list(aimed.users["user_id"]) == ["chen"]
    assert list(aimed.memberships["user_id"]) == ["chen"]
    assert list(aimed.departments["department_id"]) == ["2"]
    assert aimed.unread == {"user": {"mobile": (0,), "title": ()}}


def test_where_all_were_asked_for_nothing_is_left_out() -> None:
    whole = tidy("an", "bo", "chen")
    aimed = whole.aim(users=["an", "bo", "chen"], departments=["1", "2"])
    assert (aimed.users is whole.users, aimed.unread) == (True, whole.unread)


def test_a_read_of_everybody_tells_of_each_key_and_a_targeted_one_of_whom_it_asked_for() -> None:
    keys = pd.Series(["an", "gone", None], dtype="str")
    assert list(tidy("an").tells_of("user", keys)) == [True, True, False]
    assert list(tidy("an").aim(users=["gone"], departments=[]).tells_of("user", keys)) == [False, True, False]
