from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.sandbox.app import App
from tests.sandbox.clock import later, to_noon
from tests.sandbox.conftest import LINKED, PEOPLE, SEED

AGENT = 3_000_000_001
SEND = "message/corpconversation/asyncsend_v2"
TEXT = {"msgtype": "text", "text": {"content": "部门调整通知"}}
CARD = {
    "msgtype": "action_card",
    "action_card": {"title": "标题", "markdown": "**内容**", "single_title": "查看", "single_url": "https://a.example/"},
}


@pytest.fixture
def app(app: App) -> App:
    """With an empty mailbox."""
    app.control("POST", "organization", {"people": PEOPLE, "seed": SEED, "linked": LINKED})
    to_noon(app.control)
    return app


@pytest.fixture
def ids(app: App) -> list[str]:
    return [user["id"] for user in app.truth()["users"]]


def send(app: App, msg: dict[str, Any] = TEXT, **options: Any) -> int:
    answer = app.call(SEND, agent_id=AGENT, msg=msg, **options)
    assert answer.keys() == {"errcode", "errmsg", "task_id", "request_id"}, answer
    return answer["task_id"]


def result(app: App, task_id: int) -> dict[str, Any]:
    return app.call("message/corpconversation/getsendresult", agent_id=AGENT, task_id=task_id)["send_result"]


def inbox(app: App, user_id: str) -> list[dict[str, Any]]:
    return app.control("GET", f"inbox?user={user_id}")["messages"]


def test_message_reaches_the_named_people_and_no_others(app: App, ids: list[str]) -> None:
    task_id = send(app, userid_list=",".join(ids[:2]))
    assert task_id > 2**52
    (message,) = inbox(app, ids[0])
    assert (message["platform_id"], message["text"], message["kind"]) == (str(task_id), "部门调整通知", "text")
    assert message["interface"] == f"topapi/{SEND}"
    assert inbox(app, ids[2]) == []
    assert result(app, task_id)["unread_user_id_list"] == ids[:2]


def test_form_carries_the_message_as_json(app: App, ids: list[str]) -> None:
    form = {"agent_id": AGENT, "userid_list": ids[0], "msg": json.dumps(CARD)}
    answer = requests.post(f"{app.url}/topapi/{SEND}", data=form, params={"access_token": app.token}, timeout=10).json()
    assert answer["errcode"] == 0
    assert inbox(app, ids[0])[0]["url"] == "https://a.example/"


def test_department_brings_those_below_and_school_is_no_department(app: App) -> None:
    truth = app.truth()
    top = next(row for row in truth["departments"] if row["parent_id"] == 1 and row["kind"] == "company")
    below = {top["id"]}
    for row in truth["departments"]:
        below |= {row["id"]} if row["parent_id"] in below else set()
    expected = {user["id"] for user in truth["users"] if below & set(user["department_ids"])}
    task_id = send(app, dept_id_list=f"{top['id']},-7,404")
    assert result(app, task_id)["invalid_dept_id_list"] == [-7, 404]
    assert {user["id"] for user in truth["users"] if inbox(app, user["id"])} == expected


def test_unknown_people_and_those_out_of_range_are_invalid(app: App, ids: list[str]) -> None:
    app.settings(visible_departments=[], visible_users=ids[:1])
    task_id = send(app, userid_list=f"{ids[0]},nobody,{ids[1]}")
    sent = result(app, task_id)
    assert (sent["invalid_user_id_list"], sent["unread_user_id_list"]) == (["nobody", ids[1]], ids[:1])
    send(app, to_all_user=True, msg=CARD)
    assert app.control("GET", "outbox")["sent"][0]["recipients"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"agent_id": 1}, 40056),
        ({"agent_id": None}, 40035),
        ({"userid_list": None}, 40035),
        ({"userid_list": ",".join(f"u{number}" for number in range(101))}, 40035),
        ({"dept_id_list": ",".join(map(str, range(21)))}, 40035),
        ({"dept_id_list": "one"}, 40035),
        ({"msg": None}, 40035),
        ({"msg": {"msgtype": "text", "text": {"content": "字" * 700}}}, 40035),
        ({"msg": {"msgtype": "poem", "poem": {}}}, 40035),
        ({"msg": {"msgtype": "markdown", "markdown": {"title": "only"}}}, 40035),
        ({"msg": {"msgtype": "action_card", "action_card": {"markdown": "x", "single_title": "y"}}}, 40035),
    ],
    ids=str,
)
def test_bad_send_is_refused_and_nobody_receives_it(app: App, body: dict[str, Any], code: int) -> None:
    assert app.code(SEND, **({"agent_id": AGENT, "userid_list": "x", "msg": TEXT} | body)) == code
    assert app.control("GET", "inbox/summary")["messages"] == 0


def test_same_content_on_the_same_day_is_dropped_without_a_word(app: App, ids: list[str]) -> None:
    send(app, userid_list=ids[0])
    second = send(app, userid_list=",".join(ids[:2]))
    sent = result(app, second)
    assert sent["forbidden_list"] == [{"code": "143106", "count": 1, "userid": ids[0]}]
    assert (sent["forbidden_user_id_list"], sent["unread_user_id_list"]) == (ids[:1], ids[1:2])
    assert len(inbox(app, ids[0])) == 1
    later(app.control, 86_400)
    third = send(app, userid_list=ids[0])
    assert result(app, third)["forbidden_list"] == []
    assert app.control("GET", "inbox/summary")["duplicates"] == 1


def test_too_many_in_a_day_and_in_a_minute_are_dropped(app: App, ids: list[str]) -> None:
    app.settings(messages_per_user_per_day=1, receivers_per_minute=3)
    send(app, userid_list=ids[0])
    task_id = send(app, CARD, userid_list=",".join(ids[:4]))
    codes = {row["userid"]: row["code"] for row in result(app, task_id)["forbidden_list"]}
    assert codes == {ids[0]: "143105", ids[3]: "143103"}


def test_receivers_are_counted_over_any_minute(app: App, ids: list[str]) -> None:
    app.settings(receivers_per_minute=3)
    dropped = []
    for seconds, people in ((0, 2), (40, 2), (19, 1), (2, 2), (41, 2)):
        later(app.control, seconds)
        task_id = send(app, {"msgtype": "text", "text": {"content": f"after {seconds}"}}, userid_list=",".join(ids[:people]))
        dropped.append([row["code"] for row in result(app, task_id)["forbidden_list"]])
    assert dropped == [[], ["143103"], ["143103"], [], ["143103"]]


def test_days_begin_by_the_clock_that_counts(app: App, ids: list[str]) -> None:
    app.settings(messages_per_user_per_day=1, limits_offset_seconds=-120)
    send(app, userid_list=ids[0])
    later(app.control, 43_200)  # noon and ten seconds before, so a little after midnight
    assert [row["code"] for row in result(app, send(app, CARD, userid_list=ids[0]))["forbidden_list"]] == ["143105"]
    later(app.control, 180)
    assert result(app, send(app, CARD, userid_list=ids[0]))["forbidden_list"] == []


def test_departments_with_too_many_people_are_refused(app: App) -> None:
    app.settings(receivers_per_send=50)
    assert app.code(SEND, agent_id=AGENT, msg=TEXT, dept_id_list="1") == 41029


def test_whole_company_three_times_a_day(app: App, ids: list[str]) -> None:
    for number in range(3):
        send(app, {"msgtype": "text", "text": {"content": f"公告 {number}"}}, to_all_user=True)
    assert app.code(SEND, agent_id=AGENT, msg=TEXT, to_all_user=True) == 41045
    assert app.control("GET", "outbox?recent=1")["sent"][0]["recipients"] == PEOPLE
    assert [message["to_all"] for message in inbox(app, ids[-1])] == [True] * 3
    later(app.control, 86_400)
    send(app, to_all_user=True)


def test_progress_runs_and_results_come_when_it_is_done(app: App, ids: list[str]) -> None:
    app.settings(send_seconds=1000)
    task_id = send(app, userid_list=ids[0])

    def progress(seconds: int) -> tuple[int, int]:
        later(app.control, seconds)
        found = app.call("message/corpconversation/getsendprogress", agent_id=AGENT, task_id=task_id)["progress"]
        return found["status"], found["progress_in_percent"] // 10

    assert progress(0) == (0, 0)
    assert progress(505) == (1, 5)
    assert result(app, task_id)["unread_user_id_list"] == []
    assert progress(500) == (2, 10)
    assert result(app, task_id)["unread_user_id_list"] == ids[:1]


def test_results_tell_who_read_and_end_after_a_day(app: App, ids: list[str]) -> None:
    task_id = send(app, userid_list=",".join(ids[:2]))
    app.control("POST", "inbox/read", {"user": ids[1], "platform_id": str(task_id)})
    assert result(app, task_id)["read_user_id_list"] == [ids[1]]
    later(app.control, 25 * 3600)
    assert app.code("message/corpconversation/getsendresult", agent_id=AGENT, task_id=task_id) == 400002


def test_result_of_more_than_a_hundred_receivers_is_not_to_be_had(app: App) -> None:
    task_id = send(app, dept_id_list="1")
    assert app.code("message/corpconversation/getsendresult", agent_id=AGENT, task_id=task_id) == -1


def test_recall_is_for_everybody_and_within_a_day(app: App, ids: list[str]) -> None:
    task_id = send(app, userid_list=",".join(ids[:2]))
    recall = "message/corpconversation/recall"
    assert app.code(recall, agent_id=AGENT, task_id=task_id) == 40035
    assert app.code(recall, agent_id=AGENT, msg_task_id=1) == 400002
    assert app.call(recall, agent_id=AGENT, msg_task_id=task_id).keys() == {"errcode", "errmsg", "request_id"}
    assert [message["recalled"] for user in ids[:2] for message in inbox(app, user)] == [True, True]
    later(app.control, 25 * 3600)
    assert app.code(recall, agent_id=AGENT, msg_task_id=task_id) == 400002


def test_billed_calls_end_with_the_month(app: App, ids: list[str]) -> None:
    app.settings(billable_calls_per_month=2)
    send(app, userid_list=ids[0])
    app.code(SEND, agent_id=1)
    answer = app.call(SEND, agent_id=AGENT, msg=CARD, userid_list=ids[0])
    assert (answer["errcode"], answer["sub_code"]) == (88, "90020")
    assert app.control("GET", "calls")["billable_calls_this_month"] == 2
    assert app.result("user/count", only_active=False)["count"] == PEOPLE
    later(app.control, 31 * 86_400)
    send(app, CARD, userid_list=ids[0])


def test_lost_answer_leaves_the_message_delivered(app: App, ids: list[str]) -> None:
    _ = app.token
    app.fault("lost_answer", interface="messages", times=1)
    with pytest.raises(requests.ConnectionError):
        send(app, userid_list=ids[0])
    assert len(inbox(app, ids[0])) == 1
    assert app.control("GET", "calls")["refusals"] == {"lost_answer": 1}
    send(app, userid_list=ids[0])  # the same again: dropped, as it was there today
    assert app.control("GET", "inbox/summary")["duplicates"] == 0


@pytest.mark.parametrize(("kind", "code"), [("throttle", 88), ("busy", -1), ("forbidden_department", 50004), ("expired_token", 88)])
def test_faults_strike_before_anything_is_sent(app: App, kind: str, code: int) -> None:
    _ = app.token
    app.fault(kind, interface="messages", times=1)
    assert app.call(SEND, agent_id=AGENT, msg=TEXT, userid_list="x")["errcode"] == code
    assert app.control("GET", "inbox/summary")["messages"] == 0
