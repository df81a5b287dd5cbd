from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest

from orgsync.errors import (
    ConfigurationError,
    NoConnectionError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    Refusal,
    RefusedError,
    ThrottledError,
    UnexpectedAnswerError,
    UnreachableError,
)
from orgsync.platforms.feishu.codes import BATCH_CODES
from orgsync.platforms.feishu.message_client import FeishuMessageClient
from orgsync.platforms.feishu.messages import escape_text, find_problems, write_message
from orgsync.platforms.feishu.messenger import FeishuMessenger
from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.sending.messages import Content, Delivery, Outcome, Person, Recall, Receipt, Results
from orgsync.platforms.speaking.transport import Request, Response
from tests.unit.platforms.feishu.fake import TOKEN, FakeFeishu, client_of, envelope, refusal

URL = "https://work.example.com/a?b=1"
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
MILLISECONDS = "1772357400000"
SEND = "im/v1/messages"
BATCH = "message/v4/batch_send"
READERS = "im/v1/messages/:message_id/read_users"
PROGRESS = "im/v1/batch_messages/:batch_message_id/get_progress"
CREATE = "task/v2/tasks"
UPDATE = "PATCH task/v2/tasks/:task_guid"
ANN, BOB = Person("ann", "on_ann", "ou_ann"), Person("bob")
TEXT = Content("text", "Title", "Body")
TODO = Content("todo", "Approve", "Leave of A", URL, NOW)


class Sending(FakeFeishu):
    """Answers by interface, one after another; the last one stays. An error is raised."""

    def __init__(self) -> None:
        super().__init__(answer_instead=self._next)
        self.queues: dict[str, list[Response | PlatformError]] = {}

    def on(self, interface: str, *answers: Response | PlatformError) -> Sending:
        self.queues[interface] = list(answers)
        return self

    def sent(self, interface: str) -> list[Request]:
        return [request for request in self.requests if request.interface == interface]

    def _next(self, request: Request) -> Response | None:
        if request.interface == TOKEN:
            return None
        queue = self.queues[request.interface]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, PlatformError):
            raise answer
        return answer


def messenger_of(platform: Sending) -> FeishuMessenger:
    return FeishuMessenger(FeishuMessageClient(client_of(platform)), now=lambda: NOW)


def trouble(kind: type[PlatformError]) -> PlatformError:
    return kind(Refusal("feishu", BATCH, "nothing"))


def card(title: str, colour: str, *elements: str) -> str:
    head = f'{{"title":{{"tag":"plain_text","content":"{title}"}},"template":"{colour}"}}'
    return f'{{"schema":"2.0","config":{{"update_multi":true}},"header":{head},"body":{{"elements":[{",".join(elements)}]}}}}'


BODIES = {
    "text": (Content("text", "Title", "Line 1\n1 < 2", URL), "text", '{"text":"Title\\nLine 1\\n1 < 2\\nURL"}'),
    "markdown": (
        Content("markdown", "A *b*", "**bold**", "https://a/b(c)"),
        "interactive",
        card("A *b*", "default", r'{"tag":"markdown","content":"**bold**\n\n[查看详情](https://a/b%28c%29)"}'),
    ),
    "card": (
        Content("card", "通知", "*plain* <at id=all>", URL),
        "interactive",
        card(
            "通知",
            "blue",
            '{"tag":"div","text":{"tag":"plain_text","content":"*plain* <at id=all>"}}',
            '{"tag":"button","text":{"tag":"plain_text","content":"查看详情"},"type":"primary",'
            '"behaviors":[{"type":"open_url","default_url":"URL"}]}',
        ),
    ),
    "announcement": (
        Content("announcement", "公告", "one\ntwo", URL),
        "post",
        (
            '{"zh_cn":{"title":"公告","content":[[{"tag":"text","text":"one"}],[{"tag":"text","text":"two"}],'
            '[{"tag":"a","text":"查看详情","href":"URL"}]]}}'
        ),
    ),
}


@pytest.mark.parametrize(("content", "kind", "body"), BODIES.values(), ids=BODIES.keys())
def test_content_is_a_text_for_one_and_an_object_for_many(content: Content, kind: str, body: str) -> None:
    body = body.replace("URL", URL)
    assert find_problems(content) == []
    platform = Sending().on(SEND, envelope(message_id="om_1")).on(BATCH, envelope(message_id="bm-1"))
    messenger = messenger_of(platform)
    assert messenger.send(Delivery(content, "key-1", people=(ANN,))) == Receipt("om_1")
    assert platform.requests[-1].body == {"receive_id": "ou_ann", "msg_type": kind, "content": body, "uuid": "key-1"}
    assert dict(platform.requests[-1].query) == {"receive_id_type": "open_id"}
    assert messenger.send(Delivery(content, "key-2", people=(ANN, BOB), department_ids=("od-a",))) == Receipt("bm-1")
    wrapped = f'"card":{body}' if kind == "interactive" else '"content":' + (f'{{"post":{body}}}' if kind == "post" else body)
    whom = '"department_ids":["od-a"],"open_ids":["ou_ann"],"user_ids":["bob"]'
    assert encode(platform.requests[-1].body).decode() == f'{{"msg_type":"{kind}",{wrapped},{whom}}}'
    assert platform.requests[-1].path == "open-apis/message/v4/batch_send/"


@pytest.mark.parametrize(
    ("person", "expected"),
    [(ANN, ("open_id", "ou_ann")), (BOB, ("user_id", "bob")), (Person("ou_x"), ("open_id", "ou_x"))],
    ids=["both", "user_id", "keyed by open_id"],
)
def test_receiver_is_named_by_the_id_that_is_known(person: Person, expected: tuple[str, str]) -> None:
    platform = Sending().on(SEND, envelope(message_id="om_1"))
    messenger_of(platform).send(Delivery(TEXT, "k", people=(person,)))
    assert (platform.requests[-1].query["receive_id_type"], (platform.requests[-1].body or {})["receive_id"]) == expected


def test_text_cannot_call_people_or_be_bold() -> None:
    assert (
        escape_text('<at user_id="all">x</at> <B>y</b> a<b 1 <2 <address>') == '＜at user_id="all">x＜/at> ＜B>y＜/b> a＜b 1 <2 <address>'
    )


PROBLEMS = {
    "text": (Content("text", "", "x" * (150 * 1024 - 10)), "is 1 bytes too long: 153601 of at most 153600"),
    "post": (Content("announcement", "t", "通" * 10_300), "of at most 30720"),
    "card": (Content("card", "t", "通" * 10_300), "of at most 30720"),
    "no title": (Content("card", "", "b"), "a card needs a title"),
    "no body": (Content("markdown", "t"), "a markdown needs a body"),
    "nothing": (Content("text", ""), "it says nothing"),
    "no scheme": (Content("card", "t", "b", "work.example.com"), "does not begin with http://"),
    "todo's title": (Content("todo", "t" * 3001), "its title is 1 characters too long: 3001 of at most 3000"),
    "todo's body": (Content("todo", "t", "b" * 3001), "its body is 1 characters too long"),
    "todo's URL": (Content("todo", "t", url="https://" + "a" * 1017), "its URL is 1 characters too long"),
    "todo's scheme": (Content("todo", "t", url="lark://x"), "http:// or https://"),
}


@pytest.mark.parametrize(("content", "said"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_problems_are_told_in_words(content: Content, said: str) -> None:
    assert said in " / ".join(find_problems(content))


def test_content_of_exactly_the_most_bytes_passes() -> None:
    content = Content("text", "", "x" * (150 * 1024 - 11))
    assert (len(encode(write_message(content).content)), find_problems(content)) == (153_600, [])


def test_long_key_still_fits() -> None:
    platform = Sending().on(SEND, envelope(message_id="om_1")).on(CREATE, envelope(task={"guid": "g"}))
    messenger = messenger_of(platform)
    for key in ("k" * 51, "k" * 51, "j" * 51):
        messenger.send(Delivery(TEXT, key, people=(ANN,)))
    first, again, other = ((request.body or {})["uuid"] for request in platform.sent(SEND))
    assert (len(first), first == again, first == other) == (50, True, False)
    messenger.send(Delivery(TODO, "short", people=(ANN,)))
    assert 10 <= len((platform.requests[-1].body or {})["client_token"]) <= 100


def test_only_one_person_may_be_written_to_twice() -> None:
    messenger = messenger_of(Sending())
    one, two, department = Delivery(TEXT, "k", people=(ANN,)), Delivery(TEXT, "k", people=(ANN, BOB)), Delivery(TEXT, "k", (), ("od-a",))
    mixed = Delivery(TEXT, "k", people=(ANN,), department_ids=("od-a",))
    assert [messenger.idempotent_seconds(each) for each in (one, two, department, mixed)] == [3600, 0, 0, 0]
    assert messenger.idempotent_seconds(Delivery(TODO, "k", people=(ANN, BOB))) == 300
    assert messenger.limits.is_idempotent is False


@pytest.mark.parametrize(
    "answer",
    [trouble(UnreachableError), trouble(UnexpectedAnswerError), Response(500, "application/json", b'{"code":1}'), envelope()],
    ids=["no answer", "cut", "5xx", "no message_id"],
)
def test_batch_that_may_have_gone_out_is_not_sent_again(answer: Response | PlatformError) -> None:
    platform = Sending().on(BATCH, answer)
    with pytest.raises(PlatformError) as raised:
        messenger_of(platform).send(Delivery(TEXT, "k", people=(ANN, BOB)))
    assert (len(platform.sent(BATCH)), raised.value.leaves_doubt) == (1, True)


@pytest.mark.parametrize(
    "answer",
    [refusal(99991400, status=429), refusal(99991400), refusal(11232, status=200), refusal(99991663), trouble(NoConnectionError)],
    ids=["429", "99991400", "11232", "stale token", "no connection"],
)
def test_batch_that_surely_did_not_go_out_is_sent_again(answer: Response | PlatformError) -> None:
    platform = Sending().on(BATCH, answer, envelope(message_id="bm-1"))
    assert messenger_of(platform).send(Delivery(TEXT, "k", people=(ANN, BOB))).platform_id == "bm-1"
    assert len(platform.sent(BATCH)) == 2


def test_single_message_is_sent_again_with_the_same_key() -> None:
    platform = Sending().on(SEND, trouble(UnreachableError), envelope(message_id="om_1"))
    messenger_of(platform).send(Delivery(TEXT, "k", people=(ANN,)))
    assert [(request.body or {})["uuid"] for request in platform.sent(SEND)] == ["k", "k"]


def test_invalid_receivers_of_a_batch_are_refused() -> None:
    answer = envelope(message_id="bm-1", invalid_open_ids=["ou_ann"], invalid_user_ids=["x"], invalid_department_ids=["od-b"])
    receipt = messenger_of(Sending().on(BATCH, answer)).send(Delivery(TEXT, "k", people=(ANN, BOB), department_ids=("od-b",)))
    assert (list(receipt.refused), list(receipt.refused_departments)) == (["ann"], ["od-b"])


@pytest.mark.parametrize("code", [230013, 230029, 230034, 230053, 99992361, 99992351])
def test_receiver_who_cannot_be_reached_is_refused_not_an_error(code: int) -> None:
    platform = Sending().on(SEND, refusal(code))
    messenger = messenger_of(platform)
    receipt = messenger.send(Delivery(TEXT, "k", people=(ANN,)))
    assert (receipt.platform_id, str(code) in receipt.refused["ann"]) == ("", True)
    assert messenger._client.transport.ledger.counts()[SEND].failed == 0


CODES = {
    230006: (PermissionDeniedError, "机器人"),
    11205: (PermissionDeniedError, "机器人"),
    99991672: (PermissionDeniedError, "Grant im:message:send_as_bot under"),
    230022: (RefusedError, "company's filter"),
    230025: (RefusedError, "Shorten it"),
    230020: (ThrottledError, "too many messages"),
    230049: (PlatformBusyError, "just being sent"),
    11247: (RefusedError, "500,000"),
    230099: (RefusedError, r"it does not take the card \(\[im:message:send_as_bot\]"),
}


@pytest.mark.parametrize(("code", "expected"), CODES.items(), ids=str)
def test_refusals_say_what_to_do(code: int, expected: tuple[type[Exception], str]) -> None:
    with pytest.raises(expected[0], match=expected[1]) as raised:
        messenger_of(Sending().on(SEND, refusal(code, "[im:message:send_as_bot]"))).send(Delivery(TEXT, "k", people=(ANN,)))
    assert isinstance(raised.value, PlatformError)
    assert raised.value.params == {"kind": "text", "people": 1}


@pytest.mark.parametrize("code", BATCH_CODES)
def test_batch_codes_without_words_of_ours_quote_the_platforms(code: str) -> None:
    with pytest.raises(RefusedError, match=r"does not send the batch message \(odd\)"):
        messenger_of(Sending().on(BATCH, refusal(int(code), "odd", status=200))).send(Delivery(TEXT, "k", people=(ANN, BOB)))


@pytest.mark.parametrize(
    ("delivery", "said"),
    [(Delivery(TEXT, "k", (), ("0",)), "root department 0"), (Delivery(TEXT, "k", to_all=True), "is to everybody")],
)
def test_nobody_can_write_to_the_whole_company_at_once(delivery: Delivery, said: str) -> None:
    platform = Sending()
    with pytest.raises(ConfigurationError, match=said):
        messenger_of(platform).send(delivery)
    assert not platform.requests


def counts(valid: int, served: int, read: int) -> Response:
    numbers = {"valid_user_ids_count": valid, "success_user_ids_count": served, "read_user_ids_count": read}
    return envelope(batch_message_send_progress=numbers, batch_message_recall_progress={"recall": False, "recall_count": 0})


@pytest.mark.parametrize(
    ("numbers", "state", "is_final"),
    [
        ((0, 0, 0), None, False),
        ((2, 1, 0), "sent", False),
        ((2, 2, 1), "delivered", True),
        ((2, 2, 2), "read", True),
        ((9, 9, 9), "sent", True),
    ],
)
def test_results_of_a_batch_are_numbers(numbers: tuple[int, int, int], state: str | None, is_final: bool) -> None:
    results = messenger_of(Sending().on(PROGRESS, counts(*numbers))).fetch_results("bm-1", [ANN, BOB])
    assert {outcome.state for outcome in results.outcomes.values()} == ({state} if state else set())
    assert results.is_final is is_final


@pytest.mark.parametrize(("items", "state"), [([], "delivered"), ([{"user_id": "ou_ann"}], "read")])
def test_results_of_a_single_message(items: list[dict[str, str]], state: Any) -> None:
    platform = Sending().on(READERS, envelope(items=items, has_more=False))
    assert messenger_of(platform).fetch_results("om_1", [ANN]) == Results({"ann": Outcome(state)}, is_final=True)
    assert platform.requests[-1].path == "open-apis/im/v1/messages/om_1/read_users"


def test_after_seven_days_what_was_known_stays() -> None:
    assert messenger_of(Sending().on(READERS, refusal(230033))).fetch_results("om_1", [ANN]) == Results({}, is_final=True)


@pytest.mark.parametrize("code", [99991672, 230027])
def test_without_the_scope_for_readers_a_message_is_delivered(code: int, caplog: pytest.LogCaptureFixture) -> None:
    results = messenger_of(Sending().on(READERS, refusal(code, "[im:message:readonly]"))).fetch_results("om_1", [ANN])
    assert results == Results({"ann": Outcome("delivered")}, is_final=True)
    assert "whether messages are read is not told" in caplog.text
    with pytest.raises(PermissionDeniedError):
        messenger_of(Sending().on(READERS, refusal(99991401))).fetch_results("om_1", [ANN])


@pytest.mark.parametrize(("platform_id", "folder"), [("om_1", "messages"), ("bm-1", "batch_messages"), ("bm_1", "batch_messages")])
def test_recall_knows_its_kind_by_the_id(platform_id: str, folder: str) -> None:
    interface = "DELETE im/v1/messages/:message_id" if folder == "messages" else "DELETE im/v1/batch_messages/:batch_message_id"
    platform = Sending().on(interface, envelope())
    assert messenger_of(platform).recall(platform_id).state == "recalled"
    assert (platform.requests[-1].method, platform.requests[-1].path) == ("DELETE", f"open-apis/im/v1/{folder}/{platform_id}")


@pytest.mark.parametrize(
    ("code", "state"), [(230009, "too_late"), (230110, "recalled"), (230011, "recalled"), (230030, "recalled"), (230026, "failed")]
)
def test_refused_recall_is_an_answer(code: int, state: str) -> None:
    recall = messenger_of(Sending().on("DELETE im/v1/messages/:message_id", refusal(code))).recall("om_1")
    assert (recall.state, bool(recall.reason)) == (state, True)


def test_recall_without_the_scope_is_an_error() -> None:
    platform = Sending().on("DELETE im/v1/messages/:message_id", refusal(99991672, "[im:message:recall]"))
    with pytest.raises(PermissionDeniedError, match="Grant im:message:recall under"):
        messenger_of(platform).recall("om_1")


def test_todo_is_created_as_the_contract_says() -> None:
    platform = Sending().on(CREATE, envelope(task={"guid": "g-1", "status": "todo"}))
    assert messenger_of(platform).send(Delivery(TODO, "0123456789", people=(ANN, Person("ou_x")))) == Receipt("g-1")
    request = platform.requests[-1]
    assert (request.method, request.path, dict(request.query)) == ("POST", "open-apis/task/v2/tasks", {"user_id_type": "open_id"})
    assert encode(request.body).decode() == (
        '{"summary":"Approve","description":"Leave of A","due":{"timestamp":"1772357400000","is_all_day":false},'
        '"members":[{"id":"ou_ann","type":"user","role":"assignee"},{"id":"ou_x","type":"user","role":"assignee"}],"mode":1,'
        '"origin":{"platform_i18n_name":{"zh_cn":"orgsync","en_us":"orgsync"},"href":{"url":"URL","title":"Approve"}},'
        '"client_token":"0123456789"}'.replace("URL", URL)
    )


def test_members_of_a_todo_are_all_named_by_one_kind_of_id() -> None:
    platform = Sending().on(CREATE, envelope(task={"guid": "g-1"}))
    messenger_of(platform).send(Delivery(Content("todo", "t"), "0123456789", people=(ANN, BOB)))
    body = platform.requests[-1].body or {}
    assert ([member["id"] for member in body["members"]], platform.requests[-1].query["user_id_type"]) == (["ann", "bob"], "user_id")
    assert "origin" not in body


def test_todo_may_be_tried_again_and_has_fewer_people_than_a_message() -> None:
    busy = refusal(1470422)
    platform = Sending().on(CREATE, trouble(UnreachableError), busy, envelope(task={"guid": "g-1"}))
    assert messenger_of(platform).send(Delivery(TODO, "0123456789", people=(ANN,))).platform_id == "g-1"
    with pytest.raises(ConfigurationError, match="a call takes 50"):
        messenger_of(platform).send(Delivery(TODO, "0123456789", people=tuple(Person(f"u{number}") for number in range(51))))


def test_who_is_not_among_the_members_is_refused() -> None:
    members = [{"id": "ou_ann", "type": "user", "role": "assignee"}]
    platform = Sending().on(CREATE, envelope(task={"guid": "g-1", "members": members}))
    receipt = messenger_of(platform).send(Delivery(TODO, "0123456789", people=(ANN, Person("ou_x"))))
    assert (receipt.platform_id, list(receipt.refused)) == ("g-1", ["ou_x"])
    assert "not a valid id" in receipt.refused["ou_x"]


def test_life_of_a_todo() -> None:
    platform = Sending().on(UPDATE, envelope()).on("DELETE task/v2/tasks/:task_guid", envelope())
    messenger = messenger_of(platform)
    messenger.update_todo("g-1", Content("todo", "New"))
    assert platform.requests[-1].body == {"task": {"summary": "New"}, "update_fields": ["summary", "description", "due"]}
    messenger.complete_todo("g-1")
    assert platform.requests[-1].body == {"task": {"completed_at": MILLISECONDS}, "update_fields": ["completed_at"]}
    assert (platform.requests[-1].method, platform.requests[-1].path) == ("PATCH", "open-apis/task/v2/tasks/g-1")
    assert messenger.delete_todo("g-1") == Recall("recalled")
    assert platform.requests[-1].method == "DELETE"
    assert messenger.fetch_results("g-1", [ANN]) == Results({}, is_final=True)


def test_completing_what_is_completed_is_done() -> None:
    platform = Sending().on(UPDATE, refusal(1470400)).on("GET task/v2/tasks/:task_guid", envelope(task={"guid": "g", "status": "done"}))
    messenger_of(platform).complete_todo("g")
    platform.on("GET task/v2/tasks/:task_guid", envelope(task={"guid": "g", "status": "todo"}))
    with pytest.raises(RefusedError, match="1470400"):
        messenger_of(platform).complete_todo("g")


def test_todo_of_another_app_is_an_error() -> None:
    with pytest.raises(PermissionDeniedError, match="task:task:write"):
        messenger_of(Sending().on(UPDATE, refusal(1470403, status=403))).complete_todo("g")


def test_todo_that_is_gone_counts_as_deleted() -> None:
    platform = Sending().on("DELETE task/v2/tasks/:task_guid", refusal(1470404, status=404))
    assert messenger_of(platform).delete_todo("g") == Recall("recalled", "it was gone already")


def test_secrets_and_people_show_nowhere() -> None:
    messenger = messenger_of(Sending().on(SEND, refusal(230025)).on(BATCH, refusal(11247, status=200)).on(CREATE, refusal(1470610)))
    for delivery in (Delivery(TEXT, "k", people=(ANN,)), Delivery(TEXT, "k", people=(ANN, BOB)), Delivery(TODO, "k", people=(ANN,))):
        with pytest.raises(RefusedError) as raised:
            messenger.send(delivery)
        shown = repr(messenger) + repr(messenger._client) + "".join(traceback.format_exception(raised.value))
        shown += json.dumps(vars(raised.value), default=str)
        assert not [each for each in ("secret-of-app", "t-1", "ou_ann", "Leave of A", "Body") if each in shown.replace("tenant-1", "")]
