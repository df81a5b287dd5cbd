"""Makes a letter of notices: short, and nothing in it but what is wrong, since when, what to do, and where to look."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from orgsync.alerts.notices import Notice
from orgsync.alerts.problems import SHARED
from orgsync.alerts.speech import Languages, Speech, speak
from orgsync.carriers.letters import Entry, Letter, cut
from orgsync.templates.values import clean
from orgsync.words import Words, join, say

SUBJECT_CHARACTERS = 150
MOST_CHARACTERS = 4000
"""Of one text; what tells an administrator what to do is never that long."""
MOST_NAMES = 3

HEADINGS = {
    ("new", "broken"): Words("Broken", "故障"),
    ("new", "degraded"): Words("Degraded", "受限"),
    ("still", "broken"): Words("Still broken", "仍有故障"),
    ("still", "degraded"): Words("Still degraded", "仍受限"),
    ("over", "broken"): Words("Over", "已恢复"),
    ("over", "degraded"): Words("Over", "已恢复"),
}
SINCE = Words("Since: {since}", "开始：{since}")
LASTED = Words("From {since} to {until}", "持续：{since} 至 {until}")
FIX = Words("To do: {fix}", "处理：{fix}")
ALL = Words("all tenants", "所有租户")
OPEN = Words("Open", "查看详情")
MORE = Words("… and {count} more; `orgsync check` lists all", "……另有 {count} 项；`orgsync check` 可列出全部")
CLOSING = Words("Told by orgsync.", "由 orgsync 发出。")
PROBLEMS = Words("{count} problems", "{count} 个问题")
SOME_OVER = Words("{count} over", "{count} 个已恢复")


def compose_letter(notices: Sequence[Notice], speech: Speech, *, of: str = "") -> Letter:
    """One letter of all of them, each in the languages of its tenant. `of` is whom it is for, which belongs to its key."""
    spoken = speech.languages_of({notice.problem.tenant_id for notice in notices})
    return Letter(
        key=find_key(notices, of=of),
        subject=_write_subject(notices, speech, spoken),
        entries=tuple(_write_entry(notice, speech) for notice in notices),
        closing=speak(CLOSING, spoken),
        open_words=speak(OPEN, spoken),
        more=speak(MORE, spoken),
        data={"notices": [_write_data(notice) for notice in notices]},
    )


def find_key(notices: Sequence[Notice], *, of: str = "") -> str:
    """The same for the same notices on the same day, in whatever order, and for nothing else: told twice, it is known again.

    With `since`, for what is over and comes back on the same day is news.
    """
    parts = sorted("\0".join((*each.problem.identity, each.event, f"{each.problem.since:%FT%T}", f"{each.at:%F}")) for each in notices)
    return hashlib.sha256("\1".join((of, *parts)).encode()).hexdigest()[:32]


def name_tenant(tenant_id: str) -> str:
    return ALL if tenant_id == SHARED else tenant_id


def _write_subject(notices: Sequence[Notice], speech: Speech, spoken: Languages) -> str:
    """Begins with the same word always: by it people sort their mail, and robots let messages in."""
    if len(notices) == 1:
        entry = _write_entry(notices[0], speech)
        return cut(f"[orgsync] {' '.join(entry.heading.split())}", SUBJECT_CHARACTERS)
    counts = Counter(notice.event == "over" for notice in notices)
    names = list(dict.fromkeys(speak(name_tenant(notice.problem.tenant_id), spoken) for notice in notices))
    listed = ", ".join(names[:MOST_NAMES]) + (" …" if len(names) > MOST_NAMES else "")
    parts = [words.fill(count=counts[is_over]) for words, is_over in ((PROBLEMS, False), (SOME_OVER, True)) if counts[is_over]]
    counted = speak(join(parts, en=", ", zh="，"), spoken)
    return cut(f"[orgsync] {listed}: {counted}", SUBJECT_CHARACTERS)


def _write_entry(notice: Notice, speech: Speech) -> Entry:
    problem, spoken = notice.problem, speech.languages_of([notice.problem.tenant_id])
    word = speak(HEADINGS[notice.event, problem.outcome], spoken)
    heading = f"{word} · {speak(name_tenant(problem.tenant_id), spoken)}: {_tidy(speak(problem.reason, spoken))}"
    since, until = (speech.write_time(instant, problem.tenant_id) for instant in (problem.since, notice.at))
    if notice.event == "over":
        return Entry(heading, (speak(LASTED.fill(since=since, until=until), spoken),), problem.link)
    fix = [_tidy(speak(FIX.fill(fix=problem.fix), spoken))] if problem.fix else []
    return Entry(heading, (speak(SINCE.fill(since=since), spoken), *fix), problem.link)


def _tidy(text: str) -> str:
    """In one line, without what is not seen: names of departments and files may be in it."""
    return cut(" ".join(clean(text).split()), MOST_CHARACTERS)


def _write_data(notice: Notice) -> dict[str, Any]:
    problem = notice.problem
    return {
        "event": notice.event,
        "at": notice.at.isoformat(),
        "tenant": problem.tenant_id,
        "kind": problem.kind,
        "subject": problem.subject,
        "outcome": problem.outcome,
        "reason": {"en": _tidy(str(problem.reason)), "zh": _tidy(say(problem.reason, "zh"))},
        "fix": {"en": _tidy(str(problem.fix)), "zh": _tidy(say(problem.fix, "zh"))},
        "link": problem.link,
        "since": problem.since.isoformat(),
    }
