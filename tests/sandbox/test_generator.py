from __future__ import annotations

import msgspec
import pytest

from sandbox.dingtalk.numbering import DINGTALK_NUMBERING
from sandbox.generator import MAX_DEPTH, Recipe, generate
from sandbox.organization import ROOT, Organization


@pytest.fixture(scope="module")
def company() -> Organization:
    return generate(Recipe(people=3000, seed=3), DINGTALK_NUMBERING)


def test_seed_decides_everything() -> None:
    one, same, other = (generate(Recipe(people=150, seed=seed), DINGTALK_NUMBERING) for seed in (1, 1, 2))
    assert (one.departments, one.people, one.members) == (same.departments, same.people, same.members)
    assert one.people != other.people


def test_another_company_may_have_the_same_user_ids_and_never_the_same_union_ids() -> None:
    one, other = (generate(Recipe(people=150, seed=1, company=name), DINGTALK_NUMBERING) for name in ("", "beta"))
    assert one.people.keys() == other.people.keys()
    for kind in ("union_id", "open_id"):
        assert not {getattr(person, kind) for person in one.people.values()} & {getattr(person, kind) for person in other.people.values()}


def test_ids_mobiles_and_job_numbers_are_unique(company: Organization) -> None:
    people = list(company.people.values())
    assert len(people) == 3000
    for values in ([p.union_id for p in people], [p.open_id for p in people], [p.mobile for p in people], [p.job_number for p in people]):
        filled = [value for value in values if value is not None]
        assert len(set(filled)) == len(filled)


def test_mobiles_are_obviously_fictitious(company: Organization) -> None:
    assert all(p.mobile[0] == "1" and p.mobile[3:7] == "0000" and len(p.mobile) == 11 for p in company.people.values() if p.mobile)


def test_company_has_what_real_ones_have(company: Organization) -> None:
    people = list(company.people.values())
    several = sum(len(person.memberships) > 1 for person in people) / len(people)
    assert 0.05 < several < 0.11
    assert any(person.department_ids == [ROOT] for person in people)
    assert any(not person.active for person in people)
    assert any(person.mobile is None and person.email is None for person in people)
    assert any(person.restricted for person in people)
    assert any(len(person.name) > 60 for person in people)
    assert any(max(map(ord, person.name)) > 0xFFFF for person in people)
    assert any(person.name != person.name.strip() for person in people)
    assert any("," in person.title or "，" in person.title for person in people)


def test_departments_form_a_tree_with_a_deep_branch(company: Organization) -> None:
    depths = [company.depth(department_id) for department_id in company.departments]
    assert max(depths) == MAX_DEPTH
    assert len([one for one in company.departments.values() if one.kind == "company"]) == 151
    assert not any(set(one.name) & set("-,，") for one in company.departments.values())


def test_siblings_never_share_a_name(company: Organization) -> None:
    for children in company.children.values():
        names = [company.departments[child].name for child in children]
        assert len(set(names)) == len(names)


def test_managers_and_leaders_exist(company: Organization) -> None:
    for person in company.people.values():
        assert person.manager_id is None or (person.manager_id in company.people and person.manager_id != person.id)
    assert any(company.leaders(department_id) for department_id in company.departments)


@pytest.mark.parametrize("people", [10, 57, 1000])
def test_sizes_are_exact(people: int) -> None:
    assert len(generate(Recipe(people=people), DINGTALK_NUMBERING).people) == people


@pytest.mark.parametrize("wish", [{"people": 9}, {"people": 1_000_001}, {"departments": 0}, {"persons": 20}])
def test_senseless_recipes_are_refused(wish: dict) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wish, Recipe)
