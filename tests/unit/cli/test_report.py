"""Runs in a terminal: nothing cut off at any width, and every kind of run says what it should."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from orgsync.cli.report import OUTCOME_STYLES, show_plan, show_quarantine, show_replay, show_retractions, show_run, show_runs, show_table

WIDTHS = pytest.mark.parametrize("width", [80, 100, 160])
STARTED_AT = datetime(2026, 11, 24, 3, 7, 5, tzinfo=UTC)
Run = dict[str, Any]


def make_run(**changed: Any) -> Run:
    return {
        "tenant_id": "acme_dingtalk",
        "platform": "dingtalk",
        "run_type": "cli",
        "mode": "full",
        "method": "department by department",
        "outcome": "succeeded",
        "counts": {"users": 20_000, "departments": 1_000, "memberships": 22_000, "quarantined": 0, "history_rows": 43_000},
        "step_seconds": {
            "extract": 81.42,
            "validate": 12.3,
            "import": 6.0,
            "tidy": 1.5,
            "expect": 0.4,
            "stage": 3.9,
            "plan": 2.2,
            "merge": 1.8,
            "write": 1.8,
        },
        "calls": {
            "topapi/v2/department/listsub": {"expected": 1_000, "read": 1_000, "retried": 0},
            "topapi/v2/user/list": {"expected": 1_300, "read": 1_300, "retried": 12, "throttled": 7},
        },
        "error": None,
        "warnings": [],
        "started_at": STARTED_AT,
        "changes": {"user": {"joined": 1_234, "left": 2}, "department": {"moved": 1}},
        "withheld_fields": [],
        "withheld_since": {},
        "quarantine": [],
        "totals": {"departments": 1_000, "users": 20_000, "memberships": 22_000},
    } | changed


SUCCEEDED = make_run()
FIRST = make_run(changes={"user": {"joined": 20_000}, "department": {"created": 1_000}})
UNCHANGED = make_run(outcome="unchanged", mode="frequent", changes={}, counts={"users": 20_000, "history_rows": 0, "quarantined": 0})
PLANNED = make_run(outcome="planned")
RUNNING = make_run(outcome="running", mode=None, counts={}, step_seconds={}, calls={}, changes={})
FAILED = make_run(
    outcome="failed",
    mode=None,
    counts={},
    calls={},
    step_seconds={"extract": 0.1},
    changes={},
    error="dingtalk gettoken answered 40096, request id 15s8d: invalid secret. Set the connection's password to the client secret",
)
STOPPED = make_run(
    outcome="stopped",
    changes={},
    step_seconds={"extract": 3.0, "validate": 2.0},
    error="the platform shows no department at all; nothing was changed. Check the app's visible range (DingTalk: 授权范围) and sync again",
)
QUARANTINED = make_run(
    counts=SUCCEEDED["counts"] | {"quarantined": 1_201},
    withheld_fields=["user.email", "user.mobile", "user.work_email"],
    quarantine=[
        {
            "entity": "user",
            "rule": "malformed_value",
            "reason": "mobile is no phone number",
            "count": 1_200,
            "examples": ["manager4220", "李雷"],
        },
        {
            "entity": "department",
            "rule": "orphan",
            "reason": "its parent department is not in the snapshot",
            "count": 1,
            "examples": ["2400015838"],
        },
    ],
)
RUNS = {
    "succeeded": SUCCEEDED,
    "first": FIRST,
    "unchanged": UNCHANGED,
    "planned": PLANNED,
    "running": RUNNING,
    "failed": FAILED,
    "stopped": STOPPED,
    "quarantined": QUARANTINED,
}
EACH_RUN = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())


def printed(width: int, show: Callable[..., None], *arguments: Any) -> str:
    """What a person reads at this width; no line may be wider, nothing cut off, no sentence left open."""
    file = io.StringIO()
    console = Console(file=file, width=width)
    show(console, *arguments)
    text = file.getvalue()
    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text
    assert not re.search(r"[;,:(]\s*$", text.splitlines()[-1])
    return text


def words(text: str) -> str:
    """The text without line breaks and columns."""
    return " ".join(text.split())


@WIDTHS
@EACH_RUN
def test_run_is_shown_whole(run: Run, width: int) -> None:
    text = words(printed(width, show_run, run))
    assert text.startswith(f"acme_dingtalk dingtalk, {run['mode'] or 'not'} read")
    assert run["outcome"] in text
    assert "2026-11-24 03:07:05 UTC" in text
    assert "1,000 departments, 20,000 people, 22,000 memberships" in text
    assert (run["error"] or "") in text
    for rule in run["quarantine"]:
        for part in (rule["entity"], rule["rule"], rule["reason"], f"{rule['count']:,}", *rule["examples"]):
            assert part in text
    for field in run["withheld_fields"]:
        assert field in text
    for interface in run["calls"]:
        assert interface in text


@WIDTHS
@EACH_RUN
def test_listed_run_is_shown_whole(run: Run, width: int) -> None:
    text = words(printed(width, show_runs, [run]))
    for part in ("acme_dingtalk", "2026-11-24 03:07:05", run["outcome"], run["mode"] or "", run["error"] or ""):
        assert part in text
    for name in ("users", "history_rows", "quarantined"):
        assert name not in run["counts"] or re.search(rf"(?<![\d,]){run['counts'][name]:,}(?![\d,])", text)


@pytest.mark.parametrize(
    ("run", "changes"),
    [
        pytest.param(SUCCEEDED, "Changed: people 1,234 joined, 2 left; departments 1 moved", id="some"),
        pytest.param(FIRST, "Changed: people 20,000 joined; departments 1,000 created", id="first sync"),
        pytest.param(make_run(changes={"user": {"left": 1}}), "Changed: people 1 left; departments none", id="people only"),
        pytest.param(
            make_run(changes={"department": {"renamed": 1}}), "Changed: people none; departments 1 renamed", id="departments only"
        ),
        pytest.param(
            make_run(changes={"user": {"seconded": 3, "left": 1}}), "Changed: people 1 left, 3 seconded;", id="kind of a later version"
        ),
        pytest.param(UNCHANGED, "Changed: nothing ", id="unchanged"),
        pytest.param(STOPPED, "Changed: nothing ", id="stopped"),
        pytest.param(make_run(outcome="stopped"), "Would change: people 1,234 joined", id="stopped by its budget"),
        pytest.param(PLANNED, "Would change: people 1,234 joined", id="planned"),
        pytest.param(make_run(outcome="planned", changes={}), "Would change: nothing ", id="planned, nothing"),
        pytest.param(RUNNING, "Changed: nothing yet", id="running"),
    ],
)
def test_changes_are_counted_by_kind(run: Run, changes: str) -> None:
    assert changes in words(printed(100, show_run, run))


def test_seconds_of_parts_are_within_their_step() -> None:
    text = words(printed(100, show_run, SUCCEEDED))
    assert (
        "Seconds: 97.7 in all; extract 81.4, validate 12.3 (import 6.0, tidy 1.5, expect 0.4, stage 3.9), plan 2.2, merge 1.8 (write 1.8)"
        in text
    )


def test_calls_are_counted_with_their_retries() -> None:
    text = words(printed(100, show_run, SUCCEEDED))
    assert "API calls: 2,312 in all; topapi/v2/department/listsub 1,000, topapi/v2/user/list 1,300 (12 retried, 7 throttled)" in text


def test_run_that_just_began_has_no_seconds_or_calls() -> None:
    text = printed(80, show_run, RUNNING)
    assert "Seconds" not in text
    assert "API calls" not in text


def test_runs_are_a_table_where_it_fits() -> None:
    lines = printed(160, show_runs, [SUCCEEDED, FAILED, RUNNING]).splitlines()
    assert words(lines[0]) == "tenant started (UTC) outcome read seconds extract validate plan merge calls people history rows quarantined"
    assert words(lines[1]) == "acme_dingtalk 2026-11-24 03:07:05 succeeded full 97.7 81.4 12.3 2.2 1.8 2,312 20,000 43,000 0"
    assert len(lines) == 1 + 3 + 1  # the header, and the error
    assert lines[-1].startswith("acme_dingtalk 2026-11-24 03:07:05 UTC: dingtalk gettoken answered 40096")


def test_runs_are_two_lines_each_where_the_table_does_not_fit() -> None:
    lines = printed(80, show_runs, [SUCCEEDED, RUNNING]).splitlines()
    assert [line.rstrip() for line in lines] == [
        "acme_dingtalk  2026-11-24 03:07:05 UTC  succeeded",
        "  full read, 97.7 s (extract 81.4, validate 12.3, plan 2.2, merge 1.8), 2,312",
        "  calls, 20,000 people, 43,000 history rows, 0 quarantined",
        "acme_dingtalk  2026-11-24 03:07:05 UTC  running",
        "  nothing recorded yet",
    ]


def test_brackets_are_text_and_not_markup() -> None:
    rule = {"entity": "user", "rule": "duplicate_id", "reason": "[bold]twice[/bold]", "count": 1, "examples": ["[/red]", "[x"]}
    run = make_run(quarantine=[rule], error="[/] is no id [link=x]")
    for width in (80, 160):
        text = printed(width, show_run, run) + printed(width, show_runs, [run])
        for part in ("[bold]twice[/bold]", "[/red]", "[x", "[/] is no id [link=x]"):
            assert part in text


@pytest.mark.parametrize("outcome", OUTCOME_STYLES)
def test_each_outcome_has_a_colour(outcome: str) -> None:
    file = io.StringIO()
    show_run(Console(file=file, width=80, force_terminal=True, color_system="standard"), make_run(outcome=outcome))
    assert re.search(rf"\x1b\[[\d;]+m{outcome}", file.getvalue())


@WIDTHS
def test_table_that_does_not_fit_becomes_a_list(width: int) -> None:
    columns = [f"column_{number}" for number in range(22)]
    rows = [tuple("x" * 20 for _ in columns), (None, 5, "[/]", *columns[3:])]
    text = printed(width, show_table, columns, rows)
    assert "row 1\n" in text
    assert text.count("x" * 20) == len(columns)
    assert "[/]" in text
    assert text.endswith("(2 rows)\n")


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        pytest.param([], ["user_id  name", "(0 rows)"], id="no rows"),
        pytest.param([("ann", None)], ["user_id  name", "ann", "(1 row)"], id="one row"),
        pytest.param([("ann", "张三"), ("bob", 1)], ["user_id  name", "ann      张三", "bob      1", "(2 rows)"], id="two rows"),
    ],
)
def test_table_that_fits_is_a_table(rows: list[tuple[Any, ...]], lines: list[str]) -> None:
    assert [line.rstrip() for line in printed(80, show_table, ["user_id", "name"], rows).splitlines()] == lines


def test_one_long_value_is_whole_in_a_line_of_its_own() -> None:
    """Only the terminal breaks it: it can be copied, and opened where it is a URL."""
    value = "https://open-dev.example.com/" + "y" * 300
    file = io.StringIO()
    show_table(Console(file=file, width=80), ["value", "lines"], [(value, "one\ntwo")])
    assert file.getvalue().splitlines()[1:] == [f"  value  {value}", "  lines  one", "         two", "(1 row)"]


def test_headline_says_which_way_was_read() -> None:
    assert "full read (department by department)" in words(printed(160, show_run, make_run()))


OVER = {"budget": "leavers", "count": 152, "total": 500, "percent": 30.4, "allowed_count": 10, "allowed_percent": 5.0}


def make_plan(**changed: Any) -> Run:
    change = {"kind": "left", "entity": "user", "department_id": None, "column_name": None, "value_to": None}
    return {
        "plan_id": 17,
        "tenant_id": "acme_dingtalk",
        "taken_at": STARTED_AT,
        "state": "planned",
        "is_retraction": False,
        "summary": {"user": {"left": 152}, "department": {}},
        "over_budget": [OVER],
        "decided_by": None,
        "decided_at": None,
        "is_approved": None,
        "problems": [],
        "company_accepted_by": None,
        "unseen_counts": {},
        "withheld_fields": [],
        "changes": [{**change, "user_id": user_id, "value_from": f"Name {user_id}"} for user_id in ("anna", "bo")],
    } | changed


def test_plan_says_why_somebody_is_asked_and_lists_the_first_of_each_kind() -> None:
    text = words(printed(160, show_plan, make_plan()))
    assert "plan 17 acme_dingtalk, snapshot of 2026-11-24 03:07:05 UTC, planned" in text
    assert "Over budget: 152 of 500 (30.4 %) people would leave; without asking 10 may, or 5 %" in text
    assert "anna Name anna" in text
    assert "and 150 more (--json or --csv list all)" in text


MOVED = {
    "kind": "moved",
    "entity": "user",
    "user_id": "anna",
    "department_id": None,
    "column_name": "department_ids",
    "value_from": "12",
    "value_to": "15,7",
    "name": "安娜",
    "names_from": "研发部",
    "names_to": "市场部, 人事部",
    "department_path": "云杉 / 市场部",
}


def test_plan_names_people_and_departments_beside_their_ids() -> None:
    plan = make_plan(changes=[MOVED], summary={"user": {"moved": 1}, "department": {}})
    wide = words(printed(160, show_plan, plan))
    assert "id name department column from to anna 安娜 云杉 / 市场部 department_ids 研发部 (12) 市场部, 人事部 (15,7)" in wide
    narrow = words(printed(80, show_plan, plan))
    assert "anna 安娜 云杉 / 市场部 department_ids: 研发部 (12) -> 市场部, 人事部 (15,7)" in narrow


def test_times_are_in_the_zone_they_bear_which_is_named() -> None:
    shanghai, tokyo = (make_run(started_at=STARTED_AT.astimezone(ZoneInfo(zone))) for zone in ("Asia/Shanghai", "Asia/Tokyo"))
    assert "2026-11-24 11:07:05 Asia/Shanghai" in words(printed(100, show_run, shanghai))
    assert "started (Asia/Shanghai)" in printed(160, show_runs, [shanghai, shanghai]).splitlines()[0]
    mixed = words(printed(200, show_runs, [shanghai, tokyo]))
    for instant in ("2026-11-24 11:07:05 Asia/Shanghai", "2026-11-24 12:07:05 Asia/Tokyo"):
        assert instant in mixed
    answer = printed(100, show_table, ["at"], [(shanghai["started_at"],)])
    assert "2026-11-24 11:07:05+08:00" in answer
    assert answer.endswith("(1 row; times in Asia/Shanghai)\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"decided_by": "wang", "decided_at": STARTED_AT, "is_approved": True}, "Approved by wang, 2026-11-24 03:07:05 UTC"),
        ({"decided_by": "li", "decided_at": STARTED_AT, "is_approved": False, "state": "rejected"}, "Rejected by li"),
        ({"company_accepted_by": "wang"}, "With another company from here on, by the word of wang"),
        ({"problems": ["user/list of department 7 is missing"]}, "Not complete, so it ends nothing: user/list of department 7 is missing"),
        ({"unseen_counts": {"user": 40, "department": 3}}, "Out of sight, they stay as they were: 3 departments, 40 users"),
        ({"withheld_fields": ["user.mobile"]}, "last values stay: user.mobile"),
    ],
    ids=["approved", "rejected", "another company", "incomplete", "narrow", "withheld"],
)
def test_plan_says_what_it_could_not_see_and_who_decided(changed: dict[str, Any], said: str) -> None:
    assert said in words(printed(160, show_plan, make_plan(**changed)))


def test_quarantine_is_listed_with_its_age() -> None:
    row = {"tenant_id": "acme", "entity": "user", "user_id": "anna", "department_id": None, "rules": "nul_character", "reasons": "a NUL"}
    text = words(printed(160, show_quarantine, [{**row, "runs": 3, "since": STARTED_AT}]))
    assert "acme user anna nul_character a NUL 3 2026-11-24 03:07" in text


def test_replay_has_a_line_for_each_snapshot() -> None:
    done = {"taken_at": STARTED_AT, "outcome": "succeeded", "changes": {"user": {"joined": 3}, "department": {}}, "history_rows": 1_234}
    assert "2026-11-24 03:07:05 succeeded Changed: people 3 joined; departments none 1,234" in words(printed(160, show_replay, [done]))


def test_replay_says_why_a_snapshot_was_left_out() -> None:
    done = {"taken_at": STARTED_AT, "outcome": "skipped", "reason": "it was retracted by wang", "changes": {}, "history_rows": 0}
    assert "2026-11-24 03:07:05 skipped it was retracted by wang 0" in words(printed(160, show_replay, [done]))


def test_retraction_shows_what_is_told_no_more_and_what_is_told_instead() -> None:
    done = {"snapshot_id": "acme/1", "state": "loaded", "outcome": "succeeded", "history_rows": 12}
    told = {"taken_back": {"user": {"left": 3}, "department": {}}, "instead": {"user": {}, "department": {}}}
    text = words(printed(160, show_retractions, [done | told]))
    assert "acme/1 loaded succeeded people 3 left; departments none nothing 12" in text


def test_plan_of_a_retraction_says_so() -> None:
    text = words(printed(160, show_plan, make_plan(is_retraction=True, over_budget=[], changes=[])))
    assert "The snapshot was taken out of history. Taken back: people 152 left; departments none" in text


def test_name_with_control_characters_moves_nothing_in_a_terminal() -> None:
    """A name is what somebody typed: `\\u001b[2J` in it would empty the screen of whoever looks at it."""
    name = "a\x1b[2J\x07\u202eb"
    table = printed(160, show_table, ["name"], [(name,)])
    assert r"a\u001b[2J\u0007\u202eb" in table
    assert not {"\x1b", "\x07", "\u202e"} & set(table)


@pytest.mark.parametrize("width", [60, 100])
def test_url_in_an_error_is_never_broken(width: int) -> None:
    url = f"https://open-dev.dingtalk.com/appscope/apply?content={'a' * 120}"
    run = make_run(outcome="failed", error=f"a permission point is missing. Grant it, or apply at {url}; then publish a new version")
    for show, shown in ((show_run, run), (show_runs, [run])):
        file = io.StringIO()
        show(Console(file=file, width=width), shown)
        assert f"{url};" in file.getvalue()
        others = [line for line in file.getvalue().splitlines() if "://" not in line]
        assert max(map(cell_len, others)) <= width
