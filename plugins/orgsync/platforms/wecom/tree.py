"""The tree of a company's departments: which part of it a tenant wants, and with how few lists that part is covered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from orgsync.platforms.reading.records import Record
from orgsync.platforms.wecom.records import read_department_id, read_parent_id


@dataclass(frozen=True)
class ListCall:
    """One list of members: of one department alone, or with all below it."""

    department_id: str
    with_descendants: bool


@dataclass(frozen=True)
class Tree:
    """`parents` maps each department that was listed to its parent's id, which need not be one of them."""

    parents: Mapping[str, str | None]

    @staticmethod
    def of(records: Iterable[Record]) -> Tree:
        ids = ((read_department_id(record.get("id")), read_parent_id(record)) for record in records)
        return Tree({department: parent for department, parent in ids if department is not None})

    @cached_property
    def children(self) -> Mapping[str, list[str]]:
        children: defaultdict[str, list[str]] = defaultdict(list)
        for department, parent in self.parents.items():
            if parent is not None:
                children[parent].append(department)
        return children

    def subtree(self, department_id: str) -> set[str]:
        """The department and all below it; a cycle in damaged data ends too."""
        found, ahead = {department_id}, [department_id]
        while ahead:
            new = [child for child in self.children.get(ahead.pop(), ()) if child not in found]
            found.update(new)
            ahead.extend(new)
        return found

    def select(self, *, include: Collection[str], exclude: Collection[str]) -> frozenset[str]:
        """The departments a scope wants; each of its ids stands for a whole subtree."""
        wanted = self._union(include) if include else set(self.parents)
        return frozenset((wanted - self._union(exclude)) & self.parents.keys())

    def tops(self, wanted: Collection[str]) -> tuple[str, ...]:
        """Those whose parent is not among them: several, and no root, are normal."""
        return tuple(department for department, parent in self.parents.items() if department in wanted and parent not in wanted)

    def cover(self, wanted: Collection[str], *, divided: Collection[str] = frozenset()) -> list[ListCall]:
        """As few lists as there can be: whole subtrees where nothing unwanted is below, single departments above what is not wanted.

        What is `divided` is read alone too, and what is below it in lists of its own.
        """
        mixed = self.above(department for department in self.parents if department not in wanted) | self.above(divided) | set(divided)
        whole = [
            department
            for department, parent in self.parents.items()
            if department in wanted and department not in mixed and (parent not in wanted or parent in mixed)
        ]
        covered = self._union(whole)
        # What is left is divided, above something unwanted, or in a cycle that no top leads to.
        single = [department for department in self.parents if department in wanted and department not in covered]
        calls = [ListCall(department, bool(self.children.get(department))) for department in whole]
        return calls + [ListCall(department, with_descendants=False) for department in single]

    def above(self, department_ids: Iterable[str]) -> set[str]:
        """All departments that one of these is below."""
        above: set[str] = set()
        for department in department_ids:
            parent = self.parents.get(department)
            while parent is not None and parent in self.parents and parent not in above:
                above.add(parent)
                parent = self.parents.get(parent)
        return above

    def sum_below(self, people: Mapping[str, int]) -> Counter[str]:
        """How many there are in each department and all below it, of so many in each; who is in two departments counts twice."""
        sums: Counter[str] = Counter()
        for department, count in people.items():
            for each in {department, *self.above([department])}:
                sums[each] += count
        return sums

    def _union(self, department_ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for department in department_ids:
            if department not in found:
                found |= self.subtree(department)
        return found
