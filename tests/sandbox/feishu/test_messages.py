from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.sandbox.clock import later, to_noon
from tests.sandbox.feishu.app import FeishuApp
from tests.sandbox.feishu.conftest import ORGANIZATION

SEND = "im/v1/messages"
BATCH = "message/v4/batch_send/"
TEXT = json.dumps({"text": "部门调整通知"})
CARD = {"header": {"title": {"tag": "plain_text", "content": "通知"}}, "elements": [{"tag": "markdown", "content": "**请确认**"}]}


@pytest.fixture
def app(app: FeishuApp) -> FeishuApp:
    """With an empty mailbox."""
    app.control("POST", "organization", ORGANIZATION)
    app.settings(messages_per_user_per_second=0)
    to_noon(app.control)
    return app


@pytest.fixture
def people(app: FeishuApp) -> list[dict[str, Any]]:
    return app.truth()["users"]


def body(person: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"receive_id": person["open_id"], "msg_type": "text", "content": TEXT} | changes


def send(app: FeishuApp, person: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return app.data(SEND, method="POST", json=body(person, **changes), receive_id_type="open_id")


def refusal(app: FeishuApp, message: dict[str, Any], kind: str = "open_id") -> tuple[int, int]:
    return app.refusal(SEND, method="POST", json=message, receive_id_type=kind)


def batch(app: FeishuApp, **given: Any) -> dict[str, Any]:
    answer = app.raw(BATCH, method="POST", json={"msg_type": "text", "content": {"text": "通知"}} | given)
    assert (answer.status_code, answer.json()["code"], answer.json()["msg"]) == (200, 0, "ok"), answer.text
    return answer.json()["data"]


def inbox(app: FeishuApp, person: dict[str, Any]) -> list[dict[str, Any]]:
    return app.control("GET", f"inbox?user={person['id']}")["messages"]


def test_message_reaches_one_person_by_any_id(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    person = next(one for one in people if one["email"])
    sent = send(app, person)
    assert (sent["message_id"][:3], sent["msg_type"], sent["body"], sent["deleted"]) == ("om_", "text", {"content": TEXT}, False)
    for kind, value in {"union_id": person["union_id"], "user_id": person["id"], "email": person["email"]}.items():
        app.data(SEND, method="POST", json=body(person, receive_id=value), receive_id_type=kind)
    assert [message["text"] for message in inbox(app, person)] == ["部门调整通知"] * 4
    assert app.control("GET", "inbox/summary")["duplicates"] == 3


def test_card_and_post_show_what_they_say(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    post = {
        "zh_cn": {
            "title": "公告",
            "content": [[{"tag": "text", "text": "第一行"}, {"tag": "a", "text": "链接", "href": "https://a.example"}]],
        }
    }
    send(app, people[0], msg_type="post", content=json.dumps(post))
    send(app, people[0], msg_type="interactive", content=json.dumps(CARD))
    shown = [(message["kind"], message["title"], message["text"], message["url"]) for message in inbox(app, people[0])]
    assert shown == [("interactive", "通知", "**请确认**", ""), ("post", "公告", "第一行链接", "https://a.example")]


def test_receive_id_type_belongs_into_the_query(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    answer = app.raw(SEND, method="POST", json=body(people[0], receive_id_type="open_id"))
    assert (answer.status_code, answer.json()["code"]) == (400, 99992402)
    assert answer.json()["error"]["field_violations"][0]["field"] == "receive_id_type"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"receive_id": "ou_unknown"}, 99992351),
        ({"msg_type": "poem"}, 99992402),
        ({"msg_type": "image", "content": "{}"}, 230001),
        ({"content": {"text": "an object"}}, 230001),
        ({"content": "no json"}, 230001),
        ({"content": json.dumps({"text": ""})}, 230001),
        ({"content": json.dumps({"text": "字" * 60_000}, ensure_ascii=False)}, 230025),
        ({"msg_type": "post", "content": json.dumps({"post": {}})}, 230001),
        ({"msg_type": "interactive", "content": json.dumps({"header": {}})}, 230099),
        ({"msg_type": "interactive", "content": json.dumps({"elements": ["x" * 31_000]})}, 230025),
        ({"uuid": "x" * 51}, 99992402),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_message_is_refused(app: FeishuApp, people: list[dict[str, Any]], changes: dict[str, Any], code: int) -> None:
    assert refusal(app, body(people[0], **changes)) == (400, code)


def test_availability_is_not_the_range(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    app.settings(visible_departments=[], available_departments=[], available_users=[people[1]["id"]])
    send(app, people[1])
    assert refusal(app, body(people[0])) == (400, 230013)
    app.settings(available_departments=[people[0]["department_ids"][0]])
    send(app, people[0])


def test_leaver_receives_nothing(app: FeishuApp) -> None:
    before = {one["id"]: one for one in app.truth()["users"]}
    left = before[app.control("POST", "evolve", {"left": 1})["left"][0]]
    assert refusal(app, body(left)) == (400, 230013)
    assert refusal(app, body(left, receive_id="x"), "union_id") == (400, 230034)


def test_same_uuid_is_sent_once_an_hour(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    first = send(app, people[0], uuid="run-1")
    assert send(app, people[0], uuid="run-1", content=json.dumps({"text": "anything"})) == first
    assert len(inbox(app, people[0])) == 1
    later(app.control, 3601)
    assert send(app, people[0], uuid="run-1")["message_id"] != first["message_id"]


def test_five_a_second_to_one_person(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    app.settings(messages_per_user_per_second=2)
    codes = [app.raw(SEND, method="POST", json=body(people[0]), receive_id_type="open_id").json()["code"] for _ in range(12)]
    assert codes[:2] == [0, 0]
    assert 230020 in codes
    send(app, people[1])


def test_recall_has_a_window_and_happens_once(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    first, second = (send(app, people[0], content=json.dumps({"text": text}))["message_id"] for text in "ab")
    assert app.data(f"{SEND}/{first}", method="DELETE") == {}
    assert [message["recalled"] for message in inbox(app, people[0])] == [False, True]
    assert app.refusal(f"{SEND}/{first}", method="DELETE") == (400, 230110)
    assert app.refusal(f"{SEND}/om_unknown", method="DELETE") == (400, 230030)
    later(app.control, 86_401)
    assert app.refusal(f"{SEND}/{second}", method="DELETE") == (400, 230009)


def test_readers_are_told_for_a_week(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    message_id = send(app, people[0])["message_id"]
    readers = f"{SEND}/{message_id}/read_users"
    assert app.data(readers, user_id_type="user_id")["items"] == []
    app.control("POST", "inbox/read", {"user": people[0]["id"], "platform_id": message_id})
    assert [row["user_id"] for row in app.data(readers, user_id_type="user_id")["items"]] == [people[0]["id"]]
    later(app.control, 8 * 86_400)
    assert app.refusal(readers) == (400, 230033)


def test_scopes_open_the_calls(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    sent = batch(app, open_ids=[people[0]["open_id"]])["message_id"]
    app.settings(permissions=["im:message"])
    single = send(app, people[0])["message_id"]
    assert app.refusal(f"im/v1/batch_messages/{sent}", method="DELETE") == (400, 99991672)
    assert app.refusal(f"im/v1/batch_messages/{sent}/get_progress") == (400, 99991672)
    app.settings(permissions=["im:message:send_as_bot"])
    assert app.refusal(f"{SEND}/{single}/read_users") == (400, 99991672)
    app.data(f"{SEND}/{single}", method="DELETE")
    app.settings(permissions=["im:message"])
    answer = app.raw(BATCH, method="POST", json={"open_ids": [people[0]["open_id"]], "department_ids": ["od-x"]}).json()
    missing = [row["subject"] for row in answer["error"]["permission_violations"]]
    assert (answer["code"], missing) == (99991672, ["im:message:send_multi_depts", "im:message:send_multi_users"])
    app.settings(permissions=["contact:contact.base:readonly"])
    assert refusal(app, body(people[0])) == (400, 99991672)
    assert app.refusal("task/v2/tasks", method="POST", json={}) == (400, 99991672)


def test_batch_serves_the_valid_and_names_the_others(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    truth = app.truth()
    department = next(row for row in truth["departments"] if row["parent_id"] == "0" and row["source_identifier"])
    sent = batch(
        app, open_ids=[people[0]["open_id"], "ou_x"], user_ids=[people[0]["id"]], union_ids=["on_x"],
        department_ids=[department["source_identifier"], "od-x"],
    )  # fmt: skip
    assert sent.pop("message_id").startswith("bm-")
    assert sent == {
        "invalid_open_ids": ["ou_x"], "invalid_user_ids": [], "invalid_union_ids": ["on_x"], "invalid_department_ids": ["od-x"],
    }  # fmt: skip
    assert len(inbox(app, people[0])) == 1
    assert app.control("GET", "outbox")["sent"][0]["recipients"] >= 1


def test_progress_begins_with_nothing_and_counts_the_unavailable_as_valid(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    app.settings(available_departments=[], available_users=[people[0]["id"]])
    message_id = batch(app, user_ids=[people[0]["id"], people[1]["id"]])["message_id"]
    path = f"im/v1/batch_messages/{message_id}"
    progress = [app.data(f"{path}/get_progress")["batch_message_send_progress"] for _ in range(2)]
    assert [(one["valid_user_ids_count"], one["success_user_ids_count"]) for one in progress] == [(0, 0), (2, 1)]
    app.control("POST", "inbox/read", {"user": people[0]["id"], "platform_id": message_id})
    assert app.data(f"{path}/read_user")["read_user"] == {"read_count": "1", "total_count": "1"}
    answer = app.raw(path, method="DELETE").json()
    assert (answer["code"], answer["msg"]) == (0, "ok")
    assert app.data(f"{path}/get_progress")["batch_message_recall_progress"] == {"recall": True, "recall_count": 1}
    assert inbox(app, people[0])[0]["recalled"]
    later(app.control, 86_401)
    assert app.refusal(path, method="DELETE") == (400, 230009)
    assert app.refusal("im/v1/batch_messages/bm-x", method="DELETE") == (400, 230030)
    assert app.refusal(f"{SEND}/{message_id}", method="DELETE") == (400, 230026)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"open_ids": ["x"] * 201},
        {"department_ids": ["0"]},
        {"open_ids": ["x"], "content": "a text"},
        {"open_ids": ["x"], "msg_type": "post", "content": {"zh_cn": {}}},
        {"open_ids": ["x"], "msg_type": "interactive", "content": CARD},
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_batch_is_refused_with_status_200(app: FeishuApp, given: dict[str, Any]) -> None:
    assert app.refusal(BATCH, method="POST", json={"msg_type": "text", "content": {"text": "x"}} | given) == (200, 10003)


def test_batch_receivers_of_a_day_and_missing_bot(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    app.settings(batch_receivers_per_day=1)
    two = {"msg_type": "interactive", "card": CARD, "user_ids": [people[0]["id"], people[1]["id"]]}
    assert app.refusal(BATCH, method="POST", json=two) == (200, 11247)
    app.settings(bot_enabled=False)
    assert app.refusal(BATCH, method="POST", json=two) == (200, 11205)
    assert refusal(app, body(people[0])) == (400, 230006)


def test_lost_answer_and_other_faults(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    _ = app.token
    app.fault("lost_answer", "messages", calls=[1])
    app.fault("forbidden_department", "messages", calls=[2])
    with pytest.raises(requests.ConnectionError):
        send(app, people[0], uuid="run-1")
    assert refusal(app, body(people[0])) == (400, 230013)
    assert inbox(app, people[0])[0]["platform_id"] == send(app, people[0], uuid="run-1")["message_id"]
    app.fault("throttle", BATCH)
    assert app.refusal(BATCH, method="POST", json={}) == (400, 99991400)
    app.fault("busy", "task/v2/tasks")
    assert app.refusal("task/v2/tasks", method="POST", json={}) == (500, 1470500)
