"""Ids and orders as large and as odd as DingTalk's."""

from __future__ import annotations

from sandbox.organization import Numbering

MEMBER_ORDER_BASE = 176_318_668_975_061_512  # beyond 2^53
USER_IDS = 10**17


def department_id(serial: int) -> int:
    """Beyond 2^31 from the start: real ids have up to ten digits."""
    return 2_400_000_000 + serial * 7919


def user_id(serial: int) -> str:
    """Seventeen digits, one in ten with a leading zero; a few in the words of whoever created them by hand."""
    if serial % 23 == 1:
        return f"manager{serial + 1000}"
    return f"{serial * 61_803_398_874_989_487 % USER_IDS:017d}"  # the factor is odd and no multiple of 5, so no id comes twice


def member_order(rank: int) -> int:
    return MEMBER_ORDER_BASE + rank


DINGTALK_NUMBERING = Numbering(department_id, user_id, member_order)
