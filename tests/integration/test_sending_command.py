"""The commands about messages as a person meets them: a process, its output, its exit code; a real warehouse and the sandbox."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgsync.cli.sending import RETRIES
from orgsync.outbox.queueing import Audience, Message
from orgsync.outbox.sending import enqueue, push
from orgsync.platforms.sending.messages import Content
from tests.integration.world import TENANT, TENANTS, Command, World, set_platform

CARD = ("notify", "acme", "--kind", "card", "--title", "Fire drill", "--body", "At three", "--url", "https://example.com/drill")
TODO = ("notify", "acme", "--kind", "todo", "--title", "Sign", "--url", "https://example.com/sign")
HELLO = ("notify", "acme", "--title", "Hello")

HELLO_ALL = Content("text", "Hello")
SIGN = Content("todo", "Sign", url="https://example.com/sign")
LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def people(world: World) -> list[str]:
    """A synchronized organization; its people's ids."""
    world.sync()
    return [user_id for (user_id,) in world.query("select user_id from org.users order by user_id")]


def told(command: Command, *arguments: str, **options: Any) -> Any:
    """What a command that succeeds says as JSON."""
    done = command(*arguments, "--json", **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def queue(world: World, content: Content = HELLO_ALL, **options: Any) -> int:
    """Without the command, where another one is looked at."""
    return enqueue(world.settings, TENANT, Message(content, **{"audience": Audience(everyone=True)} | options))


def push_all(world: World) -> None:
    push(world.settings, TENANT, run_for=timedelta(seconds=30))


def inbox(world: World, user_id: str, what: str = "messages") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.control("GET", f"inbox?user={user_id}")[what]
    return found


def count_messages(world: World) -> int:
    [(count,)] = world.query("select count(*) from notify.message")
    return int(count)


def test_message_is_queued_followed_pushed_and_received(command: Command, world: World, people: list[str]) -> None:
    queued = command(*CARD, "--user", people[0], "--user", people[1])
    assert queued.returncode == 0, queued.stderr
    assert queued.stdout.splitlines() == [
        "message 1 is queued for acme",
        "follow it with: orgsync outbox --id 1; push it now with: orgsync push acme",
    ]
    assert inbox(world, people[0]) == []
    pushed = command("push", "acme")
    assert (pushed.returncode, pushed.stdout) == (0, "acme  1 message taken up; calls: 1 sent\n")
    assert [message["title"] for message in inbox(world, people[0])] == ["Fire drill"]
    received = json.loads(command("sandbox", "inbox", people[1], "--platform", "dingtalk", "--json").stdout)
    assert [message["title"] for message in received["messages"]] == ["Fire drill"]
    assert command("sandbox", "inbox", people[1], "--platform", "dingtalk").stdout.startswith("message  unread  Fire drill")
    shown = command("outbox", "--id", "1").stdout
    for words in ("Fire drill", "At three", "https://example.com/drill", f"users {people[0]}, {people[1]}", "2 sent", "send"):
        assert words in shown


def test_push_sends_at_once_and_shows_what_became_of_it(command: Command, world: World, people: list[str]) -> None:
    message = told(command, *CARD, "--user", people[0], "--user", "gone", "--push")
    assert (message["state"], message["recipients"]) == ("partly", {"sent": 1, "failed": 1})
    assert [(missed["user_id"], missed["state"]) for missed in message["missed"]] == [("gone", "failed")]
    assert [(attempt["action"], attempt["outcome"]) for attempt in message["attempts"]] == [("send", "sent")]
    assert len(inbox(world, people[0])) == 1


def test_options_become_columns(command: Command, world: World) -> None:
    """Times without a zone are in the tenant's."""
    told(
        command,
        *TODO,
        "--everyone",
        *("--due-at", "2099-03-01", "--not-before", "2099-01-01T08:00", "--expires-at", "2099-02-01T00:00+00:00"),
        *("--priority", "8", "--source", "payroll"),
    )
    [row] = world.query("select kind, audience, due_at, not_before, expires_at, priority, source from notify.message")
    due, start, end = (
        datetime(2099, 3, 1, 15, 59, tzinfo=UTC),
        datetime(2099, 1, 1, 0, 0, tzinfo=UTC),
        datetime(2099, 2, 1, 0, 0, tzinfo=UTC),
    )
    assert row == ("todo", {"everyone": True}, due, start, end, 8, "payroll")


def test_same_dedupe_key_queues_nothing_more(command: Command, world: World) -> None:
    ids = [told(command, *HELLO, "--everyone", "--dedupe-key", "drill-7")["message_id"] for _ in range(2)]
    assert ids[0] == ids[1]
    assert count_messages(world) == 1


def test_body_is_read_from_a_file_or_the_input(command: Command, world: World, tmp_path: Path) -> None:
    file = tmp_path / "body.txt"
    file.write_bytes("第一行\r\nline 2\n".encode())
    told(command, *HELLO, "--everyone", "--body-file", str(file))
    told(command, *HELLO, "--everyone", "--body-file", "-", given="from the input\n")
    assert world.query("select body from notify.message order by message_id") == [("第一行\nline 2",), ("from the input",)]


def test_template_is_filled_in(command: Command, world: World, tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text('kind: text\ntitle: "Hello {{ name }}"\nvariables:\n  name: who\n', encoding="utf-8")
    filled = ("notify", "acme", "--everyone", "--template", "hello")
    told(command, *filled, "--var", "name=Li=Wei", ORGSYNC_TEMPLATES=str(tmp_path))
    assert world.query("select kind, title from notify.message") == [("text", "Hello Li=Wei")]
    unknown = command(*filled, "--var", "nam=Li", ORGSYNC_TEMPLATES=str(tmp_path))
    assert unknown.returncode == 2
    assert "template 'hello' has no variable 'nam'; it has: name" in unknown.stderr


WRONG = {
    "unknown tenant": (("notify", "nobody", "--title", "x", "--everyone"), "there is no tenant 'nobody'"),
    "empty audience": (HELLO, "nobody is named to get it"),
    "unknown department": ((*HELLO, "--department", "99"), "tenant acme has no department 99"),
    "too long in bytes": ((*HELLO, "--everyone", "--body", "通" * 700), "too long: 2"),
    "bad URL": ((*HELLO, "--everyone", "--url", "example.com"), "does not begin with http:// or https://"),
    "variable without value": ((*HELLO, "--everyone", "--var", "a"), "write NAME=VALUE"),
    "variable twice": ((*HELLO, "--everyone", "--var", "a=b", "--var", "a=c"), "given twice"),
    "no such file": ((*HELLO, "--everyone", "--body-file", "/no/such"), "cannot be read"),
    "two bodies": ((*HELLO, "--everyone", "--body", "x", "--body-file", "-"), "exclude each other"),
    "preview and push": ((*HELLO, "--everyone", "--preview", "--push"), "exclude each other"),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG.keys())
def test_wrong_message_is_exit_code_2_and_queues_nothing(command: Command, world: World, arguments: tuple[str, ...], words: str) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert count_messages(world) == 0


@pytest.mark.parametrize(
    ("content", "words"), [(b"a\0b", "holds the character NUL"), ("中文".encode("gb18030"), "not written in UTF-8")], ids=["NUL", "GB18030"]
)
def test_file_that_is_no_text_is_exit_code_2(command: Command, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "b"
    file.write_bytes(content)
    done = command(*HELLO, "--everyone", "--body-file", str(file))
    assert done.returncode == 2
    assert words in " ".join(done.stderr.replace("│", " ").split())


def test_preview_shows_what_would_be_sent_and_writes_nothing(command: Command, world: World) -> None:
    """What a message says can be seen before it is known who gets it."""
    shown = command(*CARD, "--preview")
    assert shown.returncode == 0, shown.stderr
    for words in ("Fire drill", "Can be sent", '"single_url": "https://example.com/drill"', '"userid_list": "<user_id>"'):
        assert words in shown.stdout
    assert told(command, *CARD, "--everyone", "--preview")["body"]["msg"]["msgtype"] == "action_card"
    assert world.query("select (select count(*) from notify.message), (select count(*) from notify.channel)") == [(0, 0)]
    assert world.control("GET", "outbox")["sent"] == []


def test_preview_of_what_cannot_be_sent_is_exit_code_2(command: Command) -> None:
    shown = command("notify", "acme", "--kind", "card", "--title", "Fire drill", "--preview", "--json")
    assert shown.returncode == 2
    assert json.loads(shown.stdout)["problems"] == ["a card needs a URL"]


def test_todo_is_updated_completed_and_removed(command: Command, world: World, people: list[str]) -> None:
    queue(world, SIGN, audience=Audience(users=[people[0]]))
    push_all(world)
    changed = told(command, "todo", "1", "--update", "--title", "Sign now", "--due-at", "2099-03-01T18:00", "--push")
    assert (changed["action"], changed["of_message_id"], changed["state"]) == ("update", 1, "delivered")
    assert changed["due_at"] == "2099-03-01T10:00:00+00:00"
    assert [todo["title"] for todo in inbox(world, people[0], "todos")] == ["Sign now"]
    completed = command("todo", "1", "--complete")
    assert completed.stdout.splitlines()[0] == "message 3 is queued for acme: complete todo 1"
    assert told(command, "todo", "1", "--delete", "--push")["state"] == "delivered"
    assert [todo["state"] for todo in inbox(world, people[0], "todos")] == ["deleted"]


@pytest.mark.parametrize(
    "arguments",
    [(), ("--complete", "--delete"), ("--update",), ("--complete", "--title", "x"), ("--update", "--title", "x")],
    ids=["no action", "two actions", "nothing to change", "a change of what is completed", "unknown todo"],
)
def test_wrong_change_of_a_todo_is_exit_code_2(command: Command, arguments: tuple[str, ...]) -> None:
    done = command("todo", "1", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_message_that_is_no_todo_is_not_changed(command: Command, world: World) -> None:
    queue(world)
    done = command("todo", "1", "--complete")
    assert done.returncode == 2
    assert "message 1 is no todo" in done.stderr


def test_message_is_taken_back(command: Command, world: World, people: list[str]) -> None:
    queue(world)
    push_all(world)
    assert command("recall", "1").stdout.splitlines()[0] == "message 1 is to be taken back, as soon as acme is pushed"
    recalled = told(command, "recall", "1", "--push")
    assert (recalled["answer"], recalled["state"]) == ("asked", "recalled")
    assert [message["recalled"] for message in inbox(world, people[0])] == [True]
    recall = next(attempt for attempt in recalled["attempts"] if attempt["action"] == "recall")
    assert recall["people"] == sum(recalled["recipients"].values()) > 0
    assert command("recall", "1").stdout == "message 1 was recalled already\n"


def test_recall_of_what_was_not_sent_says_so(command: Command, world: World) -> None:
    """Nobody is in the organization yet."""
    queue(world)
    push_all(world)
    queue(world, not_before=LATER)
    assert command("recall", "1").stdout == "nothing was sent of message 1, so there is nothing to take back\n"
    assert command("recall", "2").stdout == "message 2 was not sent yet: it is not going to be\n"
    unknown = command("recall", "3")
    assert unknown.returncode == 2
    assert "there is no message 3" in unknown.stderr


def test_message_is_tried_again(command: Command, world: World, people: list[str]) -> None:
    queue(world)
    world.query("update notify.message set next_attempt_at = now() + interval '1 hour', reason = 'put off'")
    push_all(world)
    tried = told(command, "retry", "1", "--push")
    assert (tried["answer"], tried["state"]) == ("again", "sent")
    assert command("retry", "1").stdout == "nothing of message 1 failed\n"
    queue(world, Content("text", "Later"), not_before=LATER)
    assert command("retry", "2").stdout == "message 2 waits for its time\n"
    unknown = command("retry", "3")
    assert unknown.returncode == 2
    assert "there is no message 3" in unknown.stderr


def test_every_answer_of_the_warehouse_has_its_words(world: World) -> None:
    """In the order in which the comment of the function lists them."""
    [(comment,)] = world.query("select obj_description('notify.retry(bigint)'::regprocedure)")
    for answer, said in RETRIES.items():
        assert answer in comment.partition("Answers ")[2]
        assert said.format(id=4711, tenant="acme")
    assert comment.partition("Answers ")[2].rstrip(".").replace(" or ", " ").split(", ") == list(RETRIES)


@pytest.fixture
def two_tenants(command: Command, world: World, monkeypatch: pytest.MonkeyPatch) -> Command:
    """acme, whose secret is wrong, and beta after it, on WeCom."""
    world.settings.tenants_file.write_text(TENANTS + "  - {id: beta, platform: wecom, conn_id: acme_wecom}\n", encoding="utf-8")
    set_platform(monkeypatch, world.sandbox, "wecom")
    assert command("sync", "beta").returncode == 0
    world.sync()
    set_platform(monkeypatch, world.sandbox, password="not-the-secret")
    return command


def test_failure_of_a_tenant_keeps_no_other_from_sending(two_tenants: Command, world: World) -> None:
    queue(world)
    told(two_tenants, "notify", "beta", "--title", "Hello", "--everyone")
    done = two_tenants("push")
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["acme  failed", "beta  1 message taken up; calls: 1 sent"]
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert "tenant acme: " in line
    assert "40096" in line
    assert world.query("select tenant_id, state from notify.message order by tenant_id") == [("acme", "claimed"), ("beta", "sent")]
    again = json.loads(two_tenants("push", "acme", "--json").stdout)
    assert [(each["tenant_id"], each["messages"], each["waiting"]) for each in again] == [("acme", 0, 1)]
    assert "40096" in again[0]["reason"]
    assert "40096" in again[0]["error"]


def test_stanza_that_is_wrong_keeps_no_other_from_sending(two_tenants: Command, world: World) -> None:
    queue(world)
    told(two_tenants, "notify", "beta", "--title", "Hello", "--everyone")
    world.settings.tenants_file.write_text(
        world.settings.tenants_file.read_text(encoding="utf-8").replace(", conn_id: acme_d", ", con_id: acme_d")
    )
    done = two_tenants("push")
    assert done.returncode == 2, done.stderr
    assert done.stdout.splitlines() == ["beta  1 message taken up; calls: 1 sent", "acme  failed"]
    assert "tenant acme is left out, for its stanza is wrong: " in done.stderr
    assert "line 2: a tenant has no key 'con_id'" in done.stderr
    assert world.query("select tenant_id, state from notify.message order by tenant_id") == [("acme", "pending"), ("beta", "sent")]
    assert world.query("select tenant_id, retired_at from notify.channel order by 1") == [("acme", None), ("beta", None)]
    for arguments in (("push", "acme"), ("outbox", "acme"), ("quota", "acme"), ("recall", "1"), (*HELLO, "--everyone")):
        refused = two_tenants(*arguments)
        assert (refused.returncode, "a tenant has no key 'con_id'" in refused.stderr) == (2, True), arguments


def test_message_that_cannot_be_pushed_is_queued_all_the_same(two_tenants: Command, world: World) -> None:
    done = two_tenants(*HELLO, "--everyone", "--push", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["message_id"] == 1
    assert "tenant acme: " in done.stderr


def test_quota_before_the_first_sync(command: Command) -> None:
    assert command("quota").stdout == "nothing was queued or pushed yet\n"


def test_quota_tells_what_is_used_and_what_waits(command: Command, world: World, people: list[str]) -> None:
    queue(world)
    push_all(world)
    queue(world, not_before=LATER)
    [row] = told(command, "quota", "acme")
    gauges = {gauge["name"]: (gauge["used"], gauge["most"]) for gauge in row["gauges"]}
    assert gauges["billable calls this month"] == (1, 5000)
    shown = command("quota").stdout
    for words in ("billable calls this month", "5,000", "1 message waits"):
        assert words in shown


def test_quota_of_an_unknown_tenant_is_exit_code_2(command: Command) -> None:
    assert command("quota", "nobody").returncode == 2


def test_outbox_lists_the_newest_first(command: Command, world: World, people: list[str]) -> None:
    for _ in range(2):
        queue(world)
        push_all(world)
    queue(world, Content("text", "Later"), not_before=LATER)
    listed = command("outbox", "acme").stdout
    assert [line.split()[0] for line in listed.splitlines()] == ["id", "3", "2", "1", "3:"]  # and why one waits
    for words in ("Hello", "60 sent", "Later", "pending"):
        assert words in listed
    assert [row["message_id"] for row in told(command, "outbox", "--state", "sent", "--limit", "1")] == [2]


def test_outbox_in_which_nothing_is(command: Command) -> None:
    assert command("outbox", "acme", "--state", "dead").stdout == "no message is dead\n"


@pytest.mark.parametrize("arguments", [("nobody",), ("--id", "7"), ("acme", "--id", "7"), ("--state", "lost")], ids=" ".join)
def test_wrong_question_to_the_outbox_is_exit_code_2(command: Command, arguments: tuple[str, ...]) -> None:
    done = command("outbox", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
