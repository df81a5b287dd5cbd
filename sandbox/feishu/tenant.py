"""A company on Feishu: what its interfaces know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar

from sandbox.feishu.fields import granted_scopes
from sandbox.feishu.numbering import FEISHU_NUMBERING, custom_department_id, open_department_id, open_id, union_id
from sandbox.feishu.parameters import IdTypes
from sandbox.feishu.settings import WHOLE_COMPANY, FeishuSettings
from sandbox.feishu.tokens import RollingTokens
from sandbox.generator import Recipe
from sandbox.headcount import count_members
from sandbox.login_codes import Kind
from sandbox.organization import Department, Person
from sandbox.tenant import Tenant, computed


class Feishu(Tenant[FeishuSettings]):
    name = "feishu"
    numbering = FEISHU_NUMBERING
    has_special_departments = False
    interfaces_by_alias: ClassVar[Mapping[str, str]] = {
        "people": "contact/v3/users/find_by_department",
        "departments": "contact/v3/departments/:department_id/children",
        "messages": "im/v1/messages",
    }

    code_length = 64

    def __init__(self, recipe: Recipe, settings: FeishuSettings) -> None:
        super().__init__(recipe, settings)
        self.tokens: RollingTokens = RollingTokens()

    def code_seconds(self, kind: Kind) -> float:
        return self.settings.in_client_code_seconds if kind == "in_client" else super().code_seconds(kind)

    def shown_department(self, department_id: int, types: IdTypes) -> str:
        if types.department == "open_department_id":
            return open_department_id(department_id)
        return custom_department_id(self.organization.departments[department_id])

    @computed
    def granted(self) -> frozenset[str]:
        """Scopes for fields."""
        return granted_scopes(self.settings)

    @computed
    def sees_all(self) -> bool:
        return WHOLE_COMPANY in self.settings.visible_departments

    @computed
    def visible_set(self) -> frozenset[int]:
        """What is no department any more is in no range."""
        known = self.departments_by_id["open_department_id"]
        return frozenset(known[value].id for value in self.settings.visible_departments if value in known)

    @computed
    def serves_all(self) -> bool:
        return WHOLE_COMPANY in self.settings.available_departments

    @computed
    def available_set(self) -> frozenset[int]:
        known = self.departments_by_id["open_department_id"]
        return frozenset(known[value].id for value in self.settings.available_departments if value in known)

    @computed
    def departments_by_id(self) -> dict[str, dict[str, Department]]:
        """By the type of the id."""
        departments = self.organization.departments.values()
        return {
            "open_department_id": {open_department_id(department.id): department for department in departments},
            "department_id": {custom_department_id(department): department for department in departments},
        }

    @computed
    def people_by_id(self) -> dict[str, dict[str, Person]]:
        """By the type of the id, also those who left."""
        people = self._everybody()
        return {
            "open_id": {open_id(person): person for person in people},
            "union_id": {union_id(person): person for person in people},
            "user_id": {person.id: person for person in people},
        }

    @computed
    def people_by_email(self) -> dict[str, Person]:
        return {person.email.lower(): person for person in self._everybody() if person.email}

    @computed
    def people_by_mobile(self) -> dict[str, Person]:
        return {person.mobile: person for person in self._everybody() if person.mobile}

    def _everybody(self) -> list[Person]:
        return [*self.organization.former.values(), *self.organization.people.values()]

    @computed
    def member_counts(self) -> dict[int, tuple[int, int]]:
        return count_members(self.organization)

    @computed
    def primary_counts(self) -> Counter[int]:
        """Whose main department it is, those of departments below not counted."""
        return Counter(person.main_department_id for person in self.organization.people.values())
