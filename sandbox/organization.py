"""A company's departments and people, as all platforms see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, fields, replace
from hashlib import blake2b
from operator import attrgetter

ROOT = 1


@dataclass(frozen=True)
class Numbering:
    """How a platform derives ids and orders from serial numbers.

    The organization itself knows departments by number; `shown_department_id` is what the platform calls one.
    """

    department_id: Callable[[int], int]
    user_id: Callable[[int], str]
    member_order: Callable[[int], int]
    shown_department_id: Callable[[int], int | str] = int
    shown_open_id: Callable[[Person], str] = attrgetter("open_id")
    shown_union_id: Callable[[Person], str] = attrgetter("union_id")


@dataclass(slots=True)
class Department:
    id: int
    parent_id: int | None
    name: str
    serial: int = 0
    """The same in every organization of a recipe, whatever the platform's ids; 0 for special departments."""
    name_en: str | None = None
    order: int | None = None
    """None where nobody ever sorted it."""
    hidden: bool = False
    source_identifier: str | None = None
    kind: str = "company"
    """company, school (a family-school tree, ids below zero) or linked (shared by another organization)."""


@dataclass(frozen=True, slots=True)
class Membership:
    department_id: int
    order: int
    is_leader: bool = False
    title: str = ""


@dataclass(slots=True)
class Person:
    number: int
    """Serial number, never used twice; the later joined, the larger."""
    id: str
    name: str
    memberships: tuple[Membership, ...]
    main_department_id: int
    title: str = ""
    name_en: str | None = None
    mobile: str | None = None
    email: str | None = None
    work_email: str | None = None
    telephone: str | None = None
    gender: str | None = None
    job_number: str | None = None
    hired_at_ms: int | None = None
    work_place: str | None = None
    remark: str | None = None
    manager_id: str | None = None
    admin_level: int = 0
    """0 none, 1 main administrator, 2 sub-administrator."""
    active: bool = True
    restricted: bool = False
    """Left out of lists unless the caller asks for people with restricted access too."""
    senior: bool = False
    hide_mobile: bool = False
    changed_in_step: int = 0
    company: str = ""

    @property
    def union_id(self) -> str:
        return _opaque("union", self)

    @property
    def open_id(self) -> str:
        return _opaque("open", self)

    @property
    def seal(self) -> bytes:
        """What ids are made of that are no two companies' alike."""
        return f"{self.number}/{self.company}".encode() if self.company else b"%d" % self.number

    @property
    def department_ids(self) -> list[int]:
        return [membership.department_id for membership in self.memberships]

    def copied(self) -> Person:
        """As `copy` does it, in a third of the time: there may be a million."""
        return Person(*ALL_FIELDS(self))

    def membership_in(self, department_id: int) -> Membership:
        return next(membership for membership in self.memberships if membership.department_id == department_id)


ALL_FIELDS = attrgetter(*(each.name for each in fields(Person)))


def _opaque(kind: str, person: Person) -> str:
    return blake2b(person.seal, digest_size=11, person=kind.encode()).hexdigest() + "iE"


@dataclass
class Organization:
    """The current truth. `revision` grows with each change, so that others know when what they remember is stale."""

    seed: int
    numbering: Numbering
    company: str = ""
    step: int = 0
    revision: int = 0
    next_person: int = 1
    next_department: int = 2
    departments: dict[int, Department] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    former: dict[str, Person] = field(default_factory=dict)
    members: dict[int, dict[str, Membership]] = field(default_factory=dict)

    def copied(self) -> Organization:
        """As it is now, whatever happens to it later."""
        return replace(
            self,
            departments={department_id: copy(department) for department_id, department in self.departments.items()},
            children={department_id: list(children) for department_id, children in self.children.items()},
            people={user_id: person.copied() for user_id, person in self.people.items()},
            former={user_id: person.copied() for user_id, person in self.former.items()},
            members={department_id: dict(members) for department_id, members in self.members.items()},
        )

    def add_department(self, department: Department) -> None:
        self.departments[department.id] = department
        self.children[department.id] = []
        self.members[department.id] = {}
        if department.parent_id is not None:
            self.children[department.parent_id].append(department.id)

    def remove_department(self, department_id: int) -> None:
        """For a department that has neither people nor children."""
        department = self.departments.pop(department_id)
        del self.members[department_id], self.children[department_id]
        self.children[department.parent_id or ROOT].remove(department_id)

    def move_department(self, department_id: int, parent_id: int) -> None:
        department = self.departments[department_id]
        self.children[department.parent_id or ROOT].remove(department_id)
        self.children[parent_id].append(department_id)
        department.parent_id = parent_id

    def add_person(self, person: Person) -> None:
        self.people[person.id] = person
        for membership in person.memberships:
            self.members[membership.department_id][person.id] = membership

    def remove_person(self, user_id: str) -> None:
        person = self.people.pop(user_id)
        for membership in person.memberships:
            del self.members[membership.department_id][user_id]
        self.former[user_id] = person

    def set_memberships(self, person: Person, memberships: tuple[Membership, ...]) -> None:
        """Departments that stay keep their place for the person, so that the order of their leaders holds."""
        for department_id in set(person.department_ids) - {membership.department_id for membership in memberships}:
            del self.members[department_id][person.id]
        for membership in memberships:
            self.members[membership.department_id][person.id] = membership
        person.memberships = memberships
        if person.main_department_id not in person.department_ids:
            person.main_department_id = memberships[0].department_id

    def path_to_root(self, department_id: int) -> Iterator[int]:
        """The department itself, its parent, and so on up to the root."""
        current: int | None = department_id
        while current is not None:
            yield current
            current = self.departments[current].parent_id

    def depth(self, department_id: int) -> int:
        return sum(1 for _ in self.path_to_root(department_id)) - 1

    def people_below(self, department_ids: Iterable[int]) -> dict[str, None]:
        """Everyone in these departments and in all below them, each once."""
        found: dict[str, None] = {}
        waiting = list(department_ids)
        seen: set[int] = set()
        while waiting:
            department_id = waiting.pop()
            if department_id not in seen:
                seen.add(department_id)
                found |= dict.fromkeys(self.members[department_id])
                waiting += self.children[department_id]
        return found

    def leaders(self, department_id: int) -> list[str]:
        return [user_id for user_id, membership in self.members[department_id].items() if membership.is_leader]

    def sorted_members(self, department_id: int) -> list[tuple[Person, Membership]]:
        """As shown in the directory: the larger order first."""
        pairs = [(self.people[user_id], membership) for user_id, membership in self.members[department_id].items()]
        return sorted(pairs, key=lambda pair: pair[1].order, reverse=True)
