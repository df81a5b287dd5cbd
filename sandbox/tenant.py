"""One organization on one platform: its people, the app that reads them, and everything that can go wrong with it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from copy import copy
from random import Random
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from sandbox.calls import Calls
from sandbox.event_faults import EventFaults
from sandbox.events import Events
from sandbox.evolution import Truth, evolve
from sandbox.faults import Faults
from sandbox.generator import Recipe, generate
from sandbox.limits import Limits
from sandbox.login_codes import Codes, Consent, Kind
from sandbox.mailbox import Mailbox
from sandbox.organization import Numbering
from sandbox.settings import Knobs, changed
from sandbox.signers import signer_of
from sandbox.streams import Streams
from sandbox.subscription import Subscription
from sandbox.tokens import Tokens
from sandbox.user_tokens import UserTokens

Computed = TypeVar("Computed")


def computed(compute: Callable[[Any], Computed]) -> Computed:
    """An attribute of a tenant: computed when first asked for, forgotten on a change."""
    return property(lambda tenant: tenant.once(compute))  # type: ignore[return-value]


class Tenant(Generic[Knobs]):
    """What the interfaces of a platform know. A platform is a subclass, which says how its ids look; its gateway lets calls in to it."""

    name: str
    numbering: Numbering
    has_special_departments: ClassVar[bool] = True
    """Family-school and linked departments, in one tree with the company's own."""
    interfaces_by_alias: ClassVar[Mapping[str, str]]
    """For faults that should strike on any platform: `people` and `departments` list them, `messages` sends."""
    code_length: ClassVar[int] = 32
    """Of the codes of a sign-in, in characters."""

    def __init__(self, recipe: Recipe, settings: Knobs) -> None:
        self.settings = settings
        self.tokens = Tokens()
        self.limits = Limits()
        self.faults = Faults()
        self.event_faults = EventFaults()
        self.subscription = Subscription()
        self.streams = Streams()
        self.calls = Calls()
        self.under_way: Counter[str] = Counter()
        self.version = 0
        self.found(recipe)

    def found(self, recipe: Recipe) -> None:
        """Begin anew with a generated organization."""
        self.recipe = recipe
        self.mailbox = Mailbox()
        self.events = Events()
        self.codes = Codes()
        self.user_tokens = UserTokens()
        self.offset_seconds = 0.0
        self.evolutions: list[dict[str, int]] = []
        self.hidden: list[str] = []
        plain = recipe if self.has_special_departments else msgspec.structs.replace(recipe, school=False, linked=0)
        self.organization = generate(plain, self.numbering)
        self._forget()

    def hide(self, share: float) -> list[str]:
        """Show a share of the people no longer, in lists and in counts, as a broken platform may; nobody left. Share 0 shows all again.

        The same people each time for a seed and step. What was hidden before is shown first.
        """
        organization = self.organization
        if self.hidden:
            # In the places they had, on which the order of leaders depends.
            organization.people, organization.members = self._shown
            for user_id in self.hidden:
                del organization.former[user_id]
        rng = Random(f"hidden:{organization.seed}:{organization.step}")
        self.hidden = rng.sample(sorted(organization.people), round(len(organization.people) * share))
        self._shown = dict(organization.people), {key: dict(members) for key, members in organization.members.items()}
        for user_id in self.hidden:
            organization.remove_person(user_id)
        self._forget()
        return self.hidden

    def evolve(self, amounts: Mapping[str, int]) -> Truth:
        self.hide(0)
        self.evolutions.append(dict(amounts))
        truth = evolve(self.organization, amounts)
        self._forget()
        shown = self.numbering.shown_department_id
        of_departments = [kind for kind in truth if kind.startswith("departments") or kind == "leaders_changed"]
        return truth | {kind: [shown(department_id) for department_id in truth[kind]] for kind in of_departments}

    def past(self) -> Tenant[Knobs]:
        """This tenant with the organization and the settings of now, whatever happens to them later."""
        past = copy(self)
        past.organization = self.organization.copied()
        past._computed = {}
        return past

    def change_settings(self, changes: dict[str, Any]) -> None:
        """A new limit begins with empty windows."""
        self.settings = changed(self.settings, changes)
        self.limits = Limits()
        self._forget()

    def _forget(self) -> None:
        """What was computed from the organization or the settings no longer holds."""
        self.version += 1
        self._computed: dict[Callable[[Any], Any], Any] = {}

    def once(self, compute: Callable[[Any], Computed]) -> Computed:
        """What this makes of the tenant: computed when first asked for, forgotten on a change."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        found: Computed = self._computed[compute]
        return found

    def now(self) -> float:
        """The time for messages, todos and sign-ins, which the control API can move. App tokens and calls per second follow real time."""
        return time.time() + self.offset_seconds

    def code_seconds(self, kind: Kind) -> float:  # noqa: ARG002
        return self.settings.code_seconds

    def give_code(self, user: str, *, kind: Kind = "browser", client_id: str | None = None, **agreed: Any) -> str:
        """To somebody who signs in; `agreed` are further fields of the consent. Raises `LookupError` for nobody's id."""
        standing = signer_of(self.organization, user).standing
        consent = Consent(user, standing, client_id or self.settings.client_id, kind, **agreed)
        return self.codes.give(consent, length=self.code_length, seconds=self.code_seconds(kind), now=self.now())

    def expire_tokens(self) -> int:
        """The app's, and those of people who signed in."""
        return self.tokens.expire() + self.user_tokens.expire(self.now())

    def counts_now(self) -> float:
        """The time by which messages are counted against limits."""
        return self.now() + self.settings.limits_offset_seconds

    def used(self, key: Hashable, seconds: int) -> int:
        return self.mailbox.windows.used(key, seconds, now=self.counts_now(), slides=self.settings.limits_slide)

    def count(self, key: Hashable, amount: int = 1) -> None:
        self.mailbox.windows.count(key, amount, now=self.counts_now())

    def usage(self) -> dict[str, Any]:
        """What the platform counts beside the calls themselves."""
        return {}

    def connection(self) -> dict[str, Any]:
        """An Airflow connection to this organization, all but its host."""
        return {"conn_type": self.name, "login": self.settings.client_id, "password": self.settings.client_secret}
