from __future__ import annotations

import time
from html.parser import HTMLParser
from typing import Any

import pytest
import requests

from sandbox.testing import ControlCallError
from tests.sandbox.app import App
from tests.sandbox.clock import later, to_noon
from tests.sandbox.conftest import LINKED, PEOPLE, SEED

AGENT = 3_000_000_001
SEND = "message/corpconversation/asyncsend_v2"
NASTY = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


@pytest.fixture
def app(app: App) -> App:
    """With an empty mailbox."""
    app.control("POST", "organization", {"people": PEOPLE, "seed": SEED, "linked": LINKED})
    to_noon(app.control)
    return app


@pytest.fixture
def ids(app: App) -> list[str]:
    return [user["id"] for user in app.truth()["users"]]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def send(app: App, text: str, **options: Any) -> str:
    answer = app.call(SEND, agent_id=AGENT, msg={"msgtype": "text", "text": {"content": text}}, **options)
    assert answer["errcode"] == 0, answer
    return str(answer["task_id"])


def page(app: App, **query: str) -> requests.Response:
    return app.session.get(f"{app.url}/inbox", params=query, timeout=10)


def test_inbox_has_the_newest_first(app: App, ids: list[str]) -> None:
    send(app, "一", userid_list=ids[0])
    send(app, "二", userid_list=ids[0])
    found = app.control("GET", f"inbox?user={ids[0]}")
    assert ([message["text"] for message in found["messages"]], found["unread"]) == (["二", "一"], 2)
    assert [one["recipients"] for one in app.control("GET", "outbox")["sent"]] == [1, 1]


def test_summary_counts_duplicates_by_person_and_content(app: App, ids: list[str]) -> None:
    app.settings(send_to_all_per_day=0)
    send(app, "同一内容", userid_list=ids[0])
    later(app.control, 86_400)
    send(app, "同一内容", userid_list=",".join(ids[:3]))
    summary = app.control("GET", "inbox/summary")
    assert [summary[name] for name in ("messages", "recipients", "people", "duplicates")] == [2, 4, 3, 1]


def test_reading_is_for_who_received_it(app: App, ids: list[str]) -> None:
    task_id = send(app, "一", userid_list=ids[0])
    first = app.control("POST", "inbox/read", {"user": ids[0], "platform_id": task_id})
    assert app.control("POST", "inbox/read", {"user": ids[0], "platform_id": task_id}) == first
    assert app.control("GET", f"inbox?user={ids[0]}")["unread"] == 0
    for bad in ({"user": ids[1], "platform_id": task_id}, {"user": "nobody", "platform_id": task_id}, {"user": ids[0], "platform_id": "1"}):
        with pytest.raises(ControlCallError) as refusal:
            app.control("POST", "inbox/read", bad)
        assert refusal.value.status == 404


def test_new_organization_has_an_empty_mailbox_and_the_real_time(app: App, ids: list[str]) -> None:
    send(app, "一", userid_list=ids[0])
    later(app.control, 500)
    assert app.control("GET", "clock")["now"] - time.time() > 400
    app.control("POST", "organization", {"people": 50})
    assert app.control("GET", "inbox/summary")["messages"] == app.control("GET", "clock")["offset_seconds"] == 0


def test_evolution_keeps_what_was_received(app: App) -> None:
    people = {user["id"]: user for user in app.truth()["users"]}
    send(app, "一", to_all_user=True)
    left = app.control("POST", "evolve", {"left": 1})["left"][0]
    assert left in people
    assert len(app.control("GET", f"inbox?user={left}")["messages"]) == 1
    inboxes = {each["user"]: each for each in app.control("GET", "inboxes")["inboxes"]}
    assert inboxes[left] == app.control("GET", f"inbox?user={left}")
    assert {user for user, inbox in inboxes.items() if inbox["messages"]} == set(people)


def test_page_shows_person_search_and_company(app: App, ids: list[str]) -> None:
    user = app.truth()["users"][0]
    send(app, "部门调整通知", userid_list=user["id"])
    send(app, "全员公告", to_all_user=True)
    answer = page(app, platform="dingtalk", user=user["id"])
    assert (answer.status_code, answer.headers["content-type"].lower()) == (200, "text/html;charset=utf-8")
    assert all(word in answer.text for word in ("部门调整通知", "全员公告", user["name"]))
    company = page(app).text
    assert "全员公告" in company
    assert "部门调整通知" not in company
    assert user["id"] in page(app, q=user["id"].upper()).text
    assert "Nobody is called that." in page(app, q="no such person").text
    assert page(app, platform="nowhere", user="nobody").status_code == 200


def test_page_escapes_everything_and_loads_nothing(app: App, ids: list[str]) -> None:
    card = {"title": NASTY, "markdown": f'{NASTY}\n[x](javascript:alert(3)) [y](https://a.example/"onclick=)', "single_title": "go"}
    for url in ("javascript:alert(4)", f"https://a.example/{NASTY}"):
        message = {"msgtype": "action_card", "action_card": card | {"single_url": url}}
        assert app.call(SEND, agent_id=AGENT, msg=message, userid_list=ids[0])["errcode"] == 0
    send(app, NASTY, to_all_user=True)
    plain = Tags()
    plain.feed(page(app, user=ids[1], q="a").text)
    for query in ({"user": ids[0]}, {"q": NASTY}, {"platform": NASTY, "user": NASTY}, {}):
        answer = page(app, **query)
        found = Tags()
        found.feed(answer.text)
        assert found.tags.count("script") == plain.tags.count("script") == 1
        assert "img" not in found.tags
        assert not [name for name, _ in found.attributes if name.startswith("on") or name == "src"]
        assert not [value for name, value in found.attributes if name == "href" and str(value).startswith("javascript")]
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_page_takes_only_reading(app: App) -> None:
    assert requests.post(f"{app.url}/inbox", timeout=10).status_code == 405


def test_a_hundred_thousand_recipients_in_one_call_are_quick(app: App) -> None:
    app.control("POST", "organization", {"people": 100_000, "seed": 3, "departments": 40, "school": False})
    _ = app.token
    started = time.monotonic()
    send(app, "全员公告", to_all_user=True)
    taken = time.monotonic() - started
    assert app.control("GET", "inbox/summary")["recipients"] == 100_000
    assert page(app).status_code == 200
    assert taken < 5
