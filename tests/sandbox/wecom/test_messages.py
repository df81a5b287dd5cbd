from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.clock import later, to_noon
from tests.sandbox.conftest import PEOPLE, SEED
from tests.sandbox.wecom.app import WeComApp

AGENT = 1000002
TEXT = {"msgtype": "text", "text": {"content": "部门调整通知"}}
NOBODY = {"invaliduser": "", "invalidparty": "", "invalidtag": "", "unlicenseduser": ""}


@pytest.fixture
def app(app: WeComApp) -> WeComApp:
    """With an empty mailbox."""
    app.control("POST", "organization", {"people": PEOPLE, "seed": SEED})
    to_noon(app.control)
    return app


@pytest.fixture
def ids(truth: dict[str, Any]) -> list[str]:
    return [user["id"] for user in truth["users"]]


def send(app: WeComApp, **body: Any) -> dict[str, Any]:
    return app.call("message/send", body={"agentid": AGENT} | TEXT | body)


def code(app: WeComApp, **body: Any) -> int:
    return app.code("message/send", body={"agentid": AGENT, "touser": "x"} | TEXT | body)


def inbox(app: WeComApp, user_id: str) -> list[dict[str, Any]]:
    return app.control("GET", f"inbox?user={user_id}")["messages"]


def test_message_reaches_the_named_people(app: WeComApp, ids: list[str]) -> None:
    answer = send(app, touser="|".join(ids[:2]))
    msgid = answer.pop("msgid")
    assert answer == NOBODY
    assert [message["platform_id"] for message in inbox(app, ids[1])] == [msgid]
    assert inbox(app, ids[2]) == []


def test_partial_failure_is_success_and_lower_case(app: WeComApp, ids: list[str]) -> None:
    answer = send(app, touser=f"{ids[0].upper()}|NoBody", toparty="404", totag="9|77")
    assert (answer["invaliduser"], answer["invalidparty"], answer["invalidtag"]) == ("nobody", "404", "77")
    assert len(inbox(app, ids[0])) == 1


def test_all_invalid_is_refused_with_the_lists(app: WeComApp, ids: list[str]) -> None:
    app.settings(visible_departments=[], visible_users=ids[:1])
    answer = app.raw("message/send", body={"agentid": AGENT, "touser": ids[1], "toparty": "1"} | TEXT).json()
    assert (answer["errcode"], answer["invaliduser"], answer["invalidparty"]) == (81013, ids[1].lower(), "1")
    assert app.control("GET", "inbox/summary")["messages"] == 0


def test_everyone_is_the_visible_range(app: WeComApp, ids: list[str]) -> None:
    send(app, touser="@all")
    app.settings(visible_departments=[], visible_users=ids[:2])
    send(app, touser="@all", toparty="404")
    sent = app.control("GET", "outbox")["sent"]
    assert [(one["recipients"], one["to_all"]) for one in sent] == [(2, True), (PEOPLE, True)]


def test_department_brings_those_below(app: WeComApp) -> None:
    send(app, toparty="1", totag="2")
    assert app.control("GET", "inbox/summary")["recipients"] == PEOPLE


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"agentid": 1}, 301002),
        ({"agentid": None}, 41011),
        ({"agentid": "mine"}, 40056),
        ({"touser": ""}, 82001),
        ({"touser": "|".join(["x"] * 1001)}, 40032),
        ({"toparty": "|".join(["1"] * 101)}, 82002),
        ({"totag": "|".join(["1"] * 101)}, 82003),
        ({"msgtype": "poem"}, 40008),
        ({"msgtype": "image", "image": {"media_id": "x"}}, 40007),
        ({"text": {"content": ""}}, 44004),
        ({"msgtype": "textcard", "textcard": {"description": "x", "url": "https://a.example"}}, 41016),
        ({"msgtype": "textcard", "textcard": {"title": "x", "description": "x", "url": "a.example"}}, 40058),
        ({"msgtype": "news", "news": {"articles": [{"title": "x"}] * 9}}, 45008),
        ({"msgtype": "template_card", "template_card": {"card_type": "poem"}}, 40058),
        ({"enable_duplicate_check": 1, "duplicate_check_interval": 14_401}, 40058),
    ],
    ids=str,
)
def test_bad_send_is_refused(app: WeComApp, body: dict[str, Any], expected: int) -> None:
    assert code(app, **body) == expected


def test_contact_secret_does_not_send(app: WeComApp) -> None:
    assert app.code("message/send", token=app.contact_token, body={}) == 48002


def test_list_of_ids_is_dropped_with_a_warning(app: WeComApp, ids: list[str]) -> None:
    answer = app.raw("message/send", body={"agentid": AGENT, "touser": ids[:1], "toparty": "1"} | TEXT).json()
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok. Warning: wrong json format. ")


def test_long_text_is_cut_or_refused(app: WeComApp, ids: list[str]) -> None:
    send(app, touser=ids[0], text={"content": "字" * 700})
    assert inbox(app, ids[0])[0]["text"] == "字" * 682
    app.settings(long_text="refuse")
    assert code(app, text={"content": "字" * 700}) == 45002


def test_long_parts_of_a_card_are_cut_by_characters(app: WeComApp, ids: list[str]) -> None:
    card = {"title": "题" * 129, "description": "文" * 513, "url": "https://a.example/1"}
    send(app, touser=ids[0], msgtype="textcard", textcard=card)
    (message, *_) = inbox(app, ids[0])
    assert (message["title"], message["text"]) == ("题" * 128, "文" * 512)
    app.settings(long_text="refuse")
    assert code(app, msgtype="textcard", textcard=card) == 45002
    fitting = card | {"title": "题" * 128, "description": "文" * 512}
    assert code(app, touser=ids[0], msgtype="textcard", textcard=fitting) == 0


def test_cards_show_title_text_and_url(app: WeComApp, ids: list[str]) -> None:
    card = {"title": "待办", "description": "请确认", "url": "https://a.example/1", "btntxt": "查看"}
    send(app, touser=ids[0], msgtype="textcard", textcard=card)
    notice = {
        "card_type": "text_notice",
        "main_title": {"title": "通知", "desc": "说明"},
        "card_action": {"type": 1, "url": "https://a.example/2"},
    }
    assert "response_code" not in send(app, touser=ids[0], msgtype="template_card", template_card=notice)
    vote = {"card_type": "vote_interaction", "main_title": {"title": "投票"}}
    assert send(app, touser=ids[0], msgtype="template_card", template_card=vote)["response_code"]
    shown = [(message["title"], message["text"], message["url"]) for message in inbox(app, ids[0])]
    assert shown == [("投票", "", ""), ("通知", "说明", "https://a.example/2"), ("待办", "请确认", "https://a.example/1")]


def test_identical_request_is_dropped_inside_the_interval_only_when_asked(app: WeComApp, ids: list[str]) -> None:
    asked = {"touser": ids[0], "enable_duplicate_check": 1, "duplicate_check_interval": 600}
    first = send(app, **asked)
    assert send(app, **asked) == first
    assert len(inbox(app, ids[0])) == 1
    later(app.control, 601)
    assert send(app, **asked)["msgid"] != first["msgid"]
    send(app, touser=ids[0])
    send(app, touser=ids[0])
    assert len(inbox(app, ids[0])) == 4
    assert app.control("GET", "inbox/summary")["duplicates"] == 3


def test_too_many_for_a_member_vanish_without_a_word(app: WeComApp, ids: list[str]) -> None:
    app.settings(messages_per_member_per_minute=2, messages_per_member_per_hour=3)
    for number in range(3):
        assert send(app, touser="|".join(ids[: 1 + number // 2]), text={"content": str(number)})["invaliduser"] == ""
    assert (len(inbox(app, ids[0])), len(inbox(app, ids[1]))) == (2, 1)
    later(app.control, 60)
    for text in "ab":
        send(app, touser=ids[0], text={"content": text})
    assert [one["dropped"] for one in app.control("GET", "outbox?recent=2")["sent"]] == [{ids[0]: "too many in an hour"}, {}]


def test_what_a_member_may_get_is_counted_over_any_minute(app: WeComApp, ids: list[str]) -> None:
    app.settings(messages_per_member_per_minute=2)

    def received(seconds: float) -> int:
        later(app.control, seconds)
        before = len(inbox(app, ids[0]))
        send(app, touser=ids[0], text={"content": f"after {seconds} more"})
        return len(inbox(app, ids[0])) - before

    assert [received(seconds) for seconds in (0, 40, 15, 10, 1, 40)] == [1, 1, 0, 1, 0, 1]


def test_minutes_that_do_not_slide_begin_at_the_platforms_second(app: WeComApp, ids: list[str]) -> None:
    app.settings(messages_per_member_per_minute=1, limits_slide=False, limits_offset_seconds=30)
    for seconds in (0, 10, 20):  # its second 40, 50, 10
        later(app.control, seconds)
        send(app, touser=ids[0], text={"content": f"after {seconds} more"})
    assert [message["text"] for message in inbox(app, ids[0])] == ["after 20 more", "after 0 more"]


def test_recipients_of_a_day_end_with_the_accounts(app: WeComApp, ids: list[str]) -> None:
    app.settings(account_cap=1)
    assert code(app, touser="|".join(ids[:201])) == 45009
    send(app, touser="|".join(ids[:200]))
    assert code(app, touser=ids[0]) == 45009
    later(app.control, 86_400)
    send(app, touser=ids[0])


def test_recall_is_for_everybody_within_a_day_and_by_the_same_app(app: WeComApp, ids: list[str]) -> None:
    msgid = send(app, touser="|".join(ids[:2]))["msgid"]
    assert app.code("message/recall", body={"msgid": "x"}) == 40058
    assert app.call("message/recall", body={"msgid": msgid}) == {}
    assert app.call("message/recall", body={"msgid": msgid}) == {}
    assert [message["recalled"] for user in ids[:2] for message in inbox(app, user)] == [True, True]
    later(app.control, 86_401)
    assert app.code("message/recall", body={"msgid": msgid}) == 42052
    app.settings(agent_id=1000003)
    assert app.code("message/recall", body={"msgid": msgid}) == 40058


def test_statistics_count_who_received(app: WeComApp, ids: list[str]) -> None:
    send(app, touser="|".join(ids[:3]))
    today = app.call("message/get_statistics", body={"time_type": 0})["statistics"]
    assert today == [{"agentid": AGENT, "app_name": "组织同步", "count": 3}]
    later(app.control, 86_400)
    assert app.call("message/get_statistics", body={"time_type": 1})["statistics"][0]["count"] == 3


def test_messages_are_not_counted_by_the_minute(app: WeComApp, ids: list[str]) -> None:
    app.settings(calls_per_minute=1)
    for number in range(3):
        send(app, touser=ids[0], text={"content": str(number)})


def test_lost_answer_and_other_faults(app: WeComApp, ids: list[str]) -> None:
    _ = app.token
    app.fault("throttle", interface="messages", calls=[1])
    app.fault("lost_answer", interface="messages", calls=[2])
    assert code(app, touser=ids[0]) == 45009
    assert inbox(app, ids[0]) == []
    with pytest.raises(requests.ConnectionError):
        send(app, touser=ids[0])
    assert len(inbox(app, ids[0])) == 1
