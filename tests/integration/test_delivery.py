"""What delivery does when a platform's answer comes late, or not as it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg2.extensions import connection as Connection

from orgsync.errors import PlatformBusyError, Refusal, UnreachableError, WarehouseUnavailableError
from orgsync.outbox import sending, store
from orgsync.outbox.delivery import Tally, Worker, deliver
from orgsync.outbox.planning import Desk
from orgsync.outbox.sending import open_messenger
from orgsync.platforms.sending.messages import Delivery, Messenger, Recall, Receipt
from orgsync.warehouse.connection import open_warehouse
from orgsync.warehouse.hook import find_warehouse
from tests.integration.office import Office

REFUSAL = Refusal("platform", "interface", "nothing", reason="it did not answer")


@dataclass
class Disturbed:
    """A platform's messenger, in whose calls something happens once the platform has answered; it may raise."""

    messenger: Messenger
    after_send: Callable[[], None] = lambda: None
    after_recall: Callable[[], None] = lambda: None
    made: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.messenger, name)

    def send(self, delivery: Delivery) -> Receipt:
        self.made.append(delivery.content.body)
        receipt = self.messenger.send(delivery)
        self.after_send()
        return receipt

    def recall(self, platform_id: str) -> Recall:
        self.made.append(f"recall {platform_id}")
        answer = self.messenger.recall(platform_id)
        self.after_recall()
        return answer


def push(office: Office, messenger: Disturbed, **worker: Any) -> Tally:
    desk = Desk(office.tenant.id, messenger, is_whole=True, timezone=ZoneInfo("Asia/Shanghai"))
    address = find_warehouse(office.world.settings)
    with open_warehouse(address) as keeper, open_warehouse(address) as connection:
        options = {"clock": office.clock, "pause": office.clock.pause, "may_wait": False} | worker
        return deliver(connection, desk, Worker(**options), run_for=timedelta(minutes=10), keeper=keeper)


def outcomes(office: Office) -> list[str]:
    rows = office.world.query("select action, outcome from notify.attempt where action <> 'results' order by attempt_id")
    return [f"{action} {outcome}" for action, outcome in rows]


def test_error_after_the_lease_does_not_undo_what_another_worker_made_sure(office: Office) -> None:
    def stay_too_long() -> None:
        office.clock.move(minutes=16)
        office.push()
        error = UnreachableError(REFUSAL)
        error.leaves_doubt = True
        raise error

    message = office.enqueue(body="迟到的错误", audience={"users": office.people()[:1]})
    push(office, Disturbed(open_messenger(office.tenant), after_send=stay_too_long))
    office.follow(minutes=5)
    assert office.state(message) in ("sent", "delivered")
    assert outcomes(office) == ["send unknown", "send sent"]
    assert office.world.control("GET", "inbox/summary")["duplicates"] == 0


def test_recall_that_fails_for_now_is_tried_again_later_and_not_at_once(office: Office) -> None:
    def be_busy() -> None:
        if len(messenger.made) < 5:
            raise PlatformBusyError(REFUSAL)

    message = office.enqueue(body="撤回遇忙", audience={"users": office.people()[:2]})
    office.push()
    sending.recall(office.world.settings, message)
    messenger = Disturbed(open_messenger(office.tenant), after_recall=be_busy)
    push(office, messenger)
    assert outcomes(office) == ["send sent", "recall again"]
    assert office.state(message) == "claimed"
    office.follow(minutes=5)
    assert office.state(message) == "recalled"


def test_answer_that_nobody_understands_keeps_no_other_from_being_written_down(office: Office) -> None:
    def misread() -> None:
        if len(messenger.made) == 1:
            raise KeyError("message_id")

    messages = [office.enqueue(body=f"第 {number} 条", audience={"users": office.people()[:1]}) for number in range(3)]
    messenger = Disturbed(open_messenger(office.tenant), after_send=misread)
    with pytest.raises(KeyError):
        push(office, messenger, parallel=1)
    assert outcomes(office) == ["send calling", "send sent", "send sent"]
    office.follow(minutes=16)
    assert {office.state(message) for message in messages} <= {"sent", "delivered"}


def test_without_a_warehouse_no_further_call_is_made(office: Office) -> None:
    def lose_warehouse() -> None:
        if len(messenger.made) == 2:
            office.world.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'orgsync'")

    people = office.people()[:20]
    messages = [office.enqueue(body=f"给 {person} 的", audience={"users": [person]}) for person in people]
    messenger = Disturbed(open_messenger(office.tenant), after_send=lose_warehouse)
    with pytest.raises(WarehouseUnavailableError):
        push(office, messenger, parallel=1)
    office.follow(minutes=16)
    assert {office.state(message) for message in messages} <= {"sent", "delivered"}
    assert len(messenger.made) < len(messages)


def test_call_that_ends_every_worker_is_given_up_at_last(office: Office) -> None:
    def misread() -> None:
        raise KeyError("message_id")

    message = office.enqueue(body="永远读不懂", audience={"users": office.people()[:1]})
    messenger = Disturbed(open_messenger(office.tenant), after_send=misread)
    for _ in range(12):
        with pytest.raises(KeyError):
            push(office, messenger)
        office.clock.move(minutes=16)
    push(office, messenger)
    assert office.state(message) == "dead"
    assert set(office.recipients(message).values()) == {"unknown"}
    assert outcomes(office) == ["send unknown"] * 12


def test_what_a_person_may_get_in_a_day_is_kept_and_the_rest_goes_the_next(dingtalk_office: Office) -> None:
    office = dingtalk_office
    messenger = Disturbed(open_messenger(office.tenant))
    messenger.messenger.limits = replace(messenger.limits, messages_per_person_per_day=3)
    for number in range(5):
        office.enqueue(body=f"第 {number} 条", audience={"users": office.people()[:1]})
    push(office, messenger)
    assert len(office.calls()) == 3
    office.clock.move(hours=23)
    push(office, messenger)
    assert len(office.calls()) == 3
    office.clock.move(hours=1, minutes=1)
    push(office, messenger)
    assert len(office.calls()) == 5


def test_state_is_worked_out_from_what_holds_once_the_message_is_this_workers(
    dingtalk_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker may have ended its call since the message was found; who ends it later finds the message again."""
    office = dingtalk_office
    message = office.enqueue(body="刚刚结束", audience={"users": office.people()[:1]})
    office.push()
    office.world.query("update notify.delivery set state = 'calling', results_after = null")
    office.world.query("update notify.message set state = 'claimed', reason = 'under way', is_settled = false")
    fetch_all = store.fetch_all

    def look_late(connection: Connection, name: str, /, **parameters: Any) -> list[dict[str, Any]]:
        if name == "outbox/read_standings":
            office.world.query("update notify.delivery set state = 'sent'")
        return fetch_all(connection, name, **parameters)

    monkeypatch.setattr(store, "fetch_all", look_late)
    office.push()
    assert office.state(message) == "sent"
