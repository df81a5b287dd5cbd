"""Whether a snapshot is of the company that a tenant's history is of: pure, from what is known of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orgsync.manifest import Company


@dataclass(frozen=True)
class Owner:
    """A company on its platform; None is one read before it was kept which it was."""

    platform: str
    company: Company | None

    @property
    def name(self) -> str:
        """What a person writes who means this company."""
        return self.company.name if self.company else ""

    def __str__(self) -> str:
        if self.company is None or not self.company.name:
            return f"a company on {self.platform}"
        kind = f"{self.platform} company" if self.company.id else f"the company of {self.platform} app"
        return f"{kind} {self.company.name} at {self.company.host}"


@dataclass(frozen=True)
class Kinship:
    """Of the people with the same user id whose union id is known on both sides, how many have the same one."""

    compared: int = 0
    alike: int = 0

    @property
    def is_same(self) -> bool:
        """Union ids are never two companies' alike, but a platform may err about a few people, and a user id be given again."""
        return 2 * self.alike > self.compared


def compare_people(before: Mapping[str, str], now: Mapping[str, str]) -> Kinship:
    """From union ids by user id; user ids alone say nothing, since companies number their people alike."""
    common = before.keys() & now.keys()
    return Kinship(len(common), sum(before[user_id] == now[user_id] for user_id in common))


def find_difference(before: Owner, now: Owner, compare: Callable[[], Kinship]) -> str:
    """Why `now` is not taken for the company of `before`, in words; nothing if it is.

    `compare` is asked only where neither the platform nor the app's key tells.
    """
    if before.platform != now.platform:
        return _ANOTHER_PLATFORM
    claim = _compare_claims(before.company, now.company)
    if claim is not None and claim.is_certain:
        return claim.difference
    kinship = compare()
    if kinship.compared:
        found = f"of {kinship.compared:,} people whose user id was there before, {kinship.alike:,} have the union id that they had"
        return "" if kinship.is_same else found
    return claim.difference if claim else ""


def may_differ(before: Owner, now: Owner) -> bool:
    """Whether `now` could be another company, as long as nobody has looked at its people."""
    return bool(find_claimed_difference(before, now))


def find_claimed_difference(before: Owner, now: Owner) -> str:
    """As `find_difference`, from what both say of themselves, without a look at their people."""
    if before.platform != now.platform:
        return _ANOTHER_PLATFORM
    claim = _compare_claims(before.company, now.company)
    return claim.difference if claim else ""


def is_certain_of(before: Owner, now: Owner) -> bool:
    """Whether what both say of themselves needs no look at their people."""
    claim = _compare_claims(before.company, now.company)
    return before.platform != now.platform or bool(claim and claim.is_certain)


_ANOTHER_PLATFORM = "another platform is another company"


@dataclass(frozen=True)
class _Claim:
    """What two companies say of themselves; where that is not certain, their people decide."""

    difference: str = ""
    is_certain: bool = False


def _compare_claims(before: Company | None, now: Company | None) -> _Claim | None:
    """None where one of them says nothing."""
    if before is None or now is None:
        return None
    if before.id and now.id:
        return _Claim("" if before.id == now.id else "its id is another", is_certain=True)
    if before.app_key != now.app_key:
        return _Claim("its app is another, and nobody is in both of whom a union id could be compared")
    return _Claim(is_certain=before.host == now.host)
