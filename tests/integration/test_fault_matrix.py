"""Each fault on each platform, in the middle of a tenant's life: recovered, or a clear error and no change, or one row kept out.

MATRIX is the whole of it. A passing fault strikes a call or two, a lasting one whenever it can.
"""

from __future__ import annotations

import importlib
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from orgsync.errors import (
    BrokenPagingError,
    CredentialError,
    GateError,
    IncompleteSnapshotError,
    OrgsyncError,
    PermissionDeniedError,
    PlatformBusyError,
    PlatformError,
    RefusedError,
    SlowAnswerError,
    ThrottledError,
    UnexpectedAnswerError,
    UnreachableError,
)
from orgsync.platforms import PLATFORM_NAMES
from sandbox.testing import RunningSandbox
from stack.postgres import PostgresServer
from tests.integration.rewind import FirstSync, found, rewind, sync_first
from tests.integration.truth import assert_equals_truth
from tests.integration.world import RECIPE, World, no_waiting, set_platform, set_warehouse

# Everybody and every department is renamed, so that a row left behind shows, and a row kept out by mistake too.
EVOLUTION = {"joined": 2, "left": 2, "moved": 2, "renamed": 1000, "departments_renamed": 1000}
ORGANIZATION = RECIPE | {"departments": 8}
MOST_PAGES = 20
PARAMETER = {"dingtalk": "dept_id", "wecom": "department_id", "feishu": "department_id"}


@dataclass(frozen=True)
class Fails:
    """The error's exact class; `where` is its interface, if it is not the one that was struck, `words` are in its text."""

    error: type[OrgsyncError]
    words: str = ""
    where: str = ""


@dataclass(frozen=True)
class KeptOut:
    """How many people and departments each rule keeps out; their memberships follow them."""

    rules: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Absent:
    """The platform does not have such a thing."""

    reason: str


RECOVERED = "recovered"
ANYWHERE = "anywhere"  # a token is for every interface: which call is the second to meet one that is gone is chance
Outcome = Fails | KeptOut | Absent | str


@dataclass(frozen=True)
class Strike:
    """What to order of the sandbox. `interface` may differ by platform; `at` narrows it to the root's call or one department's."""

    kind: str
    interface: str | Mapping[str, str] = "people"
    at: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One fault: what strikes, and what comes of it on each platform."""

    name: str
    strikes: list[Strike]
    dingtalk: Outcome
    wecom: Outcome
    feishu: Outcome
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More fields of the connection. `contact_secret` is WeCom's, taken from the sandbox's settings."""


def strike(kind: str, interface: str | Mapping[str, str] = "people", *, at: str = "", **options: Any) -> Strike:
    return Strike(kind, interface, at, options)


def everywhere(outcome: Outcome) -> dict[str, Outcome]:
    return dict.fromkeys(PLATFORM_NAMES, outcome)


def passing(kind: str, **options: Any) -> list[Strike]:
    return [strike(kind, times=2, **options)]


def person(rule: str, rows: int = 1) -> KeptOut:
    return KeptOut({("user", rule): rows})


def department(rule: str, rows: int = 1) -> KeptOut:
    return KeptOut({("department", rule): rows})


CONTACT = {"contact_secret": True}
PAGED = {"dingtalk": "people", "wecom": "user/list_id", "feishu": "people"}
DETAILS = {"dingtalk": "topapi/v2/department/get", "wecom": "departments", "feishu": "departments"}
BEHIND_SCHOOLS = {"dingtalk": 3, "wecom": 1, "feishu": 1}  # two family-school trees come last in DingTalk's list, and are not read
NO_HAS_MORE = Absent("WeCom's lists are whole; its one paged list ends by its cursor")
OTHER_NAME = Absent("the platform has no field of that name")
NOT_COUNTED = Absent("an app's secret alone sees no count of the company: the contact secret does, in the row above")

MATRIX = [
    # --- the connection and HTTP
    Row("throttle passing", passing("throttle"), **everywhere(RECOVERED)),
    Row("throttle lasting", [strike("throttle")], **everywhere(Fails(ThrottledError))),
    Row("5xx passing", [strike(f"http_{code}", calls=[call]) for call, code in enumerate((500, 502, 503), 1)], **everywhere(RECOVERED)),
    Row("500 lasting", [strike("http_500")], **everywhere(Fails(PlatformBusyError, "HTTP 500"))),
    Row("502 lasting", [strike("http_502")], **everywhere(Fails(PlatformBusyError, "HTTP 502"))),
    Row("503 lasting", [strike("http_503")], **everywhere(Fails(PlatformBusyError, "HTTP 503"))),
    Row("reset passing", passing("reset"), **everywhere(RECOVERED)),
    Row("reset lasting", [strike("reset")], **everywhere(Fails(UnreachableError, "reset by the other side"))),
    Row("stalled passing", [strike("stall", times=1)], **everywhere(RECOVERED), extra={"request_timeout_seconds": 1}),
    Row(
        "stalled lasting",
        [strike("stall")],
        **everywhere(Fails(SlowAnswerError, "no answer within the request timeout")),
        extra={"request_timeout_seconds": 0.5},
    ),
    Row("truncated JSON passing", passing("truncated_json"), **everywhere(RECOVERED)),
    Row("truncated JSON lasting", [strike("truncated_json")], **everywhere(Fails(UnexpectedAnswerError, "cut or damaged JSON"))),
    Row("HTML passing", passing("html"), **everywhere(RECOVERED)),
    Row("HTML lasting", [strike("html")], **everywhere(Fails(UnexpectedAnswerError, "text/html"))),
    # --- the platform's own refusals
    Row("error code inside 200 passing", passing("busy"), **everywhere(RECOVERED)),
    Row("error code inside 200 lasting", [strike("busy")], **everywhere(Fails(PlatformBusyError))),
    Row(
        "unknown error code inside 200",
        [strike("error_code", code=987654, status=200)],
        **everywhere(Fails(RefusedError, "987654")),
    ),
    Row("expired token passing", [strike("expired_token", times=1)], **everywhere(RECOVERED)),
    Row("expired token lasting", [strike("expired_token")], **everywhere(Fails(CredentialError, where=ANYWHERE))),
    Row("one forbidden department", [strike("forbidden_department", at="department")], **everywhere(Fails(PermissionDeniedError))),
    # --- pages
    Row(
        "repeated cursor passing",
        [strike("repeated_cursor", PAGED, at="department", times=1)],
        dingtalk=Fails(BrokenPagingError),
        wecom=RECOVERED,
        feishu=RECOVERED,
        extra=CONTACT,
    ),
    Row("repeated cursor lasting", [strike("repeated_cursor", PAGED)], **everywhere(Fails(BrokenPagingError)), extra=CONTACT),
    Row("endless has_more passing", [strike("endless_has_more", PAGED, times=2)], **everywhere(RECOVERED), extra=CONTACT),
    Row("endless has_more lasting", [strike("endless_has_more", PAGED)], **everywhere(Fails(BrokenPagingError)), extra=CONTACT),
    # --- what is lost
    Row(
        "people lost, the count disagrees",
        [strike("lost_rows", at="department", rows=2)],
        **everywhere(Fails(IncompleteSnapshotError, "the platform counts 60 people, its pages held 5")),
        extra=CONTACT,
    ),
    Row(
        "people lost, app's secret alone",
        [strike("lost_rows", at="department", rows=2)],
        dingtalk=Absent("the app's own key counts"),
        wecom=NOT_COUNTED,
        feishu=Absent("the app's own key counts"),
    ),
    Row(
        "departments lost",
        [strike("lost_rows", "departments", at="root", rows=BEHIND_SCHOOLS)],
        dingtalk=Fails(IncompleteSnapshotError, "the platform counts 60 people"),
        wecom=Fails(PlatformBusyError, "people are in departments that it did not list"),
        feishu=Fails(IncompleteSnapshotError, "the platform counts 60 people"),
    ),
    Row(
        "one empty list of people",
        [strike("empty", at="department", times=1)],
        dingtalk=Fails(IncompleteSnapshotError, "the platform counts 60 people"),
        wecom=RECOVERED,
        feishu=Fails(IncompleteSnapshotError, "the platform counts 60 people"),
    ),
    Row(
        "empty root",
        [strike("empty", "departments", at="root")],
        dingtalk=Fails(IncompleteSnapshotError, "the platform counts 60 people"),
        wecom=Fails(PermissionDeniedError, "the app sees nobody"),
        feishu=Fails(IncompleteSnapshotError, "the platform counts 60 people"),
    ),
    Row(
        "nobody anywhere",
        [strike("empty")],
        dingtalk=Fails(IncompleteSnapshotError, "its pages held 0"),
        wecom=Fails(GateError, "shows nobody"),
        feishu=Fails(PermissionDeniedError, "the app sees nobody"),
    ),
    # --- damaged rows
    Row("NUL in a person's name", [strike("nul_in_name", at="department")], **everywhere(person("nul_character"))),
    Row("NUL in a department's name", [strike("nul_in_name", DETAILS, at="department")], **everywhere(department("nul_character"))),
    Row(
        "department that is its own child",
        [strike("cycle", "departments", at="root")],
        dingtalk=department("cycle"),
        wecom=department("duplicate_id", 2),
        feishu=department("duplicate_id", 2),
    ),
    Row("department below none", [strike("orphan", "departments", at="root")], **everywhere(department("orphan"))),
    Row(
        "person in no department there is",
        [strike("orphan", at="department")],
        dingtalk=RECOVERED,
        wecom=Fails(PlatformBusyError, "people are in departments that it did not list", where="department/list"),
        feishu=RECOVERED,
    ),
    Row("person twice, with different contents", [strike("duplicate_id", at="department")], **everywhere(person("duplicate_id", 2))),
    Row(
        "department twice, with different contents",
        [strike("duplicate_id", "departments", at="root")],
        dingtalk=RECOVERED,  # each one's details come with a call of its own
        wecom=department("duplicate_id", 2),
        feishu=department("duplicate_id", 2),
    ),
    Row("string for integer, one list of people", [strike("string_for_integer", at="department")], **everywhere(RECOVERED)),
    Row("string for integer, everywhere", [strike("string_for_integer", "*")], **everywhere(RECOVERED)),
    Row("null for list of people", [strike("null_for_list")], **everywhere(Fails(UnexpectedAnswerError))),
    Row("null for list of departments", [strike("null_for_list", "departments")], **everywhere(Fails(UnexpectedAnswerError))),
    # --- a key is missing
    Row(
        "missing list of people",
        [strike("missing_key", at="department")],
        dingtalk=Fails(UnexpectedAnswerError),
        wecom=Fails(UnexpectedAnswerError),
        feishu=Fails(IncompleteSnapshotError, "the platform counts 60 people"),  # that is how it writes an empty one
    ),
    Row(
        "missing userid",
        [strike("missing_key", at="department", key="userid")],
        dingtalk=Fails(IncompleteSnapshotError, "the platform counts 60 people"),
        wecom=Fails(IncompleteSnapshotError, "came without an id that can be read"),
        feishu=OTHER_NAME,
    ),
    Row(
        "missing user_id",
        [strike("missing_key", at="department", key="user_id")],
        dingtalk=OTHER_NAME,
        wecom=OTHER_NAME,
        feishu=Fails(IncompleteSnapshotError, "the platform counts 60 people"),
    ),
    Row("missing name of everybody", [strike("missing_key", key="name")], **everywhere(Fails(GateError, "are in quarantine"))),
    Row(
        "missing has_more",
        [strike("missing_key", key="has_more")],
        dingtalk=Fails(UnexpectedAnswerError),
        wecom=NO_HAS_MORE,
        feishu=Fails(UnexpectedAnswerError),
    ),
    Row(
        "missing departments of people",
        [strike("missing_key", key=key) for key in ("department", "dept_id_list", "department_ids")],
        dingtalk=RECOVERED,  # they are in the list of the department that was asked
        wecom=Fails(UnexpectedAnswerError, "no list department"),
        feishu=RECOVERED,
    ),
    Row(
        "missing id of departments",
        [strike("missing_key", "departments", key=key) for key in ("dept_id", "id", "open_department_id")],
        **everywhere(Fails(UnexpectedAnswerError)),
    ),
    Row(
        "missing parent of departments",
        [strike("missing_key", "departments", key=key) for key in ("parent_id", "parentid", "parent_department_id")],
        dingtalk=RECOVERED,  # its parent is the department that was asked
        wecom=Fails(UnexpectedAnswerError),
        feishu=Fails(UnexpectedAnswerError),
    ),
]


@dataclass(frozen=True)
class Case:
    platform: str
    row: Row

    @property
    def outcome(self) -> Outcome:
        outcome: Outcome = getattr(self.row, self.platform)
        return outcome


def cases() -> Iterator[Any]:
    """All of the matrix; a row that is the same on every platform is one by turns, or with --exhaustive each."""
    turns = cycle(PLATFORM_NAMES)
    whose = [next(turns) if row.dingtalk == row.wecom == row.feishu else "" for row in MATRIX]
    for platform in PLATFORM_NAMES:
        for row, turn in zip(MATRIX, whose, strict=True):
            case = Case(platform, row)
            marks = [pytest.mark.skip(reason=case.outcome.reason)] if isinstance(case.outcome, Absent) else []
            marks += [pytest.mark.exhaustive] if turn not in ("", platform) else []
            yield pytest.param(case, id=f"{platform}-{row.name}", marks=marks)


@pytest.fixture(scope="module")
def first_syncs() -> dict[str, FirstSync]:
    """By platform, as they are needed."""
    return {}


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def life(
    case: Case,
    shared_sandbox: RunningSandbox,
    postgres: PostgresServer,
    migrated_dsn: str,
    first_syncs: dict[str, FirstSync],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """A tenant after a first good sync, whose organization has evolved since."""
    no_waiting(monkeypatch)
    give_up_lists_soon(monkeypatch)
    settings = shared_sandbox.control("GET", f"{case.platform}/settings")
    shared_sandbox.control("POST", f"{case.platform}/organization", ORGANIZATION)
    if case.platform not in first_syncs:
        world = found(shared_sandbox, postgres, case.platform, tmp_path_factory.mktemp(case.platform))
        enter(monkeypatch, world, {})
        first_syncs[case.platform] = sync_first(world)
    world = rewind(first_syncs[case.platform], tmp_path / "later")
    enter(monkeypatch, world, case.row.extra)
    world.control("POST", "evolve", EVOLUTION)
    yield world
    world.control("DELETE", "faults")
    world.control("PUT", "settings", settings)
    world.connection.close()


def give_up_lists_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PLATFORM_NAMES:
        monkeypatch.setattr(importlib.import_module(f"orgsync.platforms.{name}.client"), "MOST_PAGES", MOST_PAGES)


def enter(monkeypatch: pytest.MonkeyPatch, world: World, extra: Mapping[str, Any]) -> None:
    set_warehouse(monkeypatch, world.dsn)
    known = world.control("GET", "settings")
    given = {name: known.get(name, "") if value is True else value for name, value in extra.items()}
    set_platform(monkeypatch, world.sandbox, world.platform, extra=given)


def order(world: World, row: Row) -> list[dict[str, Any]]:
    """Order the row's faults; returns them as the sandbox took them."""
    if world.platform == "wecom" and any(each.kind == "forbidden_department" for each in row.strikes):
        world.control("PUT", "settings", {"most_rows": 1})  # a whole company is one list: only in parts a part can be refused
    specs = [spec(world, each) for each in row.strikes]
    faults: list[dict[str, Any]] = world.control("POST", "faults", specs)["faults"]
    return faults


def spec(world: World, each: Strike) -> dict[str, Any]:
    interface = each.interface if isinstance(each.interface, str) else each.interface[world.platform]
    match = {PARAMETER[world.platform]: find_department(world, each.at)} if each.at and has_departments(world, each, interface) else {}
    options = {name: value[world.platform] if isinstance(value, Mapping) else value for name, value in each.options.items()}
    return {"kind": each.kind, "interface": interface, "match": match, **options}


def has_departments(world: World, each: Strike, interface: str) -> bool:
    """Whether the interface is called for one department after the other."""
    if world.platform == "wecom":
        return each.kind == "forbidden_department"
    return not (world.platform == "feishu" and interface == "departments" and each.at == "department")


def find_department(world: World, which: str) -> Any:
    """The root, or of the others the smallest that has three members."""
    truth = world.truth()
    members = Counter(each["department_id"] for each in truth["memberships"])
    company = [each for each in truth["departments"] if each["kind"] == "company"]
    if which == "root":
        return next(each["id"] for each in company if each["parent_id"] is None)
    return min((each["id"] for each in company if each["parent_id"] is not None and members[each["id"]] >= 3), key=members.__getitem__)


# --- what a case asserts


@pytest.mark.parametrize("case", list(cases()), indirect=True)
def test_fault(case: Case, life: World, caplog: pytest.LogCaptureFixture) -> None:
    world, outcome = life, case.outcome
    before, landed = read_versions(world), world.landed()
    order(world, case.row)
    if isinstance(outcome, Fails):
        error = fail(world, outcome)
        assert read_versions(world) == before
        assert_clear(world, error, outcome, caplog)
        if isinstance(error, PlatformError):
            assert world.landed() == landed
    else:
        assert world.sync()["outcome"] == "succeeded"
    struck = world.control("GET", "faults")["faults"]
    assert any(fault["struck"] for fault in struck), "the fault met no call"
    world.control("DELETE", "faults")
    afterwards = read_versions(world)
    kept_out = assert_only_the_damaged_row_is_behind(world, outcome, before, afterwards) if isinstance(outcome, KeptOut) else set()
    healed = world.sync()
    assert_equals_truth(world)
    changed = changed_keys(afterwards, read_versions(world))
    if outcome == RECOVERED:
        assert (healed["outcome"], changed) == ("unchanged", set())
    elif isinstance(outcome, KeptOut):
        assert changed <= kept_out
    assert world.query(ADVISORY_LOCKS) == [(0,)]
    assert [folder for folder in world.landed() if not (folder / "manifest.json").exists()] == []


def fail(world: World, outcome: Fails) -> OrgsyncError:
    with pytest.raises(OrgsyncError) as caught:
        world.sync()
    assert type(caught.value) is outcome.error, caught.value
    return caught.value


def assert_clear(world: World, error: OrgsyncError, outcome: Fails, caplog: pytest.LogCaptureFixture) -> None:
    """It says where and what to do, in the run's record too, and nothing that nobody should read."""
    text = str(error)
    assert outcome.words in text
    if isinstance(error, PlatformError):
        struck = {fault["interface"] for fault in world.control("GET", "faults")["faults"] if fault["struck"]}
        assert error.refusal.platform == world.platform
        assert error.refusal.interface in ({outcome.where} if outcome.where else struck) or outcome.where == ANYWHERE
        assert error.refusal.fix
        assert error.refusal.fix in text
    else:
        assert "nothing was changed" in text.lower()
    [(ended, recorded)] = world.query("select outcome, error from ops.sync_run order by started_at desc limit 1")
    assert (ended, recorded) == ("stopped" if isinstance(error, GateError) else "failed", text)
    said = caplog.text + "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
    assert [word for word in unspeakable(world) if word in said] == []


def unspeakable(world: World) -> list[str]:
    known, settings = world.sandbox.connection(world.platform), world.control("GET", "settings")
    secrets = [known["password"], *(value for name, value in settings.items() if name.endswith("_secret"))]
    people = [user[key] for user in world.truth()["users"] for key in ("name", "mobile", "email", "work_email")]
    return [word for word in (*secrets, *people) if word]


ADVISORY_LOCKS = """
    select count(*) from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
"""
VERSIONS = """
    select 'department', department_id, version::text from org.department_version as version
    union all
    select 'user', user_id, version::text from org.user_version as version
    union all
    select 'membership', user_id || '/' || department_id, version::text from org.membership_version as version
"""
KEPT_OUT = """
    select entity, concat_ws('/', user_id, department_id), rule
    from ops.quarantine
    where plan_id = (select max(plan_id) from ops.plan)
"""

Key = tuple[str, str]
Versions = dict[Key, set[str]]


def read_versions(world: World) -> Versions:
    """All versions by entity and key, as text."""
    found: Versions = {}
    for entity, key, version in world.query(VERSIONS):
        found.setdefault((entity, key), set()).add(version)
    return found


def changed_keys(before: Versions, after: Versions) -> set[Key]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def assert_only_the_damaged_row_is_behind(world: World, outcome: KeptOut, before: Versions, after: Versions) -> set[Key]:
    """One person or department broke just these rules, and was kept out with its memberships: their versions are as they were.

    Returns what was kept out.
    """
    kept_out = [((entity, key), rule) for entity, key, rule in world.query(KEPT_OUT)]
    damaged = {key for key, _ in kept_out if key[0] != "membership"}
    rules = Counter((key[0], rule) for key, rule in kept_out)
    assert {rule: rows for rule, rows in rules.items() if rule[0] != "membership"} == dict(outcome.rules)
    assert len(damaged) == 1
    assert {rule for key, rule in kept_out if key[0] == "membership"} <= {"quarantined_user", "quarantined_department"}
    [(_, one)] = damaged
    keys = {key for key, _ in kept_out}
    assert all(one in key.split("/") for _, key in keys)
    assert changed_keys(before, after) & keys == set()
    return keys
