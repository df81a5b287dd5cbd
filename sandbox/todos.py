"""Todos, as a platform that has them keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class Todo:
    id: str
    interface: str
    creator: str
    title: str
    created_at: float
    updated_at: float
    text: str = ""
    url: str = ""
    due_at: float | None = None
    executors: dict[str, float | None] = field(default_factory=dict)
    """User id to when that person was done with it."""
    done_at: float | None = None
    deleted_at: float | None = None
    given: dict[str, Any] = field(default_factory=dict)
    """What only its own platform understands."""

    @property
    def state(self) -> str:
        if self.deleted_at is not None:
            return "deleted"
        return "open" if self.done_at is None else "done"

    def finish(self, now: float) -> None:
        """For everybody."""
        self.done_at = now
        self.executors = {user_id: done_at or now for user_id, done_at in self.executors.items()}

    def reopen(self) -> None:
        self.done_at = None
        self.executors = dict.fromkeys(self.executors)


@dataclass
class Todos:
    by_id: dict[str, Todo] = field(default_factory=dict)
    by_executor: dict[str, dict[str, Todo]] = field(default_factory=dict)
    by_source: dict[str, Todo] = field(default_factory=dict)
    """By the caller's own id, where the platform takes one."""

    def add(self, todo: Todo) -> None:
        self.by_id[todo.id] = todo
        self._file(todo)

    def assign(self, todo: Todo, user_ids: Iterable[str]) -> None:
        """From now on to these; who had it already keeps what was done."""
        for user_id in todo.executors:
            self.by_executor[user_id].pop(todo.id, None)
        todo.executors = {user_id: todo.executors.get(user_id) for user_id in user_ids}
        self._file(todo)

    def living(self, todo_id: str) -> Todo | None:
        todo = self.by_id.get(todo_id)
        return todo if todo is not None and todo.deleted_at is None else None

    def of(self, user_id: str) -> list[Todo]:
        """The newest first, deleted ones too."""
        return list(self.by_executor.get(user_id, {}).values())[::-1]

    def summary(self) -> dict[str, int]:
        """`duplicates`: how often somebody has a living todo that says the same as an earlier one."""
        states = [todo.state for todo in self.by_id.values()]
        living = [todo for todo in self.by_id.values() if todo.deleted_at is None]
        says = [(user_id, todo.title, todo.text, todo.url) for todo in living for user_id in todo.executors]
        return {state: states.count(state) for state in ("open", "done", "deleted")} | {"duplicates": len(says) - len(set(says))}

    def _file(self, todo: Todo) -> None:
        for user_id in todo.executors:
            self.by_executor.setdefault(user_id, {})[todo.id] = todo
