"""Who signs in: somebody of the company, one who left it, a stranger of another company, a visitor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain

from sandbox.organization import ROOT, Organization, Person

STRANGER, VISITOR = "stranger", "visitor"
STRANGERS_MOBILE, VISITORS_MOBILE = "13000090001", "13000090002"  # which the generator gives to nobody


class Standing(Enum):
    MEMBER = "member"
    FORMER = "former"
    STRANGER = "stranger"
    VISITOR = "visitor"


@dataclass(frozen=True)
class Signer:
    person: Person
    standing: Standing


def find_signer(organization: Organization, user: str) -> Signer | None:
    """As things are now: who has left since is a former member. `user` is an id of the truth, `stranger` or `visitor`."""
    if user == STRANGER:
        return Signer(_stranger(organization), Standing.STRANGER)
    if user == VISITOR:
        return Signer(visitor_of(organization), Standing.VISITOR)
    if user in organization.people:
        return Signer(organization.people[user], Standing.MEMBER)
    if user in organization.former:
        return Signer(organization.former[user], Standing.FORMER)
    return None


def signer_of(organization: Organization, user: str) -> Signer:
    """For whoever agreed to something: a code or a token does not outlive the organization in which it was given."""
    signer = find_signer(organization, user)
    if signer is None:
        raise LookupError(user)
    return signer


def visitor_of(organization: Organization) -> Person:
    """An external contact of the company, in none of its departments."""
    return Person(
        number=0,
        id="external-visitor",
        name="访客",
        memberships=(),
        main_department_id=ROOT,
        mobile=VISITORS_MOBILE,
        email="visitor@example.com",
        company=f"{organization.company}/outside",
    )


def _stranger(organization: Organization) -> Person:
    """Who in another company has the user id, name and mail of this one's first person, and all other ids different.

    User ids mean something within a company alone, and nobody has verified the mail: whoever goes by these lets the stranger in.
    """
    first = next(chain(organization.people.values(), organization.former.values()))
    return replace(
        first, company=f"{organization.company}/elsewhere", memberships=(), manager_id=None, mobile=STRANGERS_MOBILE, active=True
    )
