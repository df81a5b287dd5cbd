"""A company on WeCom: what its interfaces know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.generator import Recipe
from sandbox.tenant import Tenant, computed
from sandbox.wecom.export_jobs import Exports
from sandbox.wecom.labels import Tag, tags_of
from sandbox.wecom.numbering import WECOM_NUMBERING
from sandbox.wecom.settings import WeComSettings
from sandbox.wecom.tokens import Holder, TokensBySecret


class WeCom(Tenant[WeComSettings]):
    name = "wecom"
    numbering = WECOM_NUMBERING
    has_special_departments = False
    interfaces_by_alias: ClassVar[Mapping[str, str]] = {
        "people": "user/list",
        "departments": "department/list",
        "messages": "message/send",
    }
    code_length = 128
    tokens: TokensBySecret

    def __init__(self, recipe: Recipe, settings: WeComSettings) -> None:
        super().__init__(recipe, settings)
        self.tokens = TokensBySecret()
        self.exports = Exports()

    def connection(self) -> dict[str, Any]:
        """With the app's secret alone, as most companies begin; `contact_secret` of the settings can be added."""
        return super().connection() | {"extra": {"agent_id": self.settings.agent_id}}

    def trusts(self, host_and_port: str | None) -> bool:
        return host_and_port in [domain.lower() for domain in self.settings.trusted_domains]

    @property
    def holders(self) -> dict[str, Holder]:
        """By secret."""
        return {self.settings.contact_secret: Holder.CONTACT, self.settings.client_secret: Holder.APP}

    @computed
    def tags(self) -> dict[int, Tag]:
        return tags_of(self.organization)

    @computed
    def ids_by_folded(self) -> dict[str, str]:
        """Lower case to the id as it was given."""
        return {user_id.lower(): user_id for user_id in self.organization.people}

    @computed
    def by_mobile(self) -> dict[str, str]:
        return {person.mobile: person.id for person in self.organization.people.values() if person.mobile}

    @computed
    def by_email(self) -> dict[str, str]:
        return {person.email.lower(): person.id for person in self.organization.people.values() if person.email}

    @computed
    def by_work_email(self) -> dict[str, str]:
        return {person.work_email.lower(): person.id for person in self.organization.people.values() if person.work_email}
