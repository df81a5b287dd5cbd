"""Names all permissions that an app lacks: a platform refuses a call for the one that this call needs, and says nothing of the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from orgsync.errors import OrgsyncError, PermissionDeniedError
from orgsync.words import Words, join

Probe = Callable[[], object]
"""A call that reading makes, to be made for its refusal alone."""


def find_missing(probes: Iterable[Probe], codes: frozenset[str]) -> list[PermissionDeniedError]:
    """The refusals for want of a permission, which `codes` tell. What else may go wrong says nothing of permissions, and is met again."""
    missing = []
    for probe in probes:
        try:
            probe()
        except PermissionDeniedError as error:
            missing += [error] if error.refusal.code in codes else []
        except OrgsyncError:
            continue
    return missing


def name_all(missing: Sequence[PermissionDeniedError]) -> PermissionDeniedError:
    """The first of them, with what the others need beside."""
    first, *others = missing
    wanted = {error.refusal.fix: error.refusal.interface for error in reversed(others) if error.refusal.fix != first.refusal.fix}
    if not wanted:
        return first
    also = join((_FOR.fill(interface=interface, fix=fix) for fix, interface in sorted(wanted.items())), en="; ", zh="；")
    return PermissionDeniedError(replace(first.refusal, fix=_ALSO.fill(fix=first.refusal.fix, also=also)))


_FOR = Words("for {interface}: {fix}", "{interface} 需要：{fix}")
_ALSO = Words("{fix}. Missing as well, {also}", "{fix}。此外还缺少：{also}")
