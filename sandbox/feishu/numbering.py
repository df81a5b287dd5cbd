"""Ids as Feishu's look: each object has several, and every call says which it means."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b

from sandbox.organization import ROOT, Department, Numbering, Person

USER_IDS = 2**32
SHOWN_ROOT = "0"


def user_id(serial: int) -> str:
    """Eight hexadecimal digits; a few in the words of whoever created them by hand."""
    if serial % 23 == 1:
        return f"staff-{serial:05d}"
    return f"{serial * 2_654_435_761 % USER_IDS:08x}"  # the factor is odd, so no id comes twice


@cache
def open_department_id(department_id: int) -> str:
    return SHOWN_ROOT if department_id == ROOT else f"od-{_digest('od', b'%d' % department_id)}"


def custom_department_id(department: Department) -> str:
    """The administrator's, else one the platform made."""
    if department.id == ROOT:
        return SHOWN_ROOT
    return department.source_identifier or _digest("custom", b"%d" % department.id)[:16]


def open_id(person: Person) -> str:
    return f"ou_{_digest('ou', person.seal)}"


def union_id(person: Person) -> str:
    return f"on_{_digest('on', person.seal)}"


def chat_id(department: Department) -> str:
    """Two departments in three have a group."""
    return "" if department.id % 3 == 0 else f"oc_{_digest('oc', b'%d' % department.id)}"


def tenant_key(company: str) -> str:
    return _digest("tenant", company.encode())[:16]


def _digest(kind: str, what: bytes) -> str:
    return blake2b(what, digest_size=16, person=kind.encode()).hexdigest()


FEISHU_NUMBERING = Numbering(
    department_id=int,
    user_id=user_id,
    member_order=int,
    shown_department_id=open_department_id,
    shown_open_id=open_id,
    shown_union_id=union_id,
)
