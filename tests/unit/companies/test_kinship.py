"""The same company is told by what the platform confirms, else by the app's key, else by the people's union ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.companies.kinship import Kinship, Owner, compare_people, find_difference, may_differ
from orgsync.manifest import Company

HOST = "api.example.com"
CONFIRMED = Owner("wecom", Company(id="ww1", app_key="app1", host=HOST))
BY_APP = Owner("feishu", Company(app_key="cli_1", host=HOST))
UNKNOWN = Owner("feishu", None)
OTHER_APP = Owner("feishu", Company(app_key="cli_2", host=HOST))
OTHER_HOST = Owner("feishu", Company(app_key="cli_1", host="other.example.com"))

SAME, NOBODY, OTHERS = Kinship(60, 60), Kinship(), Kinship(58, 0)


@pytest.mark.parametrize(
    ("before", "now", "kinship", "is_same"),
    [
        pytest.param(CONFIRMED, Owner("wecom", Company(id="ww1", app_key="app2", host="x")), OTHERS, True, id="confirmed, another app"),
        pytest.param(CONFIRMED, Owner("wecom", Company(id="ww2", app_key="app1", host=HOST)), SAME, False, id="confirmed another"),
        pytest.param(BY_APP, BY_APP, OTHERS, True, id="same app"),
        pytest.param(BY_APP, OTHER_APP, SAME, True, id="another app, same people"),
        pytest.param(BY_APP, OTHER_APP, OTHERS, False, id="another app, other people"),
        pytest.param(BY_APP, OTHER_APP, NOBODY, False, id="another app, nobody to compare"),
        pytest.param(BY_APP, OTHER_HOST, SAME, True, id="another host, same people"),
        pytest.param(BY_APP, OTHER_HOST, OTHERS, False, id="another host, other people"),
        pytest.param(BY_APP, OTHER_HOST, NOBODY, True, id="another host, nobody to compare"),
        pytest.param(UNKNOWN, BY_APP, NOBODY, True, id="a history of before is adopted"),
        pytest.param(UNKNOWN, BY_APP, SAME, True, id="a history of before, same people"),
        pytest.param(UNKNOWN, BY_APP, OTHERS, False, id="a history of before, other people"),
        pytest.param(BY_APP, UNKNOWN, OTHERS, False, id="a snapshot of before, other people"),
        pytest.param(BY_APP, Owner("dingtalk", BY_APP.company), SAME, False, id="another platform"),
    ],
)
def test_company_is_told_apart(before: Owner, now: Owner, kinship: Kinship, is_same: bool) -> None:
    assert (find_difference(before, now, lambda: kinship) == "") is is_same


def test_people_are_not_looked_at_where_the_platform_or_the_key_tells() -> None:
    def refuse() -> Kinship:
        raise AssertionError

    assert find_difference(CONFIRMED, CONFIRMED, refuse) == ""
    assert find_difference(BY_APP, BY_APP, refuse) == ""


@pytest.mark.parametrize(
    ("before", "now", "may"),
    [
        (BY_APP, BY_APP, False),
        (BY_APP, OTHER_HOST, False),
        (UNKNOWN, OTHER_APP, False),
        (CONFIRMED, Owner("wecom", Company(id="ww1", app_key="app2")), False),
        (BY_APP, OTHER_APP, True),
        (CONFIRMED, Owner("wecom", Company(id="ww2", app_key="app1")), True),
        (UNKNOWN, Owner("dingtalk", None), True),
    ],
    ids=str,
)
def test_without_looking_another_key_may_be_another_company(before: Owner, now: Owner, may: bool) -> None:
    assert may_differ(before, now) is may


def test_difference_says_what_was_compared() -> None:
    assert find_difference(BY_APP, OTHER_APP, lambda: OTHERS) == (
        "of 58 people whose user id was there before, 0 have the union id that they had"
    )


UNION_IDS = st.dictionaries(st.integers(0, 40).map(str), st.integers(0, 40).map(str), max_size=30)


@given(UNION_IDS, UNION_IDS)
def test_kinship_counts_the_people_of_both_sides(before: dict[str, str], now: dict[str, str]) -> None:
    kinship = compare_people(before, now)
    assert kinship == compare_people(now, before)
    assert kinship.compared == len(set(before) & set(now))
    assert kinship.alike == len(set(before.items()) & set(now.items()))
    assert compare_people(before, before).is_same == bool(before)


@given(UNION_IDS, st.sampled_from(["beta/", "gamma/"]), st.booleans())
def test_another_company_with_the_same_user_ids_is_never_taken_for_ours(people: dict[str, str], prefix: str, is_known: bool) -> None:
    others = {user_id: f"{prefix}{union_id}" for user_id, union_id in people.items()}
    before = BY_APP if is_known or not people else UNKNOWN
    assert find_difference(before, OTHER_APP, lambda: compare_people(people, others))


@given(UNION_IDS.filter(bool), st.data())
def test_a_new_app_of_the_company_is_taken_for_it_whoever_joined_and_left(people: dict[str, str], data: st.DataObject) -> None:
    stayed = data.draw(st.sets(st.sampled_from(sorted(people)), min_size=1))
    now = {user_id: people[user_id] for user_id in stayed} | {
        f"new{number}": f"n{number}" for number in range(data.draw(st.integers(0, 9)))
    }
    assert find_difference(BY_APP, OTHER_APP, lambda: compare_people(people, now)) == ""


@pytest.mark.parametrize(
    ("owner", "name", "told"),
    [
        (CONFIRMED, "ww1", "wecom company ww1 at api.example.com"),
        (BY_APP, "cli_1", "the company of feishu app cli_1 at api.example.com"),
        (UNKNOWN, "", "a company on feishu"),
        (Owner("feishu", Company(host=HOST)), "", "a company on feishu"),
    ],
    ids=["confirmed", "by its app", "read before it was kept", "without a name"],
)
def test_an_owner_is_named_as_a_person_would(owner: Owner, name: str, told: str) -> None:
    assert (owner.name, str(owner)) == (name, told)


@pytest.mark.parametrize(
    ("now", "difference"),
    [
        (Owner("dingtalk", BY_APP.company), "another platform is another company"),
        (Owner("feishu", Company(id="2", app_key="cli_1", host=HOST)), "its id is another"),
        (OTHER_APP, "its app is another, and nobody is in both of whom a union id could be compared"),
    ],
    ids=["platform", "id", "app"],
)
def test_a_difference_is_told_in_words(now: Owner, difference: str) -> None:
    before = Owner("feishu", Company(id="1" if now.company and now.company.id else "", app_key="cli_1", host=HOST))
    assert find_difference(before, now, lambda: NOBODY) == difference


@pytest.mark.parametrize(("compared", "alike", "is_same"), [(0, 0, False), (1, 1, True), (2, 1, False), (3, 2, True), (3, 1, False)])
def test_more_than_half_of_those_compared_decide(compared: int, alike: int, is_same: bool) -> None:
    assert Kinship(compared, alike).is_same is is_same


def test_of_companies_an_id_known_on_one_side_alone_says_nothing() -> None:
    unconfirmed = Owner("wecom", Company(app_key="app1", host=HOST))
    assert find_difference(unconfirmed, CONFIRMED, lambda: OTHERS) == ""
    assert find_difference(CONFIRMED, unconfirmed, lambda: OTHERS) == ""
