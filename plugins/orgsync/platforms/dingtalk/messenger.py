"""Sends work notifications and todos through DingTalk."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orgsync.errors import ConfigurationError, PlatformBusyError, PlatformError, RefusedError, UnreachableError
from orgsync.platforms.dingtalk.client import DingTalkClient
from orgsync.platforms.dingtalk.codes import PLATFORM
from orgsync.platforms.dingtalk.messages import (
    LONGEST,
    URL_SCHEMES,
    find_problems,
    read_source_id,
    write_notification,
    write_todo,
    write_todo_change,
)
from orgsync.platforms.dingtalk.new_codes import NO_SUCH_TASK, TASK_EXISTS, is_about
from orgsync.platforms.dingtalk.send_results import UNDELIVERED, is_done, read_dropped, read_outcomes, read_refused_departments
from orgsync.platforms.dingtalk.todos import TodoClient, TodoId
from orgsync.platforms.sending.deliveries import check_delivery, count_receivers
from orgsync.platforms.sending.messages import Content, Delivery, Limits, Outcome, Person, Recall, Receipt, Results

log = logging.getLogger(__name__)

# §9: billable calls of a company in a month, by edition; work notifications, their results and todos all count.
BILLABLE_CALLS = {"standard": 5_000, "professional": 200_000}
# §7 supports results of no more receivers than this.
MOST_RESULTS = 100
# A todo's `sourceId` is unique for good (§8).
FOR_GOOD_SECONDS = 10 * 365 * 24 * 3600

# §7, but for calls per second (§9) and people per todo (§8). Of the two figures for receivers per minute, 5000 and 1500, it is
# the smaller: what is above is dropped without a word. Work notifications have no idempotency key.
LIMITS = Limits(
    people_per_call=100,
    departments_per_call=20,
    people_per_todo=100,
    has_send_to_all=True,
    calls_per_second=20.0,
    people_per_minute=1500,
    messages_per_person_per_day=500,
    send_to_all_per_day=3,
    billable_calls_per_month=BILLABLE_CALLS["standard"],
    has_results=True,
    result_hours=24,
    recall_hours=24,
    url_schemes=URL_SCHEMES,
    longest=LONGEST,
)

_NO_UNION_ID = "no unionId is known of them, by which DingTalk's todos go"


class DingTalkMessenger:
    """Work notifications need the app's AgentId. A todo is made by `todo_creator`, or in the name of its first executor."""

    def __init__(
        self, client: DingTalkClient, todos: TodoClient, *, agent_id: str = "", todo_creator: str = "", edition: str = "standard"
    ) -> None:
        self.limits = replace(LIMITS, billable_calls_per_month=BILLABLE_CALLS[edition])
        self.transport = client.transport
        self._client = client
        self._todos = todos
        self._agent_id_text = agent_id
        self._todo_creator = todo_creator

    def __repr__(self) -> str:
        return f"DingTalkMessenger(connection {self.transport.conn_id!r})"

    @property
    def longest_call_seconds(self) -> float:
        return self.transport.longest_call_seconds

    def find_problems(self, content: Content) -> Sequence[str]:
        return find_problems(content)

    def idempotent_seconds(self, delivery: Delivery) -> int:
        return FOR_GOOD_SECONDS if delivery.content.kind == "todo" else 0

    def send(self, delivery: Delivery) -> Receipt:
        check_delivery(delivery, self.limits, platform=PLATFORM)
        if delivery.content.kind == "todo":
            return self._send_todo(delivery)
        body = write_notification(delivery, agent_id=self._agent_id)
        reply = self._client.send_notification(body, shown=count_receivers(delivery))
        return Receipt(str(reply.content["task_id"]))

    def fetch_results(self, platform_id: str, people: Sequence[Person]) -> Results:
        """One call if everybody's result is there, two or three while it is not, each of them billed. A todo has no results.

        Of more than 100 people, and of departments and everybody, DingTalk tells only whether it is done. That there were more of them
        than the people named, because a call was for departments too, shows only in that no result comes.
        """
        if TodoId.is_one(platform_id):
            return Results({}, is_final=True)
        task_id = _task_id(platform_id)
        if not people or len(people) > MOST_RESULTS:
            return Results({}, is_final=self._is_done(task_id))
        user_ids = [person.user_id for person in people]
        try:
            result = self._fetch_result(task_id)
        except (PlatformBusyError, UnreachableError) as error:
            log.warning("no result of a work notification, perhaps because it has more than %d receivers: %s", MOST_RESULTS, error)
            return Results({}, is_final=self._is_done(task_id))
        is_final = read_outcomes(result).keys() >= set(user_ids)
        if not is_final and (is_final := self._is_done(task_id)):
            # It may have come to its end between the two answers.
            result = self._fetch_result(task_id)
        told = dict.fromkeys(user_ids, Outcome("unknown", UNDELIVERED)) if is_final else {}
        told |= {user_id: outcome for user_id, outcome in read_outcomes(result).items() if user_id in user_ids}
        dropped = {user_id: dropped for user_id, dropped in read_dropped(result).items() if told.pop(user_id, None)}
        return Results(told, is_final, read_refused_departments(result), dropped)

    def recall(self, platform_id: str) -> Recall:
        """What DingTalk answers to a recall after 24 hours is not documented: its refusal is passed on in words."""
        try:
            self._client.recall_notification(agent_id=self._agent_id, task_id=_task_id(platform_id))
        except RefusedError as error:
            hint = " (it takes messages back for 24 hours)" if error.refusal.code == "400002" else ""
            return Recall("failed", f"{error}{hint}")
        return Recall("recalled")

    def update_todo(self, platform_id: str, content: Content) -> None:
        self._todos.update(TodoId.parse(platform_id), write_todo_change(content))

    def complete_todo(self, platform_id: str) -> None:
        """For all its executors."""
        self._todos.update(TodoId.parse(platform_id), {"done": True})

    def delete_todo(self, platform_id: str) -> Recall:
        try:
            self._todos.delete(TodoId.parse(platform_id))
        except RefusedError as error:
            return Recall("recalled", "it was gone already") if is_about(error, NO_SUCH_TASK) else Recall("failed", str(error))
        return Recall("recalled")

    def _send_todo(self, delivery: Delivery) -> Receipt:
        executors = [person.union_id for person in delivery.people if person.union_id]
        refused = {person.user_id: _NO_UNION_ID for person in delivery.people if not person.union_id}
        if not executors:
            return Receipt("", refused)
        creator = self._todo_creator or executors[0]
        body = write_todo(delivery.content, source_id=delivery.key, creator=creator, executors=executors)
        task_id = self._create_todo(delivery, creator, body)
        return Receipt(str(TodoId(task_id, creator)) if task_id else "", refused)

    def _create_todo(self, delivery: Delivery, creator: str, body: dict[str, object]) -> str:
        """Empty for one that was made before, and whose id DingTalk refuses to tell: people have it all the same."""
        try:
            return str(self._todos.create(creator, body, shown=count_receivers(delivery)).content["id"])
        except PlatformError as error:
            if not is_about(error, TASK_EXISTS):
                raise
        try:
            return str(self._todos.find(creator, read_source_id(delivery.key)).content["id"])
        except RefusedError as error:
            log.warning("a todo was made before, and cannot be changed or deleted: %s", error)
            return ""
        except PlatformError as error:
            error.leaves_doubt = True
            raise

    def _fetch_result(self, task_id: int) -> Mapping[str, Any]:
        result: Mapping[str, Any] = self._client.get_send_result(agent_id=self._agent_id, task_id=task_id).content["send_result"]
        return result

    def _is_done(self, task_id: int) -> bool:
        return is_done(self._client.get_send_progress(agent_id=self._agent_id, task_id=task_id).content["progress"])

    @property
    def _agent_id(self) -> int:
        conn_id = self.transport.conn_id
        if not self._agent_id_text:
            raise ConfigurationError(
                f"connection {conn_id!r} has no agent_id; set it to the AgentId of the app: work notifications are sent in its name"
            )
        if not self._agent_id_text.isdecimal():
            raise ConfigurationError(f"connection {conn_id!r} has agent_id={self._agent_id_text!r}; set it to the app's AgentId, a number")
        return int(self._agent_id_text)


def _task_id(platform_id: str) -> int:
    if not platform_id.isdecimal():
        raise ConfigurationError(f"{platform_id!r} is no DingTalk work notification; those have a number")
    return int(platform_id)
