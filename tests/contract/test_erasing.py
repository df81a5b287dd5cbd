"""A raw answer without a person: as it would have come had they never been there, on every platform, in every way it can be read."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from orgsync.platforms.platform import Answer, Mode, Person, Targets
from tests.contract.conftest import Organization

WAYS: dict[str, list[dict[str, Any]]] = {
    "wecom": [{"read_by": "lists"}, {"read_by": "ids"}, {"read_by": "export"}],
    "dingtalk": [{}],
    "feishu": [{}],
}


def read_every_way(organization: Organization, mode: Mode) -> list[dict[str, list[Answer]]]:
    landed = []
    for extra in WAYS[organization.name]:
        organization.read(organization.client(all_secrets=True, extra=extra), mode=mode)
        landed.append(organization.landed)
    return landed


def erase(organization: Organization, landed: dict[str, list[Answer]], person: Person) -> dict[str, list[Answer]]:
    found = {part: [organization.platform.erase(answer, person).answer for answer in answers] for part, answers in landed.items()}
    return {part: [answer for answer in answers if answer is not None] for part, answers in found.items()}


def some_people(organization: Organization) -> list[str]:
    """Somebody who manages, somebody who leads, and anybody."""
    truth = organization.truth()
    managers = [str(user["manager_id"]) for user in truth["users"] if user.get("manager_id")]
    leaders = [str(each["user_id"]) for each in truth["memberships"] if each.get("is_leader")]
    return list(dict.fromkeys([managers[0], leaders[0], str(truth["users"][-1]["id"])]))


def frames(organization: Organization, landed: dict[str, list[Answer]], mode: Mode) -> dict[str, pd.DataFrame]:
    tidy = organization.platform.tidy(lambda part: landed.get(part, []), mode=mode, mapping={})
    return {"departments": tidy.departments, "users": tidy.users, "memberships": tidy.memberships}


@pytest.mark.parametrize("mode", ["full", "frequent"])
def test_answers_without_a_person_tidy_to_the_same_without_the_person(organization: Organization, mode: Mode) -> None:
    for landed in read_every_way(organization, mode):
        whole = frames(organization, landed, mode)
        for user_id in some_people(organization):
            left = frames(organization, erase(organization, landed, Person(frozenset({user_id}))), mode)
            expected = {
                "departments": whole["departments"].assign(
                    leader_user_ids=[
                        ids if not isinstance(ids, list) else [each for each in ids if each != user_id]
                        for ids in whole["departments"]["leader_user_ids"]
                    ]
                ),
                "users": whole["users"][whole["users"]["user_id"] != user_id],
                "memberships": whole["memberships"][whole["memberships"]["user_id"] != user_id],
            }
            managers = expected["users"]["manager_user_id"]
            expected["users"] = expected["users"].assign(manager_user_id=managers.mask((managers == user_id).fillna(False)))
            for name, frame in expected.items():
                kept = [column for column in frame.columns if column != "attributes"]
                pd.testing.assert_frame_equal(left[name][kept], frame[kept].reset_index(drop=True), check_like=False)


@pytest.mark.parametrize("mode", ["full", "frequent"])
def test_nothing_of_the_person_is_left_in_any_answer(organization: Organization, mode: Mode) -> None:
    for landed in read_every_way(organization, mode):
        for user_id in some_people(organization):
            left = erase(organization, landed, Person(frozenset({user_id}), (user_id,)))
            said = [(answer, str(dict(answer.params)) + answer.body.decode()) for answers in left.values() for answer in answers]
            pattern = re.compile(rf"(?<![0-9A-Za-z_]){re.escape(user_id)}(?![0-9A-Za-z_])", re.IGNORECASE)
            assert [answer.interface for answer, text in said if pattern.search(text)] == []


def test_answers_that_say_nothing_of_the_person_stay_to_the_byte(organization: Organization) -> None:
    for landed in read_every_way(organization, "full"):
        for answers in landed.values():
            for answer in answers:
                erased = organization.platform.erase(answer, Person(frozenset({"nobody_at_all"}), ("nobody_at_all",)))
                assert (erased.answer, erased.records, erased.mentions) == (answer, 0, 0)


def test_erasing_twice_is_as_good_as_once(organization: Organization) -> None:
    user_id = some_people(organization)[0]
    person = Person(frozenset({user_id}), (user_id,))
    for landed in read_every_way(organization, "full"):
        once = erase(organization, landed, person)
        assert erase(organization, once, person) == once


def test_people_of_an_answer_are_found_by_every_id_they_have(organization: Organization) -> None:
    organization.read()
    listed = {each for answers in organization.landed.values() for answer in answers for each in organization.platform.list_people(answer)}
    for user in organization.truth()["users"]:
        assert any(str(user["id"]) in ids for ids in listed)


def test_the_wanted_parameter_of_a_call_goes_too(organization: Organization) -> None:
    """A call for one person is theirs; of a call for several, the others stay."""
    organization.read()
    answer = organization.landed["users"][0]
    own = {"dingtalk": "userid", "wecom": "userid", "feishu": "user_id"}[organization.name]
    several = {"dingtalk": "userid_list", "wecom": "userids", "feishu": "user_ids"}[organization.name]
    person = Person(frozenset({"leaver"}))
    assert organization.platform.erase(replace(answer, params={**answer.params, own: "leaver"}), person).answer is None
    left = organization.platform.erase(replace(answer, params={**answer.params, several: ["leaver", "stayer"]}), person).answer
    assert left is not None
    assert left.params[several] == ["stayer"]


def test_targeted_read_says_nothing_of_the_person_any_more(organization: Organization) -> None:
    look = organization.platform.look
    assert look is not None
    gone, *others = some_people(organization)
    landed: dict[str, list[Answer]] = {}
    wanted = replace(organization.wanted(), mode="targeted")
    look(
        organization.client(),
        wanted,
        Targets(users=(gone, *others, "nobody_at_all")),
        lambda part, answer: landed.setdefault(part, []).append(answer),
    )
    left = erase(organization, landed, Person(frozenset({gone}), (gone,)))
    said = [str(dict(answer.params)) + answer.body.decode() for answers in left.values() for answer in answers]
    assert [text for text in said if re.search(rf"(?<![0-9A-Za-z_]){re.escape(gone)}(?![0-9A-Za-z_])", text)] == []
    whole, without = frames(organization, landed, "targeted"), frames(organization, left, "targeted")
    assert set(whole["users"]["user_id"]) - {gone} == set(without["users"]["user_id"])
    assert set(others) <= set(without["users"]["user_id"])
