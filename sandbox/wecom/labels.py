"""Tags: people and departments that someone labelled, whatever their place in the tree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from sandbox.organization import ROOT, Organization

NEWCOMERS = 5


@dataclass(frozen=True)
class Tag:
    id: int
    name: str
    user_ids: tuple[str, ...] = ()
    department_ids: tuple[int, ...] = ()


def tags_of(organization: Organization) -> dict[int, Tag]:
    people = organization.people.values()
    tops = organization.children[ROOT]
    tags = (
        Tag(1, "管理员", tuple(person.id for person in people if person.admin_level)),
        Tag(2, "新员工", tuple(islice(reversed(organization.people), NEWCOMERS))),
        Tag(5, "重点项目", tuple(person.id for person in people if person.senior), tuple(tops[-1:])),
        Tag(9, "空标签"),
    )
    return {tag.id: tag for tag in tags}
