from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest

from orgsync.errors import ConfigurationError, PermissionDeniedError, PlatformError, Refusal, RefusedError, UnreachableError
from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.sending.messages import Content, Delivery, Person, Recall, Receipt, Results
from orgsync.platforms.speaking.transport import Request, Response
from orgsync.platforms.wecom.messages import escape, find_problems, write_message
from orgsync.platforms.wecom.messenger import WeComMessenger
from tests.unit.platforms.wecom.fake import FakeWeCom, client_of, envelope, refusal

URL = "https://work.example.com/a?b=1"
DUE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SEND = "message/send"
RECALL = "message/recall"
TEXT = Content("text", "Title", "Body")
PEOPLE = (Person("ZhangSan"), Person("lisi"))


def messenger_of(*answers: Response | PlatformError, agent_id: str = "1000002", **options: Any) -> tuple[WeComMessenger, FakeWeCom]:
    """Answers one after another, the last one stays; an error is raised. Tokens come from the fake."""
    queue = list(answers)

    def answer(request: Request) -> Response | None:
        if request.interface == "gettoken":
            return None
        found = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(found, PlatformError):
            raise found
        return found

    platform = FakeWeCom(answer_instead=answer)
    return WeComMessenger(client_of(platform, agent_id=agent_id, **options)), platform


def body_of(platform: FakeWeCom) -> str:
    return encode(platform.requests[-1].body).decode()


BODIES = {
    "text": (Content("text", "Title", "a < b\nc", URL), '{"msgtype":"text","text":{"content":"Title\\na < b\\nc\\nURL"}}'),
    "text with a link in it": (
        Content("text", "<A href=x>Pay</a>", "<a\thref=x>y</a> <abbr> 1 < a"),
        r'{"msgtype":"text","text":{"content":"＜A href=x>Pay＜/a>\n＜a\thref=x>y＜/a> <abbr> 1 < a"}}',
    ),
    "markdown": (
        Content("markdown", "通\n知", '**bold** <font color="info">x</font>', "https://a/b(c)"),
        r'{"msgtype":"markdown","markdown":{"content":"### 通 知\n**bold** <font color=\"info\">x</font>\n[查看详情](https://a/b%28c%29)"}}',
    ),
    "card": (
        Content("card", "A & B", "1 < 2 & 3\n<div>x</div>", URL),
        (
            '{"msgtype":"textcard","textcard":{"title":"A & B","description":"1 &lt; 2 &amp; 3<br>&lt;div&gt;x&lt;/div&gt;","url":"URL",'
            '"btntxt":"详情"}}'
        ),
    ),
    "announcement": (
        Content("announcement", "公告", "", URL),
        '{"msgtype":"textcard","textcard":{"title":"公告","description":"公告","url":"URL","btntxt":"详情"}}',
    ),
    "announcement without URL": (Content("announcement", "公告", "正文"), '{"msgtype":"text","text":{"content":"公告\\n正文"}}'),
    "todo": (
        Content("todo", "审批", "请假", URL, DUE),
        (
            r'{"msgtype":"textcard","textcard":{"title":"审批",'
            r'"description":"<div class=\"gray\">2026-03-01 09:30 截止</div>请假","url":"URL",'
            '"btntxt":"详情"}}'
        ),
    ),
}


@pytest.mark.parametrize(("content", "body"), BODIES.values(), ids=BODIES.keys())
def test_body_of_each_kind(content: Content, body: str) -> None:
    assert encode(write_message(content)).decode() == body.replace("URL", URL)
    assert find_problems(content) == []


def test_quotes_are_no_html() -> None:
    assert escape("\"a\" 'b'") == "\"a\" 'b'"


PROBLEMS = {
    "text": (Content("text", "", "通" * 683), "is 1 bytes too long: 2049 of at most 2048"),
    "markdown": (Content("markdown", "", "x" * 2049), "is 1 bytes too long"),
    "nothing": (Content("text", ""), "it says nothing"),
    "no body": (Content("markdown", "t"), "a markdown needs a body"),
    "no URL": (Content("card", "t", "b"), "a card needs a URL"),
    "todo without URL": (Content("todo", "t"), "a todo needs a URL"),
    "scheme": (Content("card", "t", "b", "dingtalk://a"), "does not begin with http:// or https://"),
    "no title": (Content("card", "", "b", URL), "a card needs a title"),
    "title": (Content("card", "通" * 129, "b", URL), "its title is 1 characters too long: 129 of at most 128"),
    "escapes count": (Content("card", "t", "&" * 103, URL), "its text, as HTML, is 3 characters too long: 515 of at most 512"),
    "URL": (Content("card", "t", "b", "https://" + "通" * 681), "its URL is 3 bytes too long: 2051 of at most 2048"),
}


@pytest.mark.parametrize(("content", "said"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_problems_are_told_in_words(content: Content, said: str) -> None:
    assert said in " / ".join(find_problems(content))


@pytest.mark.parametrize("content", [Content("text", "", "x" * 2048), Content("card", "通" * 128, "通" * 512, URL)], ids=["text", "card"])
def test_content_of_exactly_the_most_passes(content: Content) -> None:
    assert find_problems(content) == []


DELIVERIES = {
    "people": (Delivery(TEXT, "k", people=PEOPLE), '"touser":"ZhangSan|lisi"'),
    "departments": (Delivery(TEXT, "k", department_ids=("1", "2")), '"toparty":"1|2"'),
    "both": (Delivery(TEXT, "k", people=PEOPLE[:1], department_ids=("2",)), '"touser":"ZhangSan","toparty":"2"'),
    "everybody": (Delivery(TEXT, "k", people=PEOPLE, to_all=True), '"touser":"@all"'),
}


@pytest.mark.parametrize(("delivery", "whom"), DELIVERIES.values(), ids=DELIVERIES.keys())
def test_message_is_sent_as_the_contract_says(delivery: Delivery, whom: str) -> None:
    messenger, platform = messenger_of(envelope(msgid="m1"))
    assert messenger.send(delivery) == Receipt("m1")
    assert body_of(platform) == (
        "{" + whom + ',"agentid":1000002,"msgtype":"text","text":{"content":"Title\\nBody"},"enable_duplicate_check":1,'
        '"duplicate_check_interval":14400}'
    )
    request = platform.requests[-1]
    assert (request.method, request.path, set(request.query)) == ("POST", "cgi-bin/message/send", {"access_token"})


def test_refused_people_are_found_whatever_their_case() -> None:
    messenger, _ = messenger_of(envelope(msgid="m1", invaliduser="zhangsan", unlicenseduser="LISI | ", invalidparty="7|8"))
    receipt = messenger.send(Delivery(TEXT, "k", people=PEOPLE, department_ids=("1", "7")))
    assert {name: reason[:12] for name, reason in receipt.refused.items()} == {"ZhangSan": "unknown, gon", "lisi": "without a li"}
    assert (receipt.platform_id, list(receipt.refused_departments)) == ("m1", ["7"])


def test_refused_people_whom_we_did_not_name_are_counted_not_named(caplog: pytest.LogCaptureFixture) -> None:
    messenger, _ = messenger_of(envelope(msgid="m1", invaliduser="stranger"))
    with caplog.at_level(logging.WARNING):
        assert messenger.send(Delivery(TEXT, "k", department_ids=("1",))).refused == {}
    assert ("1 people were refused" in caplog.text, "stranger" in caplog.text) == (True, False)


@pytest.mark.parametrize("lists", [{}, {"invaliduser": "zhangsan|lisi"}], ids=["without lists", "with lists"])
def test_all_refused_is_an_answer_about_each(lists: dict[str, str]) -> None:
    all_invalid = Response(200, "application/json", json.dumps({"errcode": 81013, "errmsg": "all invalid", **lists}).encode())
    messenger, platform = messenger_of(all_invalid)
    receipt = messenger.send(Delivery(TEXT, "k", people=PEOPLE, department_ids=("9",)))
    assert (receipt.platform_id, set(receipt.refused), set(receipt.refused_departments)) == ("", {"ZhangSan", "lisi"}, {"9"})
    assert platform.calls()[SEND] == 1


def test_everybody_refused_is_an_error() -> None:
    with pytest.raises(RefusedError, match="Widen the app's 可见范围"):
        messenger_of(refusal(81013))[0].send(Delivery(TEXT, "k", to_all=True))


def test_same_body_is_sent_again_after_trouble() -> None:
    """WeCom drops an identical one, so nobody gets it twice."""
    messenger, platform = messenger_of(UnreachableError(Refusal("wecom", SEND, "nothing")), envelope(msgid="m1"))
    assert messenger.send(Delivery(TEXT, "k", people=PEOPLE)).platform_id == "m1"
    first, second = (request for request in platform.requests if request.interface == SEND)
    assert encode(first.body) == encode(second.body)


def test_trouble_that_stays_leaves_doubt() -> None:
    """It may be tried again for four hours all the same, and not after them."""
    with pytest.raises(UnreachableError) as raised:
        messenger_of(UnreachableError(Refusal("wecom", SEND, "nothing")))[0].send(Delivery(TEXT, "k", people=PEOPLE))
    assert raised.value.leaves_doubt is True


def test_message_without_a_number_is_sent_and_cannot_be_recalled() -> None:
    assert messenger_of(envelope())[0].send(Delivery(TEXT, "k", people=PEOPLE)).platform_id == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"agent_id": ""}, "connection 'wx' has no agent_id"),
        ({"agent_id": "app"}, "connection 'wx' has agent_id='app'"),
        ({"app": False, "contact": True}, "connection 'wx' has no secret of an app"),
    ],
)
def test_what_is_missing_in_the_connection_is_named(options: dict[str, Any], said: str) -> None:
    messenger, platform = messenger_of(envelope(), **options)
    for attempt in (lambda: messenger.send(Delivery(TEXT, "k", people=PEOPLE)), lambda: messenger.recall("m1")):
        with pytest.raises(ConfigurationError, match=said):
            attempt()
    assert not platform.requests


CODES = {
    301002: (PermissionDeniedError, "Set agent_id"),
    48002: (PermissionDeniedError, "Set password of the connection to the Secret of a self-built app"),
    45002: (RefusedError, "Shorten it"),
    44004: (RefusedError, "Give the message a text"),
    82001: (RefusedError, "it is to nobody"),
    82002: (RefusedError, "too many departments"),
    40032: (RefusedError, "too many people"),
    60020: (PermissionDeniedError, "企业可信IP"),
}


@pytest.mark.parametrize(("code", "expected"), CODES.items(), ids=str)
def test_refusals_say_what_to_do(code: int, expected: tuple[type[Exception], str]) -> None:
    with pytest.raises(expected[0], match=expected[1]) as raised:
        messenger_of(refusal(code))[0].send(Delivery(TEXT, "k", people=PEOPLE))
    assert isinstance(raised.value, PlatformError)
    assert raised.value.params == {"kind": "text", "people": 2}


def test_recall() -> None:
    messenger, platform = messenger_of(envelope())
    assert messenger.recall("m1") == Recall("recalled")
    assert (platform.requests[-1].interface, body_of(platform)) == (RECALL, '{"msgid":"m1"}')


@pytest.mark.parametrize(("code", "state"), [(42052, "too_late"), (40058, "failed"), (40035, "failed")])
def test_refused_recall_is_told_in_words(code: int, state: str) -> None:
    recall = messenger_of(refusal(code))[0].recall("m1")
    assert (recall.state, str(code) in recall.reason) == (state, True)


def test_todo_is_a_card_that_can_only_be_recalled() -> None:
    messenger, platform = messenger_of(envelope(msgid="m1"))
    assert messenger.send(Delivery(Content("todo", "t", "b", URL), "k", people=PEOPLE, department_ids=("1",))).platform_id == "m1"
    sent = len(platform.requests)
    for attempt in (lambda: messenger.complete_todo("m1"), lambda: messenger.update_todo("m1", TEXT)):
        with pytest.raises(RefusedError, match="WeCom has no todos for self-built apps"):
            attempt()
    assert len(platform.requests) == sent
    assert messenger.delete_todo("m1") == Recall("recalled")
    assert platform.requests[-1].interface == RECALL


def test_there_are_no_results() -> None:
    messenger, platform = messenger_of(envelope())
    assert messenger.fetch_results("m1", PEOPLE) == Results({}, is_final=True)
    assert (messenger.limits.has_results, platform.requests) == (False, [])


def test_limits() -> None:
    messenger, _ = messenger_of(envelope())
    limits = messenger.limits
    assert (limits.people_per_call, limits.departments_per_call, limits.has_send_to_all, limits.recall_hours) == (1000, 100, True, 24)
    assert (limits.is_idempotent, limits.idempotent_seconds, messenger.idempotent_seconds(Delivery(TEXT, "k"))) == (True, 14_400, 14_400)
    assert limits.recipients_per_day == 0
    assert WeComMessenger(client_of(FakeWeCom()), accounts=500).limits.recipients_per_day == 100_000


def test_secrets_and_people_show_nowhere() -> None:
    messenger, _ = messenger_of(refusal(45002))
    with pytest.raises(RefusedError) as raised:
        messenger.send(Delivery(TEXT, "k", people=PEOPLE))
    shown = repr(messenger) + "".join(traceback.format_exception(raised.value)) + json.dumps(vars(raised.value), default=str)
    assert not [each for each in ("secret-of-app", "token-of", "ZhangSan", "Title") if each in shown]
