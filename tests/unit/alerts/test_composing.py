"""What is told: what, to which tenant, since when, what to do, where; in the tenant's language and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orgsync.alerts.composing import compose_letter, find_key
from orgsync.alerts.notices import Event, Notice
from orgsync.alerts.problems import SHARED, Outcome, Problem
from orgsync.alerts.speech import Speech
from orgsync.carriers.letters import write_plain
from orgsync.words import Words

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
SPEECH = Speech({"acme": ("en",), "yunshan": ("zh",)}, {"acme": "Europe/Berlin", "yunshan": "Asia/Shanghai"})


def notice(
    event: Event = "new", *, tenant_id: str = "acme", reason: str = "the last run failed", outcome: Outcome = "broken", at: datetime = NOW
) -> Notice:
    words = Words(reason, "最近一次运行失败")
    problem = Problem(tenant_id, "failed", "", outcome, words, Words("Look", "查看"), "https://a.example/x", NOW - timedelta(hours=2))
    return Notice(problem, event, at)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (notice(), "Broken · acme: the last run failed\nSince: 2026-11-30 03:00 (Europe/Berlin)\nTo do: Look\nhttps://a.example/x"),
        (
            notice("still", tenant_id="yunshan"),
            "仍有故障 · yunshan: 最近一次运行失败\n开始：2026-11-30 10:00 (Asia/Shanghai)\n处理：查看\nhttps://a.example/x",
        ),
        (
            notice("over"),
            "Over · acme: the last run failed\nFrom 2026-11-30 03:00 (Europe/Berlin) to 2026-11-30 05:00 (Europe/Berlin)\nhttps://a.example/x",
        ),
        (
            notice(tenant_id=SHARED, outcome="degraded"),
            (
                "Degraded / 受限 · all tenants / 所有租户: the last run failed / 最近一次运行失败\n"
                "Since: 2026-11-30 02:00 (UTC) / 开始：2026-11-30 02:00 (UTC)\nTo do: Look / 处理：查看\nhttps://a.example/x"
            ),
        ),
    ],
    ids=["new", "still-zh", "over", "shared"],
)
def test_notice_reads_so(given: Notice, expected: str) -> None:
    letter = compose_letter([given], SPEECH)
    assert write_plain(letter).rpartition("\n\n")[0] == expected
    assert letter.subject == f"[orgsync] {expected.partition(chr(10))[0]}"


def test_each_notice_of_a_letter_is_in_the_language_of_its_tenant() -> None:
    letter = compose_letter([notice(), notice(tenant_id="yunshan"), notice("over")], SPEECH)
    assert [entry.heading.split(" ")[0] for entry in letter.entries] == ["Broken", "故障", "Over"]
    assert letter.subject == "[orgsync] acme, yunshan: 2 problems, 1 over / 2 个问题，1 个已恢复"


def test_names_with_line_ends_and_unseen_characters_are_one_line() -> None:
    letter = compose_letter([notice(reason="a\r\nTo do: pay\u202e evil\x00")], SPEECH)
    assert letter.entries[0].heading == "Broken · acme: a To do: pay evil"
    assert "\n" not in letter.subject


def test_key_is_the_same_for_the_same_notices_of_a_day_alone() -> None:
    key = find_key([notice(), notice("over")])
    assert key == find_key([notice("over"), notice(at=NOW + timedelta(hours=1))])
    others = [
        [notice()],
        [notice("still"), notice("over")],
        [notice(), notice("over", at=NOW + timedelta(days=1))],
        [notice(tenant_id="b"), notice("over")],
    ]
    assert len({key, *(find_key(other) for other in others)}) == 5
    came_back = notice()
    later = replace(came_back, problem=replace(came_back.problem, since=NOW))
    assert find_key([later]) != find_key([came_back])
    assert find_key([notice()], of="mail:a") != find_key([notice()], of="mail:b")
