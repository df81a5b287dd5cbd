"""Sends messages and tasks through Feishu: to one person as a single message, to more and to departments as a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from orgsync.errors import ConfigurationError, PermissionDeniedError, PlatformError, RefusedError
from orgsync.platforms.feishu.client import ROOT_ID
from orgsync.platforms.feishu.codes import (
    BAD_TASK,
    MESSAGE_GONE_CODES,
    NO_SUCH_TASK,
    PLATFORM,
    READ_TOO_LATE,
    RECALL_TOO_LATE,
    RECEIVER_CODES,
    SCOPE_MISSING_CODES,
)
from orgsync.platforms.feishu.message_client import FeishuMessageClient
from orgsync.platforms.feishu.messages import (
    LONGEST,
    find_problems,
    read_receiver,
    task_id_type,
    write_batch,
    write_single,
    write_task,
    write_task_change,
    write_task_done,
)
from orgsync.platforms.feishu.records import items_of, read_id
from orgsync.platforms.reading.records import read_count, records_of
from orgsync.platforms.sending.deliveries import check_delivery, count_receivers
from orgsync.platforms.sending.messages import Content, Delivery, Limits, Outcome, Person, Recall, Receipt, Results

log = logging.getLogger(__name__)

# §7.1: one success for a `uuid` within an hour; §8: one for a `client_token` within five minutes.
UUID_SECONDS = 3600
CLIENT_TOKEN_SECONDS = 300

# §7.1 (50 a second, 1000 a minute, 5 a second to one person; taken for batches too, whose pace is not told), §7.2 and §8. Not idempotent,
# because a batch is not. Who read a single message is told for 7 days, how many a batch reached for 30. How long a message may be taken
# back is the company's own setting, 24 hours being the usual one.
LIMITS = Limits(
    people_per_call=200,
    departments_per_call=200,
    people_per_todo=50,
    calls_per_second=50.0,
    calls_per_minute=1000,
    messages_per_person_per_second=5,
    recipients_per_day=500_000,
    has_results=True,
    result_hours=7 * 24,
    recall_hours=24,
    longest=LONGEST,
)

_BATCH_PREFIXES = ("bm-", "bm_")
_BATCH_RECALLED = "taken back; Feishu clears a message to several people away within moments of its answer"
_MESSAGE_PREFIX = "om_"
_INVALID = "not a valid id for this app: gone, or an id of another app"
_INVALID_DEPARTMENT = "not a valid department for this app"


class FeishuMessenger:
    """`now` is when a todo is completed."""

    def __init__(self, client: FeishuMessageClient, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.limits = LIMITS
        self.transport = client.transport
        self._client = client
        self._now = now

    def __repr__(self) -> str:
        return f"FeishuMessenger(connection {self.transport.conn_id!r})"

    @property
    def longest_call_seconds(self) -> float:
        return self.transport.longest_call_seconds

    def find_problems(self, content: Content) -> Sequence[str]:
        return find_problems(content)

    def idempotent_seconds(self, delivery: Delivery) -> int:
        if delivery.content.kind == "todo":
            return CLIENT_TOKEN_SECONDS
        return UUID_SECONDS if _is_single(delivery) else 0

    def send(self, delivery: Delivery) -> Receipt:
        check_delivery(delivery, self.limits, platform=PLATFORM)
        if delivery.content.kind == "todo":
            return self._send_task(delivery)
        return self._send_single(delivery) if _is_single(delivery) else self._send_batch(delivery)

    def fetch_results(self, platform_id: str, people: Sequence[Person]) -> Results:
        """Of a batch Feishu tells numbers, not names: who is left open by them stays sent. A task has no results."""
        if platform_id.startswith(_BATCH_PREFIXES):
            return self._batch_results(platform_id, people)
        if platform_id.startswith(_MESSAGE_PREFIX):
            return self._single_results(platform_id, people)
        return Results({}, is_final=True)

    def recall(self, platform_id: str) -> Recall:
        """A message that is not there any more counts as recalled. A batch is recalled after the answer, not with it."""
        is_batch = platform_id.startswith(_BATCH_PREFIXES)
        try:
            (self._client.recall_batch if is_batch else self._client.recall_message)(platform_id)
        except RefusedError as error:
            return _read_refused_recall(error)
        return Recall("recalled", _BATCH_RECALLED if is_batch else "")

    def update_todo(self, platform_id: str, content: Content) -> None:
        self._client.update_task(platform_id, write_task_change(content))

    def complete_todo(self, platform_id: str) -> None:
        """For all its members. Feishu refuses to complete what is completed: then it is as wanted."""
        try:
            self._client.update_task(platform_id, write_task_done(self._now()))
        except RefusedError as error:
            if error.refusal.code != BAD_TASK or not self._is_done(platform_id):
                raise

    def delete_todo(self, platform_id: str) -> Recall:
        try:
            self._client.delete_task(platform_id)
        except RefusedError as error:
            return Recall("recalled", "it was gone already") if error.refusal.code == NO_SUCH_TASK else Recall("failed", str(error))
        return Recall("recalled")

    def _send_single(self, delivery: Delivery) -> Receipt:
        person = delivery.people[0]
        kind, _ = read_receiver(person)
        try:
            reply = self._client.send_message(kind, write_single(delivery, person), shown=count_receivers(delivery))
        except PlatformError as error:
            if error.refusal.code not in RECEIVER_CODES:
                raise
            return Receipt("", {person.user_id: f"{error.refusal.reason} ({error.refusal.code}). {error.refusal.fix}"})
        return Receipt(str(reply.content["data"]["message_id"]))

    def _send_batch(self, delivery: Delivery) -> Receipt:
        if ROOT_ID in delivery.department_ids:
            raise ConfigurationError("a delivery to feishu is to the root department 0; Feishu takes none, name the departments below it")
        data = self._client.send_batch(write_batch(delivery), shown=count_receivers(delivery)).content["data"]
        invalid = {*_ids_of(data, "invalid_open_ids"), *_ids_of(data, "invalid_user_ids")}
        refused = {person.user_id: _INVALID for person in delivery.people if read_receiver(person)[1] in invalid}
        return Receipt(str(data["message_id"]), refused, dict.fromkeys(_ids_of(data, "invalid_department_ids"), _INVALID_DEPARTMENT))

    def _send_task(self, delivery: Delivery) -> Receipt:
        kind = task_id_type(delivery.people)
        body = write_task(delivery, user_id_type=kind)
        task = self._client.create_task(kind, body, shown=count_receivers(delivery)).content["data"]["task"]
        return Receipt(str(task["guid"]), _left_out(delivery, body["members"], task.get("members")))

    def _single_results(self, message_id: str, people: Sequence[Person]) -> Results:
        """A single message is in the chat when it is answered, so it is delivered. Who read it takes a scope that sending does not."""
        try:
            is_read = any(items_of(page.content) for page in self._client.list_readers(message_id))
        except PermissionDeniedError as error:
            if error.refusal.code not in SCOPE_MISSING_CODES:
                raise
            log.warning("whether messages are read is not told: %s", error)
            is_read = False
        except RefusedError as error:
            if error.refusal.code != READ_TOO_LATE:
                raise
            # Whether they have read it is not told any more; what was known stays.
            return Results({}, is_final=True)
        return Results({person.user_id: Outcome("read" if is_read else "delivered") for person in people}, is_final=True)

    def _batch_results(self, message_id: str, people: Sequence[Person]) -> Results:
        """0 valid receivers right after sending; served may stay below valid for ever, as who is outside the availability is valid."""
        progress = self._client.get_batch_progress(message_id).content["data"]["batch_message_send_progress"]
        valid, served, read = (
            read_count(progress.get(name)) or 0 for name in ("valid_user_ids_count", "success_user_ids_count", "read_user_ids_count")
        )
        outcome = _read_counts(valid, served, read, len(people))
        return Results({person.user_id: outcome for person in people} if valid else {}, is_final=0 < valid <= served)

    def _is_done(self, guid: str) -> bool:
        return str(self._client.get_task(guid).content["data"]["task"].get("status")) == "done"


def _ids_of(data: Mapping[str, Any], name: str) -> list[str]:
    values = data.get(name)
    return [each for each in values if read_id(each)] if isinstance(values, list) else []


def _left_out(delivery: Delivery, asked: Sequence[Mapping[str, str]], members: object) -> dict[str, str]:
    """Feishu passes over whom it does not know, and tells who the members are."""
    if not isinstance(members, list):
        return {}
    taken = {str(member.get("id")) for member in records_of(members)}
    return {person.user_id: _INVALID for person, member in zip(delivery.people, asked, strict=True) if member["id"] not in taken}


def _is_single(delivery: Delivery) -> bool:
    return len(delivery.people) == 1 and not delivery.department_ids and not delivery.to_all


def _read_counts(valid: int, served: int, read: int, people: int) -> Outcome:
    """A name follows from a number only where all that could be reached are the people asked about."""
    if valid == people and read >= people:
        return Outcome("read")
    if valid == people and served >= people:
        return Outcome("delivered")
    return Outcome("sent", f"of {valid} valid receivers {served} were served and {read} have read it; Feishu does not tell who")


def _read_refused_recall(error: RefusedError) -> Recall:
    code = error.refusal.code
    if code == RECALL_TOO_LATE:
        return Recall("too_late", str(error))
    return Recall("recalled", "it was gone already") if code in MESSAGE_GONE_CODES else Recall("failed", str(error))
