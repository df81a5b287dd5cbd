"""What a targeted read promises on every platform: of each key it speaks of, what a whole read of that moment says, or that it is gone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from orgsync.errors import ConfigurationError, IncompleteSnapshotError, PlatformBusyError, PlatformError, ThrottledError
from orgsync.frames import FRAMES, TidySet
from orgsync.platforms.platform import Answer, Reading, Scope, Targets
from sandbox.testing import RunningSandbox, start_sandbox
from tests.contract.conftest import Organization
from tests.contract.test_reading import ESSENTIAL, above, below, company_departments

PEOPLE = 200
# Each platform's ways of reading: fields of the connection.
WAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("dingtalk", "one by one", {}),
    ("feishu", "in batches", {}),
    ("wecom", "lists", {}),
    ("wecom", "lists with both secrets", {"all_secrets": True}),
    ("wecom", "ids and details", {"all_secrets": True, "extra": {"read_by": "ids"}}),
    ("wecom", "ids alone", {"all_secrets": True, "password": ""}),
    ("wecom", "export", {"extra": {"read_by": "export"}}),
]
by_every_way = pytest.mark.parametrize(
    ("organization", "way"),
    [pytest.param(name, way, id=f"{name}, {title}") for name, title, way in WAYS],
    indirect=["organization"],
)
KINDS = (
    *("joined", "left", "returned", "moved", "renamed", "promoted"),
    *("departments_created", "departments_removed", "departments_moved", "departments_renamed"),
)
PEOPLE_CHANGED = ("joined", "left", "returned", "moved", "renamed", "promoted", "manager_changed")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    """One that the tests here may let evolve, each from where the one before left it."""
    with start_sandbox(people=PEOPLE, linked=2, calls_per_second=0, calls_per_minute=0) as running:
        yield running


class Looking:
    """A targeted read, and the whole read that it is held against."""

    def __init__(self, organization: Organization, client: Any = None, *, user_key: str = "", scope: Scope | None = None) -> None:
        self.organization = organization
        self.client = client or organization.client()
        wanted = organization.wanted(scope=scope)
        self.wanted = replace(wanted, user_key=user_key or wanted.user_key)
        self.landed: dict[str, list[Answer]] = {}

    def look(self, users: Iterable[str] = (), departments: Iterable[str] = ()) -> Reading:
        look = self.organization.platform.look
        assert look is not None
        self.landed = {}
        targets = Targets(users=tuple(users), departments=tuple(departments))
        reading = look(self.client, replace(self.wanted, mode="targeted"), targets, self._record)
        assert reading.mode == "targeted"
        assert reading.problems == ()
        return reading

    def tidy(self, mapping: Mapping[str, Mapping[str, str]] | None = None) -> TidySet:
        return self.organization.platform.tidy(lambda part: self.landed.get(part, []), mode="targeted", mapping=mapping or {})

    def read_whole(self, mapping: Mapping[str, Mapping[str, str]] | None = None) -> TidySet:
        landed: dict[str, list[Answer]] = {}
        record: Callable[[str, Answer], None] = lambda part, answer: landed.setdefault(part, []).append(answer)  # noqa: E731
        self.organization.platform.extract(self.client, self.wanted, record)
        return self.organization.platform.tidy(lambda part: landed.get(part, []), mode="full", mapping=mapping or {})

    def hold_against_whole(self, reading: Reading, mapping: Mapping[str, Mapping[str, str]] | None = None) -> TidySet:
        """Of each key that it speaks of, both say the same; of nobody else it says anything."""
        told, whole, asked = self.tidy(mapping), self.read_whole(mapping), reading.asked
        assert asked is not None
        speaks_of = {"user": set(asked.users), "department": set(asked.departments), "membership": set(asked.users)}
        for frame in FRAMES:
            found = rows(told, frame.name, whole)
            expected = {key: content for key, content in rows(whole, frame.name, told).items() if key[0] in speaks_of[frame.name]}
            assert found == expected, frame.name
            assert whole.unobserved[frame.name] <= told.unobserved[frame.name] or not found, frame.name
        assert set(told.memberships["department_id"]) <= speaks_of["department"]
        assert not told.withheld
        return told

    def _record(self, part: str, answer: Answer) -> None:
        self.landed.setdefault(part, []).append(answer)


def rows(tidy: TidySet, entity: str, other: TidySet) -> dict[tuple[str, ...], dict[str, Any]]:
    """Content by key, without the columns that one of both reads does not tell."""
    frame = next(each for each in FRAMES if each.name == entity)
    columns = [each for each in frame.content if each not in tidy.unobserved[entity] | other.unobserved[entity]]
    return {
        tuple(str(each[key]) for key in frame.key): {column: None if is_nothing(each[column]) else each[column] for column in columns}
        for each in tidy.frame(entity).to_dict("records")
    }


def is_nothing(value: Any) -> bool:
    return not isinstance(value, list) and bool(pd.isna(value))


def evolve(organization: Organization, **amounts: int) -> tuple[list[str], list[str]]:
    """Who changed, and which departments."""
    change = organization.control("POST", "evolve", amounts or {"rate": 0.05})
    users = {str(user) for kind in PEOPLE_CHANGED for user in change[kind]}
    departments = {str(each) for kind, ids in change.items() if kind.startswith(("departments", "leaders")) for each in ids}
    return sorted(users), sorted(departments)


def made_calls(reading: Reading) -> dict[str, int]:
    return {interface: calls.read for interface, calls in reading.calls.items() if calls.read and "oken" not in interface}


@pytest.fixture
def looking(organization: Organization, way: dict[str, Any]) -> Looking:
    return Looking(organization, organization.client(**way))


@by_every_way
def test_what_changed_is_told_as_a_whole_read_tells_it(looking: Looking) -> None:
    for _ in range(3):
        users, departments = evolve(looking.organization)
        told = looking.look(users, departments)
        assert told.asked is not None
        assert set(told.asked.users) == set(users)
        assert set(told.asked.departments) >= set(departments)
        looking.hold_against_whole(told)


@by_every_way
def test_anybody_asked_for_is_told_of_or_gone(looking: Looking) -> None:
    """Also who never was, who left long ago, and what is no id."""
    truth, rng = looking.organization.truth(), random.Random(3)
    users = [str(user["id"]) for user in rng.sample(truth["users"], 60)] + [str(user) for user in truth["former"][:5]]
    departments = rng.sample(sorted(company_departments(truth)), 10)
    special = [str(each) for each in truth["school_departments"] + truth["linked_departments"]]
    told = looking.look([*users, "nobody", "..", ""], [*departments, *special, "999999", "od-0", "x", ""])
    assert told.asked is not None
    assert set(users) <= set(told.asked.users)
    assert set(departments) <= set(told.asked.departments)
    assert "nobody" in told.asked.users
    looking.hold_against_whole(told)


@by_every_way
def test_departure_is_told_and_nobody_else(looking: Looking) -> None:
    users, _ = evolve(looking.organization, left=3)
    gone = [str(user) for user in looking.organization.truth()["former"] if str(user) in users]
    told = looking.look(gone)
    assert told.asked is not None
    assert set(told.asked.users) == set(gone)
    assert told.asked.departments == ()
    assert looking.tidy().users.empty
    looking.hold_against_whole(told)


@by_every_way
def test_removed_department_is_told(looking: Looking) -> None:
    before = company_departments(looking.organization.truth())
    evolve(looking.organization, departments_removed=1)
    [gone] = set(before) - set(company_departments(looking.organization.truth()))
    told = looking.look((), [gone])
    assert told.asked == Targets(departments=(gone,))
    assert looking.tidy().departments.empty
    looking.hold_against_whole(told)


@by_every_way
def test_nothing_asked_is_nothing_told(looking: Looking) -> None:
    told = looking.look()
    assert told.asked == Targets()
    tidy = looking.tidy()
    assert all(tidy.frame(frame.name).empty for frame in FRAMES)


def test_mapped_columns_are_those_of_a_whole_read(organization: Organization) -> None:
    fields = {"dingtalk": "extension.爱好", "wecom": "extattr.工号", "feishu": "country"}
    of_places = {"dingtalk": "order", "wecom": "order", "feishu": "user_order"}
    mapping = {"user": {"work_place": fields[organization.name]}, "membership": {"title": of_places[organization.name]}}
    looking = Looking(organization)
    users, departments = evolve(organization)
    looking.hold_against_whole(looking.look(users, departments), mapping)


SPARSE: list[tuple[str, dict[str, Any]]] = [
    ("dingtalk", {"field_permissions": [], "blank_fields": False}),
    ("dingtalk", {"blank_fields": True}),
    ("feishu", {"field_permissions": list(ESSENTIAL)}),
    ("feishu", {"blank_fields": False}),
    ("wecom", {"field_permissions": [], "withheld_style": "absent"}),
    ("wecom", {"field_permissions": [], "withheld_style": "empty"}),
    ("wecom", {"field_permissions": ["mobile"], "withheld_style": "null"}),
]


@pytest.mark.parametrize(("organization", "settings"), SPARSE, indirect=["organization"], ids=map(str, SPARSE))
def test_what_is_withheld_is_not_told_either(organization: Organization, settings: dict[str, Any]) -> None:
    organization.set(**settings)
    looking = Looking(organization)
    for _ in range(2):
        users, departments = evolve(organization)
        told = looking.look(users, departments)
        assert told.asked is not None
        assert set(told.asked.users) == set(users)
        looking.hold_against_whole(told)


@pytest.mark.parametrize("kind", ["string_for_integer", "nul_in_name", "control", "half_emoji"])
def test_damaged_value_is_as_unread_as_in_a_whole_read(organization: Organization, kind: str) -> None:
    """Whatever stands in one value, nobody is gone for it."""
    users = [str(user["id"]) for user in organization.truth()["users"][:30]]
    looking = Looking(organization)
    spec = (
        {"every": 3} if kind in ("string_for_integer", "nul_in_name") else {"interface": "people", "key": "name", "value": kind, "every": 3}
    )
    organization.fault(kind if "interface" not in spec else "broken_value", **spec)
    try:
        told = looking.look(users)
    except PlatformError:
        return
    assert told.asked is not None
    tidy = looking.tidy()
    assert set(told.asked.users) == set(tidy.users["user_id"])
    assert set(told.asked.departments) == set(tidy.departments["department_id"])


def test_order_of_answers_does_not_count(organization: Organization) -> None:
    looking = Looking(organization)
    looking.look(*evolve(organization))
    expected = looking.tidy()
    for part in looking.landed.values():
        random.Random(5).shuffle(part)
    for frame in FRAMES:
        pd.testing.assert_frame_equal(expected.frame(frame.name), looking.tidy().frame(frame.name))


def test_a_handful_of_calls(organization: Organization) -> None:
    """One person and one department of others: what the documentation says it costs."""
    truth = organization.truth()
    user = next(each for each in truth["users"] if len(each["department_ids"]) == 1 and str(each["department_ids"][0]) not in ("0", "1"))
    other = next(key for key in company_departments(truth) if key not in ("0", "1", str(user["department_ids"][0])))
    reading = Looking(organization).look([str(user["id"])], [other])
    places = {other, str(user["department_ids"][0])}
    with_above = {each for place in places for each in (place, *above(truth, place))} - {"1"}
    expected = {
        "dingtalk": {"auth/scopes": 1, "topapi/v2/user/get": 1, "topapi/v2/department/get": len(with_above)},
        "wecom": {"department/list": 1, "user/get": 1},
        "feishu": {
            "contact/v3/departments/:department_id": 1,
            "contact/v3/users/:user_id": 1,
            "contact/v3/departments/batch": 1,
        },
    }
    assert made_calls(reading) == expected[organization.name]


def test_many_people_in_batches(organization: Organization) -> None:
    if organization.name != "feishu":
        pytest.skip("the platform has no interface for several people")
    users = [str(user["id"]) for user in organization.truth()["users"][:101]]
    reading = Looking(organization).look([*users, "nobody"])
    assert reading.calls["contact/v3/users/batch"].read <= 9  # of 51 and 51, the one with nobody in halves
    assert reading.calls["contact/v3/departments/batch"].read == 1


def test_keyed_by_open_id(organization: Organization) -> None:
    if "open_id" not in organization.platform.user_keys:
        pytest.skip("the platform has one id of people")
    looking = Looking(organization, user_key="open_id")
    known = looking.read_whole().users.set_index("user_id")
    evolve(organization, left=2, moved=3, renamed=2)
    told = looking.look([*known.index[:150], "ou_nobody"])
    assert told.asked is not None
    assert len(told.asked.users) == 151
    looking.hold_against_whole(told)


@by_every_way
@pytest.mark.parametrize("is_included", [True, False], ids=["include", "exclude"])
def test_who_is_outside_the_scope_is_not_spoken_of(looking: Looking, is_included: bool) -> None:
    truth = looking.organization.truth()
    company = company_departments(truth)
    top = next(key for key, each in company.items() if each["parent_id"] is not None and len(below(truth, key)) > 2)
    scope = Scope(include=(top,)) if is_included else Scope(exclude=(top,))
    wanted = below(truth, top) if is_included else company.keys() - below(truth, top)
    looking.wanted = replace(looking.wanted, scope=scope)
    users = {str(user["id"]): {str(each) for each in user["department_ids"]} for user in truth["users"]}
    told = looking.look([*users, "nobody"], company)
    assert told.asked is not None
    assert set(told.asked.users) == {user for user, own in users.items() if own & wanted} | {"nobody"}
    assert set(told.asked.departments) == wanted
    looking.hold_against_whole(told)
    landed = b"".join(answer.body for answer in looking.landed["users"])
    outside = next(user for user in truth["users"] if not {str(each) for each in user["department_ids"]} & wanted)
    if looking.organization.name != "wecom" or looking.client.read_by != "ids":
        assert str(outside["name"]).encode() not in landed or sum(user["name"] == outside["name"] for user in truth["users"]) > 1


@by_every_way
def test_who_is_hidden_from_the_app_is_not_spoken_of(looking: Looking) -> None:
    """A person seen though none of their departments is; tops without a parent; and all others, of whom nothing can be said."""
    organization, truth = looking.organization, looking.organization.truth()
    company = company_departments(truth)
    first, second = [key for key, each in company.items() if each["parent_id"] is not None][:2]
    visible = below(truth, first) | below(truth, second)
    users = {str(user["id"]): {str(each) for each in user["department_ids"]} for user in truth["users"]}
    single = next(user for user, own in users.items() if not own & visible)
    organization.set(visible_departments=[company[first]["id"], company[second]["id"]], visible_users=[single])
    told = looking.look([*users, *map(str, truth["former"][:3])], company)
    assert told.asked is not None
    tidy = looking.hold_against_whole(told)
    if "ids only" not in told.method and "details" not in told.method:
        assert set(tidy.departments["department_id"]) == visible
        assert set(told.asked.users) >= {user for user, own in users.items() if own & visible} | {single}
        assert set(tidy.users["user_id"]) == {user for user, own in users.items() if own & visible} | {single}
        assert single not in set(tidy.memberships["user_id"])


@by_every_way
def test_whatever_part_is_seen_and_wanted(looking: Looking) -> None:
    """Any range and any scope, after any changes. A whole read that cannot be made then is no yardstick."""
    organization, rng, wanted = looking.organization, random.Random(29), looking.wanted
    settings = organization.control("GET", "settings")
    held = 0
    for _ in range(4):
        users, departments = evolve(organization, **{kind: rng.randint(0, 3) for kind in KINDS})
        truth = organization.truth()
        company = company_departments(truth)
        below_root = [key for key, each in company.items() if each["parent_id"] is not None]
        some = [str(user["id"]) for user in rng.sample(truth["users"], 10)]
        include, exclude = (tuple(rng.sample(below_root, count)) for count in rng.choice([(0, 0), (2, 0), (0, 2), (2, 1)]))
        looking.wanted = replace(wanted, scope=Scope(include=include, exclude=exclude))
        if rng.random() < 0.4:
            tops = rng.sample(below_root, 2)
            organization.set(visible_departments=[company[top]["id"] for top in tops], visible_users=rng.sample(some, 2))
        told = looking.look([*users, *some], departments)
        problem = ""
        try:
            looking.hold_against_whole(told)
            held += 1
        except (ConfigurationError, PlatformError) as error:
            problem = str(error)
        assert not problem or include or "not in the answer" in problem, problem
        organization.set(visible_departments=settings["visible_departments"], visible_users=settings["visible_users"])
    assert held > 0


def test_linked_organizations_are_not_spoken_of_unless_they_are_wanted(organization: Organization) -> None:
    if organization.name != "dingtalk":
        pytest.skip("no linked organizations")
    linked = [str(each) for each in organization.truth()["linked_departments"]]
    assert Looking(organization).look((), linked).asked == Targets()
    looking = Looking(organization, scope=Scope(linked_organizations=True))
    told = looking.look((), linked)
    assert told.asked is not None
    assert set(told.asked.departments) == set(linked)
    looking.hold_against_whole(told)


@pytest.mark.parametrize("kind", ["throttle", "busy", "expired_token", "http_500", "html", "truncated_json", "reset"])
def test_passing_trouble_is_overcome(organization: Organization, kind: str) -> None:
    users, departments = evolve(organization)
    looking = Looking(organization, organization.client(attempts=12))
    organization.fault(kind, **({"calls": [2]} if kind == "expired_token" else {"every": 3}))
    told = looking.look(users, departments)
    assert sum(calls.retried for calls in told.calls.values()) > 0
    organization.control("DELETE", "faults")
    looking.hold_against_whole(told)


@pytest.mark.parametrize(
    ("kind", "error"), [("throttle", ThrottledError), ("http_503", PlatformBusyError), ("truncated_json", PlatformError)]
)
def test_lasting_trouble_is_an_error_and_nobody_is_gone(organization: Organization, kind: str, error: type[PlatformError]) -> None:
    user = str(organization.truth()["users"][0]["id"])
    looking = Looking(organization, organization.client(attempts=2))
    looking.look([user])
    organization.fault(kind)
    with pytest.raises(error):
        looking.look([user])


def test_its_files_say_whom_it_is_about(organization: Organization) -> None:
    """Without that everybody it asked for would look gone."""
    looking = Looking(organization)
    looking.look([str(organization.truth()["users"][0]["id"])])
    looking.landed["organization"] = []
    with pytest.raises(IncompleteSnapshotError):
        looking.tidy()


def test_substance_tells_reads_apart_and_knows_the_same_again(organization: Organization) -> None:
    def statements(looking: Looking, *users: str) -> list[tuple[str, bytes]]:
        looking.look(users)
        substance = organization.platform.substance
        return sorted((part, each) for part, answers in looking.landed.items() for answer in answers for each in substance(answer))

    first, second = (str(user["id"]) for user in organization.truth()["users"][:2])
    looking = Looking(organization)
    assert statements(looking, first) == statements(looking, first)
    assert statements(looking, first) != statements(looking, first, second)
    assert statements(looking) != statements(looking, "nobody")
