"""Lets an organization live for one step and tells exactly what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any

from sandbox.generator import MAX_DEPTH, company_departments, department_name, new_department, new_membership, new_person, person_name
from sandbox.names import TITLES
from sandbox.organization import ROOT, Membership, Organization, Person

KINDS = (
    "joined",
    "left",
    "returned",
    "moved",
    "renamed",
    "promoted",
    "departments_created",
    "departments_removed",
    "departments_moved",
    "departments_renamed",
)
SHARES = {"joined": 0.25, "left": 0.2, "returned": 0.05, "moved": 0.25, "renamed": 0.05, "promoted": 0.2}
DEPARTMENT_SHARE = 0.25
DEFAULT_RATE = 0.02
FEWEST_DEPARTMENTS = 2
"""Below this none is removed: people must have somewhere to go."""

Truth = dict[str, Any]
"""Ids by kind of change, and the step."""


def amounts_at_rate(organization: Organization, rate: float) -> dict[str, int]:
    """About `rate` of the people and of the departments change, at least one of each kind where that is possible; none at rate 0."""
    if not rate:
        return {}
    people, departments = len(organization.people) * rate, len(organization.departments) * rate
    amounts = {kind: max(1, round(people * share)) for kind, share in SHARES.items()}
    return amounts | {kind: max(1, round(departments * DEPARTMENT_SHARE)) for kind in KINDS if kind.startswith("departments")}


def evolve(organization: Organization, amounts: Mapping[str, int]) -> Truth:
    """Apply at most these amounts, fewer where there is nobody left to choose; the same each time for a seed, step and amounts."""
    organization.step += 1
    organization.revision += 1
    change = _Step(organization)
    for kind in reversed(KINDS[6:]):
        change.apply(kind, amounts.get(kind, 0))
    for kind in KINDS[:6]:
        change.apply(kind, amounts.get(kind, 0))
    return change.truth()


class _Step:
    """One step under way: who was already chosen, and for what."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.rng = Random(f"evolution:{organization.seed}:{organization.step}")
        self.touched: dict[str, list] = {kind: [] for kind in (*KINDS, "manager_changed")}
        self.leaderships_lost: set[int] = set()
        self.busy_people: set[str] = set()
        self.busy_departments: set[int] = {ROOT}
        self.returnable = list(organization.former)
        self.reports: dict[str, list[str]] = defaultdict(list)
        for person in organization.people.values():
            if person.manager_id:
                self.reports[person.manager_id].append(person.id)

    def apply(self, kind: str, amount: int) -> None:
        verb: Callable[[int], None] = getattr(self, f"_{kind}")
        verb(amount)

    def truth(self) -> Truth:
        kept = self.leaderships_lost & self.organization.departments.keys()
        return self.touched | {"leaders_changed": sorted(kept), "step": self.organization.step}

    # Departments come first: who they drag along is then left alone.

    def _departments_created(self, amount: int) -> None:
        for parent_id in self._some_departments(amount, keep_free=True):
            depth = self.organization.depth(parent_id)
            if depth < MAX_DEPTH:
                department = new_department(self.organization, self.rng, parent_id, depth=depth + 1)
                self._note_department("departments_created", department.id)

    def _departments_renamed(self, amount: int) -> None:
        for department_id in self._some_departments(amount):
            department = self.organization.departments[department_id]
            serial = self.organization.step * 1000 + len(self.touched["departments_renamed"])
            depth, parent_id = self.organization.depth(department_id), department.parent_id or ROOT
            name = department_name(self.organization, self.rng, parent_id, depth=depth, serial=serial)
            department.name = name if name != department.name else f"新{name}"
            self._note_department("departments_renamed", department_id)

    def _departments_moved(self, amount: int) -> None:
        for department_id in self._some_departments(amount):
            parent_id = self._new_parent(department_id)
            if parent_id is not None:
                self.organization.move_department(department_id, parent_id)
                self._note_department("departments_moved", department_id)

    def _new_parent(self, department_id: int) -> int | None:
        """Another parent, outside the department's own subtree, under which it does not get too deep and its name is free."""
        organization = self.organization
        height = _height(organization, department_id)
        department = organization.departments[department_id]
        for parent_id in self._some_departments(8, keep_free=True):
            path = list(organization.path_to_root(parent_id))
            sibling_names = {organization.departments[child].name for child in organization.children[parent_id]}
            fits = len(path) + height <= MAX_DEPTH
            if fits and department_id not in path and parent_id != department.parent_id and department.name not in sibling_names:
                return parent_id
        return None

    def _departments_removed(self, amount: int) -> None:
        removed = 0
        # Small ones first: a company does not dissolve its largest department on an ordinary day.
        for department_id in sorted(self._some_departments(amount * 20), key=lambda one: len(self.organization.members[one])):
            people = list(self.organization.members[department_id])
            if removed == amount or len(company_departments(self.organization)) <= FEWEST_DEPARTMENTS:
                return
            if self.organization.children[department_id] or self.busy_people.intersection(people):
                continue
            parent_id = self.organization.departments[department_id].parent_id or ROOT
            for user_id in people:
                self._move_up(self.organization.people[user_id], department_id, parent_id)
            self.organization.remove_department(department_id)
            self._note_department("departments_removed", department_id)
            removed += 1

    def _move_up(self, person: Person, department_id: int, parent_id: int) -> None:
        others = tuple(held for held in person.memberships if held.department_id != department_id)
        if parent_id not in [held.department_id for held in others]:
            others = (self._membership(parent_id, person), *others)
        self.organization.set_memberships(person, others)
        self._note("moved", person)

    def _joined(self, amount: int) -> None:
        departments = company_departments(self.organization)
        for _ in range(amount):
            person = new_person(self.organization, self.rng, [self.rng.choice(departments)])
            self.organization.add_person(person)
            self._note("joined", person)

    def _left(self, amount: int) -> None:
        for person in self._some_people(amount, unless=lambda person: person.admin_level == 1 or self._has_busy_reports(person)):
            for user_id in self.reports.pop(person.id, ()):
                self._change_manager(self.organization.people[user_id], person.manager_id)
            self._forget_leaderships(person.memberships)
            self.organization.remove_person(person.id)
            self._note("left", person)

    def _has_busy_reports(self, person: Person) -> bool:
        return not self.busy_people.isdisjoint(self.reports.get(person.id, ()))

    def _change_manager(self, report: Person, manager_id: str | None) -> None:
        report.manager_id = manager_id if manager_id != report.id else None
        if report.manager_id:
            self.reports[report.manager_id].append(report.id)
        self._note("manager_changed", report)

    def _returned(self, amount: int) -> None:
        departments = company_departments(self.organization)
        for user_id in self.rng.sample(self.returnable, min(amount, len(self.returnable))):
            person = self.organization.former.pop(user_id)
            home = person.main_department_id if person.main_department_id in self.organization.departments else self.rng.choice(departments)
            person.memberships, person.main_department_id = (self._membership(home, person),), home
            if person.manager_id not in self.organization.people:
                person.manager_id = None
            self.organization.add_person(person)
            self._note("returned", person)

    def _moved(self, amount: int) -> None:
        departments = company_departments(self.organization)
        for person in self._some_people(amount):
            free = self.rng.sample(departments, min(8, len(departments)))
            target = next((department_id for department_id in free if department_id not in person.department_ids), None)
            memberships = self._rearranged(person, target)
            if memberships != person.memberships:
                self._forget_leaderships(set(person.memberships) - set(memberships))
                self.organization.set_memberships(person, memberships)
                self._note("moved", person)

    def _rearranged(self, person: Person, target: int | None) -> tuple[Membership, ...]:
        """Mostly a change of department, sometimes one more or one less."""
        others = person.memberships[1:]
        draw = self.rng.random()
        if others and draw < 0.3:
            return others
        if target is None:
            return others or person.memberships
        if draw < 0.4:
            return (*person.memberships, self._membership(target, person))
        return (self._membership(target, person), *others)

    def _renamed(self, amount: int) -> None:
        for person in self._some_people(amount):
            name = person_name(self.rng)
            person.name = name if name != person.name else name + "一"
            self._note("renamed", person)

    def _promoted(self, amount: int) -> None:
        for person in self._some_people(amount):
            person.title = self.rng.choice([title for title in TITLES if title != person.title])
            first, *others = person.memberships
            raised = Membership(first.department_id, first.order, first.is_leader, person.title)
            self.organization.set_memberships(person, (raised, *others))
            self._note("promoted", person)

    def _membership(self, department_id: int, person: Person) -> Membership:
        self.organization.next_person += 1  # the serial also places people in line
        return new_membership(self.organization, self.rng, department_id, person.title)

    def _some_people(self, amount: int, unless: Callable[[Person], bool] = lambda _: False) -> Iterable[Person]:
        """Chosen one by one, as each choice can make others busy."""
        people = self.organization.people
        candidates = self.rng.sample(list(people), min(len(people), amount * 4 + 20)) if amount else []
        for user_id in candidates:
            if not amount:
                return
            if user_id not in self.busy_people and not unless(people[user_id]):
                amount -= 1
                yield people[user_id]

    def _some_departments(self, amount: int, *, keep_free: bool = False) -> list[int]:
        """Departments without a change so far; `keep_free` also allows them to be chosen again, as parents."""
        pool = [one for one in company_departments(self.organization) if keep_free or one not in self.busy_departments]
        return self.rng.sample(pool, min(amount, len(pool)))

    def _forget_leaderships(self, memberships: Iterable[Membership]) -> None:
        self.leaderships_lost.update(held.department_id for held in memberships if held.is_leader)

    def _note(self, kind: str, person: Person) -> None:
        person.changed_in_step = self.organization.step
        self.busy_people.add(person.id)
        self.touched[kind].append(person.id)

    def _note_department(self, kind: str, department_id: int) -> None:
        self.busy_departments.add(department_id)
        self.touched[kind].append(department_id)


def _height(organization: Organization, department_id: int) -> int:
    """Levels at and below this department."""
    return 1 + max((_height(organization, child) for child in organization.children[department_id]), default=0)
