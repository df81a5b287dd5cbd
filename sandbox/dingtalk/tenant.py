"""A company on DingTalk: what its interfaces know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.dingtalk.numbering import DINGTALK_NUMBERING
from sandbox.dingtalk.settings import DingTalkSettings
from sandbox.events import Event
from sandbox.generator import Recipe
from sandbox.headcount import count_members
from sandbox.tenant import Tenant, computed
from sandbox.windows import month


class DingTalk(Tenant[DingTalkSettings]):
    name = "dingtalk"
    numbering = DINGTALK_NUMBERING
    interfaces_by_alias: ClassVar[Mapping[str, str]] = {
        "people": "topapi/v2/user/list",
        "departments": "topapi/v2/department/listsub",
        "messages": "topapi/message/corpconversation/asyncsend_v2",
    }

    def found(self, recipe: Recipe) -> None:
        super().found(recipe)
        self.failed_events: list[tuple[float, Event]] = []
        """Since when each is given up; the newest last."""

    def connection(self) -> dict[str, Any]:
        return super().connection() | {"extra": {"agent_id": str(self.settings.agent_id)}}

    def has_credentials(self, client_id: object, client_secret: object) -> bool:
        settings = self.settings
        others = (f"{settings.client_id}_{number}" for number in range(1, settings.other_apps + 1))
        return client_secret == settings.client_secret and (client_id == settings.client_id or client_id in others)

    def billed(self) -> Counter[str]:
        """This month, by interface."""
        counted: Counter[str] = self.mailbox.windows.at("billed", month(self.counts_now()), Counter)
        return counted

    def usage(self) -> dict[str, Any]:
        return {"billable_calls_this_month": self.billed().total()}

    @computed
    def visible_set(self) -> frozenset[int]:
        return frozenset(self.settings.visible_departments)

    @computed
    def member_counts(self) -> dict[int, tuple[int, int]]:
        return count_members(self.organization)

    @computed
    def head_counts(self) -> dict[bool, int]:
        """By `only_active`."""
        people = self.organization.people.values()
        return {False: len(people), True: sum(person.active for person in people)}

    @computed
    def by_mobile(self) -> dict[str, str]:
        return {person.mobile: person.id for person in self.organization.people.values() if person.mobile}

    @computed
    def by_union_id(self) -> dict[str, str]:
        return {person.union_id: person.id for person in self.organization.people.values()}
