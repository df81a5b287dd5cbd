from __future__ import annotations

import json
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest

from orgsync.errors import (
    ConfigurationError,
    CredentialError,
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
from orgsync.platforms.dingtalk.messages import escape, find_problems, write_msg
from orgsync.platforms.dingtalk.messenger import DingTalkMessenger
from orgsync.platforms.dingtalk.todos import TodoClient, TodoId
from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.sending.messages import Content, Delivery, Outcome, Person, Recall, Receipt, Results
from orgsync.platforms.speaking.transport import Request, Response
from tests.unit.platforms.dingtalk.fake import JSON, client_of, envelope, refusal

URL = "https://work.example.com/a?b=1"
DUE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SEND = "topapi/message/corpconversation/asyncsend_v2"
PROGRESS = "topapi/message/corpconversation/getsendprogress"
RESULT = "topapi/message/corpconversation/getsendresult"
RECALL = "topapi/message/corpconversation/recall"
CREATE = "v1.0/todo/users/:unionId/tasks"
UPDATE = "PUT v1.0/todo/users/:unionId/tasks/:taskId"
DELETE = "DELETE v1.0/todo/users/:unionId/tasks/:taskId"
FIND = "v1.0/todo/users/:unionId/tasks/sources/:sourceId"
TEXT = Content("text", "Title", "Body")
TODO = Content("todo", "Approve", "Leave of A", URL, DUE)
ANN, BOB = Person("ann", "union-ann"), Person("bob", "union-bob")


def new(status: int = 200, **fields: Any) -> Response:
    return Response(status, JSON, json.dumps(fields).encode())


class FakeSending:
    """Answers by interface, one after another; the last one stays. An error is raised."""

    def __init__(self, **answers: Any) -> None:
        self.requests: list[Request] = []
        self.answers: dict[str, list[Response | PlatformError]] = {}

    def on(self, interface: str, *answers: Response | PlatformError) -> FakeSending:
        self.answers[interface] = list(answers)
        return self

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        if request.interface == "gettoken":
            return envelope(access_token="token-1", expires_in=7200)
        if request.interface == "v1.0/oauth2/accessToken":
            return new(accessToken="token-2", expireIn=7200)
        queue = self.answers[request.interface]
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, PlatformError):
            raise answer
        return answer

    def asked(self, interface: str) -> list[Request]:
        return [request for request in self.requests if request.interface == interface]

    def body(self, interface: str) -> Any:
        return self.asked(interface)[-1].body


def messenger_of(platform: FakeSending, **options: Any) -> DingTalkMessenger:
    client = client_of(platform)
    todos = TodoClient("key-of-app", "secret-of-app", api_url="https://api.example.com/", transport=client.transport)
    return DingTalkMessenger(client, todos, **({"agent_id": "77"} | options))


def trouble(kind: type[PlatformError]) -> PlatformError:
    return kind(Refusal("dingtalk", SEND, "nothing"))


BODIES = {
    "text": (
        Content("text", "Title", "Line 1\nLine *2*", URL),
        '{"msgtype":"text","text":{"content":"Title\\nLine 1\\nLine *2*\\nURL"}}',
    ),
    "markdown": (
        Content("markdown", "A [b] *c*", "**bold**", "https://a/b(c)"),
        r'{"msgtype":"markdown","markdown":{"title":"A [b] *c*","text":"### A \\[b\\] \\*c\\*\n\n**bold**\n\n[查看详情](https://a/b%28c%29)"}}',
    ),
    "card": (
        Content("card", "通知", "# one\n- two_three", URL),
        (
            r'{"msgtype":"action_card","action_card":{"title":"通知","markdown":"### 通知\n\n\\# one  \n\\- two\\_three",'
            r'"single_title":"查看详情","single_url":"URL"}}'
        ),
    ),
    "announcement": (
        Content("announcement", "公告", "正文 <b>", URL),
        (
            '{"msgtype":"oa","oa":{"message_url":"URL","pc_message_url":"URL","head":{"bgcolor":"FF3370FF","text":"通知"},'
            '"body":{"title":"公告","content":"正文 <b>"}}}'
        ),
    ),
    "announcement without URL": (
        Content("announcement", "公告", "正文 <b>"),
        r'{"msgtype":"markdown","markdown":{"title":"公告","text":"### 公告\n\n正文 \\<b>"}}',
    ),
}


@pytest.mark.parametrize(("content", "body"), BODIES.values(), ids=BODIES.keys())
def test_body_of_each_kind(content: Content, body: str) -> None:
    assert encode(write_msg(content)).decode() == body.replace("URL", URL)
    assert find_problems(content) == []


def test_plain_text_stays_what_it_is_in_markdown() -> None:
    assert escape("> quote\n+ a\\b `c` ~d~ [e](f) 2026-10-05") == "\\> quote  \n\\+ a\\\\b \\`c\\` \\~d\\~ \\[e\\](f) 2026-10-05"


PROBLEMS = {
    "too long by one byte": (Content("text", "", "通" * 669 + "xx"), "is 1 bytes too long: 2049 of at most 2048"),
    "no URL": (Content("card", "t", "b"), "a card needs a URL"),
    "no title": (Content("card", "", "b", URL), "a card needs a title"),
    "no body": (Content("markdown", "t"), "a markdown needs a body"),
    "nothing": (Content("text", " "), "it says nothing"),
    "long URL": (Content("card", "t", "b", "https://" + "a" * 493), "its URL is 1 characters too long"),
    "todo without URL": (Content("todo", "t"), "a todo needs a URL"),
    "todo's title": (Content("todo", "t" * 1025, url=URL), "its title is 1 characters too long: 1025 of at most 1024"),
    "todo's body": (Content("todo", "t", "b" * 4097, URL), "its body is 1 characters too long"),
    "todo's URL": (Content("todo", "t", url="https://" + "通" * 339), "its URL is 1 bytes too long"),
}


@pytest.mark.parametrize(("content", "said"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_problems_are_told_in_words(content: Content, said: str) -> None:
    assert said in " / ".join(find_problems(content))


def test_content_of_exactly_the_most_bytes_passes() -> None:
    content = Content("text", "", "x" * 1000)
    room = 2048 - len(encode(write_msg(content)))
    assert find_problems(Content("text", "", "x" * (1000 + room))) == []
    assert find_problems(Content("text", "", "x" * (1001 + room)))


DELIVERIES = {
    "people": (Delivery(TEXT, "k", people=(ANN, BOB)), {"userid_list": "ann,bob"}),
    "departments": (Delivery(TEXT, "k", department_ids=("1", "434593665")), {"dept_id_list": "1,434593665"}),
    "both": (Delivery(TEXT, "k", people=(ANN,), department_ids=("2",)), {"userid_list": "ann", "dept_id_list": "2"}),
    "everybody": (Delivery(TEXT, "k", to_all=True), {"to_all_user": True}),
}


@pytest.mark.parametrize(("delivery", "whom"), DELIVERIES.values(), ids=DELIVERIES.keys())
def test_notification_is_sent_as_the_contract_says(delivery: Delivery, whom: dict[str, Any]) -> None:
    platform = FakeSending().on(SEND, envelope(task_id=256271667526))
    assert messenger_of(platform).send(delivery) == Receipt("256271667526")
    assert platform.body(SEND) == {"agent_id": 77, **whom, "msg": {"msgtype": "text", "text": {"content": "Title\nBody"}}}


@pytest.mark.parametrize(("agent_id", "said"), [("", "connection 'ding' has no agent_id"), ("my app", "agent_id='my app'")])
def test_agent_id_is_needed_for_notifications_only(agent_id: str, said: str) -> None:
    platform = FakeSending().on(CREATE, new(id="t1"))
    messenger = messenger_of(platform, agent_id=agent_id)
    with pytest.raises(ConfigurationError, match=said):
        messenger.send(Delivery(TEXT, "k", people=(ANN,)))
    assert not platform.requests
    messenger.send(Delivery(TODO, "k", people=(ANN,)))


@pytest.mark.parametrize(
    "answer",
    [trouble(UnreachableError), trouble(UnexpectedAnswerError), Response(502, "text/html", b"<html>"), envelope(nothing=1)],
    ids=["no answer", "cut", "5xx", "no task_id"],
)
def test_notification_that_may_have_gone_out_is_not_sent_again(answer: Response | PlatformError) -> None:
    platform = FakeSending().on(SEND, answer)
    with pytest.raises(PlatformError) as raised:
        messenger_of(platform).send(Delivery(TEXT, "k", people=(ANN,)))
    assert (len(platform.asked(SEND)), raised.value.leaves_doubt) == (1, True)


@pytest.mark.parametrize(
    "answer", [refusal("-1"), refusal("90018"), refusal("41047"), refusal("40014"), trouble(NoConnectionError)], ids=str
)
def test_notification_that_surely_did_not_go_out_is_sent_again(answer: Response | PlatformError) -> None:
    platform = FakeSending().on(SEND, answer, envelope(task_id=1))
    assert messenger_of(platform).send(Delivery(TEXT, "k", people=(ANN,))).platform_id == "1"
    assert len(platform.asked(SEND)) == 2


def test_token_that_does_not_come_leaves_no_doubt() -> None:
    platform = FakeSending().on(SEND, envelope(task_id=1))

    def send(request: Request) -> Response:
        platform.requests.append(request)
        raise trouble(UnreachableError)

    messenger = DingTalkMessenger(
        client_of(send), TodoClient("k", "s", api_url="https://a", transport=client_of(send).transport), agent_id="7"
    )
    with pytest.raises(UnreachableError) as raised:
        messenger.send(Delivery(TEXT, "k", people=(ANN,)))
    assert (raised.value.leaves_doubt, {request.interface for request in platform.requests}) == (False, {"gettoken"})


def test_only_todos_may_be_repeated() -> None:
    messenger = messenger_of(FakeSending())
    assert messenger.idempotent_seconds(Delivery(TEXT, "k", people=(ANN,))) == 0
    assert messenger.idempotent_seconds(Delivery(TODO, "k", people=(ANN,))) > 10**8
    assert messenger.limits.is_idempotent is False


CODES = {
    "40056": (RefusedError, "Set agent_id of the connection"),
    "41029": (RefusedError, "too many receivers"),
    "41045": (RefusedError, "three times a day"),
    "41049": (RefusedError, "Change the text"),
    "60011": (PermissionDeniedError, "permission point"),
    "90020": (RefusedError, "month's quota"),
}


@pytest.mark.parametrize(("code", "expected"), CODES.items(), ids=CODES.keys())
def test_refusals_say_what_to_do(code: str, expected: tuple[type[Exception], str]) -> None:
    platform = FakeSending().on(SEND, refusal(code))
    with pytest.raises(expected[0], match=expected[1]) as raised:
        messenger_of(platform).send(Delivery(TEXT, "k", people=(ANN,)))
    assert isinstance(raised.value, PlatformError)
    assert raised.value.params == {"kind": "text", "people": 1}


def fetch(result: dict[str, Any], *names: str, status: int = 2) -> tuple[Results, FakeSending]:
    platform = (
        FakeSending().on(RESULT, envelope(send_result=result)).on(PROGRESS, envelope(progress={"progress_in_percent": 9, "status": status}))
    )
    return messenger_of(platform).fetch_results("42", [Person(name) for name in names]), platform


def test_results_are_told_for_each_person() -> None:
    forbidden = [
        {"code": "143106", "count": 1, "userid": "had"},
        {"code": "143105", "count": 1, "userid": "full"},
        {"code": "143103", "count": 1, "userid": "crowded"},
        {"code": "143104", "count": 1, "userid": "packed"},
        {"code": "999", "count": 1, "userid": "odd"},
    ]
    lists = {
        "read_user_id_list": ["reader"],
        "unread_user_id_list": ["got"],
        "invalid_user_id_list": ["gone"],
        "failed_user_id_list": ["bad"],
    }
    refused = {
        "forbidden_user_id_list": ["had", "full", "crowded", "packed", "odd", "plain"],
        "forbidden_list": forbidden,
        "invalid_dept_id_list": [5],
    }
    results, platform = fetch(lists | refused, "reader", "got", "gone", "bad", "had", "full", "crowded", "packed", "odd", "plain")
    assert {name: outcome.state for name, outcome in results.outcomes.items()} == {
        "reader": "read",
        "got": "delivered",
        "gone": "failed",
        "bad": "failed",
        "had": "delivered",
        "odd": "failed",
        "plain": "failed",
    }
    assert "already today (143106)" in results.outcomes["had"].reason
    assert {name: dropped.until_next for name, dropped in results.dropped.items()} == {
        "full": "day",
        "crowded": "minute",
        "packed": "minute",
    }
    assert "500 messages today (143105)" in results.dropped["full"].reason
    assert "in that minute (143103)" in results.dropped["crowded"].reason
    assert results.outcomes["odd"].reason == "DingTalk did not let it through (999)"
    assert (results.is_final, dict(results.refused_departments)) == (True, {"5": "not a department that this app may send to"})
    assert platform.asked(PROGRESS) == []
    assert platform.body(RESULT) == {"agent_id": 77, "task_id": 42}


def test_who_read_it_has_got_it_whatever_else_is_said() -> None:
    results, _ = fetch(
        {"read_user_id_list": "a,b", "failed_user_id_list": ["a"], "forbidden_list": {"code": "143105", "userid": "b"}}, "a", "b"
    )
    assert {outcome.state for outcome in results.outcomes.values()} == {"read"}
    assert not results.dropped


def test_only_who_was_asked_about_is_sent_to_again() -> None:
    results, _ = fetch({"forbidden_list": [{"code": "143103", "userid": "a"}, {"code": "143103", "userid": "stranger"}]}, "a")
    assert (set(results.dropped), dict(results.outcomes), results.is_final) == ({"a"}, {}, True)


@pytest.mark.parametrize("status", [0, 1])
def test_while_it_is_under_way_nothing_is_final(status: int) -> None:
    results, _ = fetch({"read_user_id_list": ["a"]}, "a", "b", status=status)
    assert (dict(results.outcomes), results.is_final) == ({"a": Outcome("read")}, False)


def test_done_without_a_word_about_someone_is_unknown() -> None:
    results, platform = fetch({}, "a")
    assert (results.outcomes["a"].state, results.is_final) == ("unknown", True)
    assert len(platform.asked(RESULT)) == 2


def test_result_that_came_between_two_answers_is_seen() -> None:
    platform = FakeSending().on(RESULT, envelope(send_result={}), envelope(send_result={"unread_user_id_list": ["a"]}))
    platform.on(PROGRESS, envelope(progress={"status": 2}))
    assert messenger_of(platform).fetch_results("42", [Person("a")]).outcomes == {"a": Outcome("delivered")}


@pytest.mark.parametrize("count", [0, 101])
def test_results_that_are_not_supported_are_not_asked_for(count: int) -> None:
    results, platform = fetch({}, *(f"u{number}" for number in range(count)))
    assert (dict(results.outcomes), results.is_final, platform.asked(RESULT)) == ({}, True, [])


@pytest.mark.parametrize("status", [1, 2])
def test_result_that_does_not_come_is_no_result(status: int) -> None:
    """As of a call that was for departments too: of more than 100 receivers DingTalk does not answer in time."""
    platform = FakeSending().on(RESULT, trouble(UnreachableError)).on(PROGRESS, envelope(progress={"status": status}))
    assert messenger_of(platform).fetch_results("42", [ANN]) == Results({}, is_final=status == 2)


def test_recall_uses_a_name_of_its_own() -> None:
    platform = FakeSending().on(RECALL, envelope())
    assert messenger_of(platform).recall("42") == Recall("recalled")
    assert platform.body(RECALL) == {"agent_id": 77, "msg_task_id": 42}


@pytest.mark.parametrize(("code", "said"), [("400002", "24 hours"), ("40035", "40035"), ("12345", "not a code orgsync knows")])
def test_refused_recall_is_told_in_words(code: str, said: str) -> None:
    recall = messenger_of(FakeSending().on(RECALL, refusal(code))).recall("42")
    assert (recall.state, said in recall.reason) == ("failed", True)


def test_recall_without_permission_is_an_error() -> None:
    with pytest.raises(PermissionDeniedError):
        messenger_of(FakeSending().on(RECALL, refusal("50003"))).recall("42")


def test_todo_is_created_as_the_contract_says() -> None:
    platform = FakeSending().on(CREATE, new(id="t1", bizTag="x"))
    receipt = messenger_of(platform).send(Delivery(TODO, "key-1", people=(ANN, Person("no-union"), BOB)))
    assert receipt.platform_id == "t1:union-ann"
    assert list(receipt.refused) == ["no-union"]
    request = platform.asked(CREATE)[0]
    assert (request.method, request.path) == ("POST", "https://api.example.com/v1.0/todo/users/union-ann/tasks")
    assert dict(request.query) == {"operatorId": "union-ann"}
    assert dict(request.headers) == {"x-acs-dingtalk-access-token": "token-2"}
    assert encode(request.body).decode() == (
        '{"subject":"Approve","description":"Leave of A","dueTime":1772357400000,"sourceId":"key-1","creatorId":"union-ann",'
        '"executorIds":["union-ann","union-bob"],"detailUrl":{"appUrl":"URL","pcUrl":"URL"},"isOnlyShowExecutor":true,'
        '"notifyConfigs":{"dingNotify":"1"}}'.replace("URL", URL)
    )


def test_todo_is_made_by_the_one_who_is_named() -> None:
    platform = FakeSending().on(CREATE, new(id="t1"))
    assert messenger_of(platform, todo_creator="on/e+").send(Delivery(TODO, "k", people=(BOB,))).platform_id == "t1:on/e+"
    assert platform.asked(CREATE)[0].path.endswith("/users/on%2Fe%2B/tasks")


def test_todo_for_nobody_with_a_union_id_is_not_made() -> None:
    platform = FakeSending()
    receipt = messenger_of(platform).send(Delivery(TODO, "k", people=(Person("x"),)))
    assert (receipt.platform_id, list(receipt.refused), platform.requests) == ("", ["x"], [])


@pytest.mark.parametrize("message", ["task exist", "task existed sourceId is key-1"])
def test_todo_made_before_is_looked_up(message: str) -> None:
    platform = FakeSending().on(CREATE, new(400, code="todo.taskCreate.paramError", message=message, requestid="r"))
    platform.on(FIND, new(id="t9", sourceId="key-1"))
    assert messenger_of(platform).send(Delivery(TODO, "key-1", people=(ANN,))).platform_id == "t9:union-ann"
    assert platform.asked(FIND)[0].path == "https://api.example.com/v1.0/todo/users/union-ann/tasks/sources/key-1"


TASK_EXIST = new(400, code="todo.taskCreate.paramError", message="task exist", requestid="r")


def test_todo_made_before_whose_id_is_not_told_was_sent() -> None:
    """The look-up is in no document: it may be refused."""
    platform = FakeSending().on(CREATE, TASK_EXIST).on(FIND, new(404, code="InvalidAction.NotFound", message="not found"))
    assert messenger_of(platform).send(Delivery(TODO, "key-1", people=(ANN,))) == Receipt("")


def test_todo_made_before_that_cannot_be_looked_up_now_leaves_doubt() -> None:
    platform = FakeSending().on(CREATE, TASK_EXIST).on(FIND, trouble(UnreachableError))
    with pytest.raises(UnreachableError) as raised:
        messenger_of(platform).send(Delivery(TODO, "key-1", people=(ANN,)))
    assert raised.value.leaves_doubt is True


def test_todo_is_tried_again_after_trouble() -> None:
    lock = new(400, code="todo.taskCreate.lockError", message="lock")
    platform = FakeSending().on(CREATE, trouble(UnreachableError), lock, new(id="t1"))
    assert messenger_of(platform).send(Delivery(TODO, "k", people=(ANN,))).platform_id == "t1:union-ann"


def test_life_of_a_todo() -> None:
    platform = FakeSending().on(UPDATE, new(result=True)).on(DELETE, new(result=True))
    messenger = messenger_of(platform)
    messenger.update_todo("t1:union-ann", TODO)
    assert platform.body(UPDATE) == {"subject": "Approve", "description": "Leave of A", "dueTime": 1772357400000}
    messenger.complete_todo("t1:union-ann")
    assert platform.body(UPDATE) == {"done": True}
    assert messenger.delete_todo("t1:union-ann") == Recall("recalled")
    assert {request.path for request in platform.asked(UPDATE) + platform.asked(DELETE)} == {
        "https://api.example.com/v1.0/todo/users/union-ann/tasks/t1"
    }
    assert {request.method for request in platform.asked(DELETE)} == {"DELETE"}
    assert messenger.fetch_results("t1:union-ann", [ANN]) == Results({}, is_final=True)


def test_todo_that_is_gone_counts_as_deleted() -> None:
    gone = new(400, code="todo.taskDelete.paramError", message="task not exist")
    assert messenger_of(FakeSending().on(DELETE, gone)).delete_todo("t1:u") == Recall("recalled", "it was gone already")


NEW_CODES = {
    "invalidClientIdOrSecret": (400, CredentialError, "login and password"),
    "Forbidden.AccessDenied.AccessTokenPermissionDenied": (403, PermissionDeniedError, "Grant Todo.Todo.Write under"),
    "Forbidden.AccessDenied.IpNotInWhiteList": (403, PermissionDeniedError, "Add 198.51.100.4 to the app's list"),
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi": (403, ThrottledError, "too many calls"),
    "Forbidden.AccessDenied.ApiCountLimitForOrg": (403, RefusedError, "month's quota"),
    "todo.taskUpdate.paramError": (400, PermissionDeniedError, "made by another app"),
    "todo.taskCreate.flowControlError": (400, ThrottledError, "too many todos"),
    "systemBusy": (400, PlatformBusyError, "it is busy"),
    "somethingElse": (400, RefusedError, "not a code orgsync knows"),
}


@pytest.mark.parametrize(("code", "expected"), NEW_CODES.items(), ids=NEW_CODES.keys())
def test_errors_of_the_new_generation_say_what_to_do(code: str, expected: tuple[int, type[Exception], str]) -> None:
    status, kind, said = expected
    message = "task not belong to bizTag, ip 198.51.100.4"
    refused = new(status, code=code, message=message, requestid="r7", accessdenieddetail={"requiredScopes": ["Todo.Todo.Write"]})
    with pytest.raises(kind, match=said) as raised:
        messenger_of(FakeSending().on(UPDATE, refused)).complete_todo("t1:union-ann")
    assert "request id r7" in str(raised.value)
    assert "union-ann" not in str(raised.value)


@pytest.mark.parametrize("status", [400, 401])
def test_stale_token_of_the_new_generation_is_renewed(status: int) -> None:
    code = "InvalidAuthentication" if status == 400 else "whatever"
    platform = FakeSending().on(UPDATE, new(status, code=code, message="不合法的access_token"), new(result=True))
    messenger_of(platform).complete_todo("t1:u")
    assert len(platform.asked("v1.0/oauth2/accessToken")) == 2


@pytest.mark.parametrize("text", ["42", "", ":u", "t1:"])
def test_todo_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no DingTalk todo"):
        messenger_of(FakeSending()).complete_todo(text)


def test_todo_id_is_one_text() -> None:
    assert TodoId.parse(str(TodoId("t", "on:e"))) == TodoId("t", "on:e")


def test_limits_follow_the_edition() -> None:
    limits = [messenger_of(FakeSending(), edition=edition).limits for edition in ("standard", "professional")]
    assert [each.billable_calls_per_month for each in limits] == [5_000, 200_000]
    assert (limits[0].people_per_call, limits[0].departments_per_call, limits[0].send_to_all_per_day) == (100, 20, 3)


def test_secrets_and_people_show_nowhere() -> None:
    messenger = messenger_of(FakeSending().on(SEND, refusal("41049")).on(CREATE, new(400, code="odd", message="no")))
    for delivery in (Delivery(TEXT, "k", people=(ANN,)), Delivery(TODO, "k", people=(ANN,))):
        with pytest.raises(PlatformError) as raised:
            messenger.send(delivery)
        shown = (
            repr(messenger)
            + repr(messenger._todos)
            + "".join(traceback.format_exception(raised.value))
            + json.dumps(vars(raised.value), default=str)
        )
        assert not [each for each in ("secret-of-app", "token-1", "token-2", "union-ann", "Leave of A") if each in shown]
