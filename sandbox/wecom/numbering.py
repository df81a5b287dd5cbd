"""Ids and orders as WeCom has them: small departments, people named by hand, orders beyond 2^31."""

from __future__ import annotations

from sandbox.organization import Department, Numbering

MEMBER_ORDER_BASE = 2_300_000_000
LARGEST_ORDER = 2**32 - 1
UNSORTED_ORDER = 100_000_000
SURNAMES = ("Wang", "Li", "Zhang", "Liu", "Chen", "OuYang", "Yang", "zhao", "Huang", "zhou", "WU")
GIVEN_NAMES = ("Wei", "Fang", "XiuYing", "na", "Min", "Jing", "Qiang", "lei", "Jun", "Yan", "Chao", "Xia", "JIE")


def department_id(serial: int) -> int:
    """With gaps, as departments come and go; 1 is the root's."""
    return serial * 3 + serial % 3


def user_id(serial: int) -> str:
    """Each ends in its serial in a form of its own, so no two are equal even when case is ignored."""
    surname, given = SURNAMES[serial % len(SURNAMES)], GIVEN_NAMES[serial % len(GIVEN_NAMES)]
    if serial % 7 == 1:
        return f"{surname}.{given}-{serial}@corp.example.com"
    if serial % 7 == 2:
        return f"{serial:08d}"
    if serial % 7 == 3:
        return f"{given}_{surname}_{serial}"
    return f"{surname}{given}{serial}"


def member_order(rank: int) -> int:
    return MEMBER_ORDER_BASE + rank


def department_order(department: Department) -> int:
    """WeCom shows the larger first, the organization counts places from 1: mirrored. Who was never sorted follows, the oldest first."""
    if department.order is not None:
        return LARGEST_ORDER - department.order
    return UNSORTED_ORDER - department.serial


WECOM_NUMBERING = Numbering(department_id, user_id, member_order)
