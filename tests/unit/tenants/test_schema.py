"""Editors know the tenants file by a schema that is made from the models: what they underline, orgsync refuses, and the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from orgsync.errors import ConfigurationError
from orgsync.settings import HOME
from orgsync.tenants import read_stanzas
from orgsync.tenants.schema import build_schema, write_schema

FILE = HOME / "include" / "tenants.schema.json"
DESCRIBED = ("Tenant", "Budget", "ChangeRule", "Alerts")
HEAD = "tenants:\n  - {id: acme, platform: dingtalk, conn_id: a, "


def test_schema_that_is_shipped_is_that_of_the_models() -> None:
    assert FILE.read_text(encoding="utf-8") == write_schema(), (
        "write it anew: .venv/bin/python -m orgsync.tenants.schema > include/tenants.schema.json"
    )


def test_shipped_file_names_the_schema_beside_it() -> None:
    first = (HOME / "include" / "tenants.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={FILE.name}"


def test_every_key_is_described_where_a_cursor_rests_on_it() -> None:
    schema = build_schema()
    parts = schema["$defs"]
    keys = {f"{part}.{name}": key for part in parts for name, key in parts[part].get("properties", {}).items() if part in DESCRIBED}
    assert [name for name, key in keys.items() if not key.get("description")] == []


@pytest.mark.parametrize(
    ("rest", "is_right"),
    [
        ("schedule: '*/15  8-20 * * mon-fri'", True),
        ("scope: {include: [1, '007'], linked_organizations: true}", True),
        ("budget: {missing_people: 3, leavers: {count: 25, per_days: 0}, quarantined: {percent: 2.5}}", True),
        ("retention: {monthly_months: null}", True),
        ("retention: {all_days: 30, daily_days: 30, monthly_months: 24}", True),
        ("mapping: {user: {job_number: extension.工号}}", True),
        ("mapping: {user: {attributes.成本中心: extension.成本中心}, department: {attributes.x.y: ext}}", True),
        ("scope: {include_paths: [云杉 / 研发*], exclude_paths: ['** / 外包']}", True),
        ("change_messages: [{template: joined, kinds: [joined, left], departments: [1], most: 5}]", True),
        ("approvers: [wang], approval_hours: 1, on_incomplete: add_only, owner: 人力资源", True),
        ("alerts: {mail: [it@example.com], mail_conn_id: smtp, webhooks: [group], people: [4711, 'beta:wang']}", True),
        ("alerts: {mail: it@example.com}", False),
        ("alerts: {phones: []}", False),
        ("shedule: 0 * * * *", False),
        ("schedule: 0 1 * *", False),
        ("schedule: ", False),
        ("owner: [me]", False),
        ("scope: {includes: [1]}", False),
        ("scope: {include: 1}", False),
        ("scope: {linked_organizations: 1}", False),
        ("budget: {leavers: 5}", False),
        ("budget: {leavers: {percent: 101}}", False),
        ("budget: {quarantined: {per_days: 7}}", False),
        ("budget: {missing_people: -1}", False),
        ("on_incomplete: guess", False),
        ("approvers: wang", False),
        ("approval_hours: 0", False),
        ("retention: {all_days: null}", False),
        ("mapping: {person: {name: a}}", False),
        ("mapping: {user: {user_id: a}}", False),
        ("mapping: {user: {attributes: a}}", False),
        ("mapping: {user: {attributes.: a}}", False),
        ("scope: {exclude_paths: 外包}", False),
        ("change_messages: [{template: joined, kinds: [born], everyone: true}]", False),
        ("change_messages: [{kinds: [joined], everyone: true}]", False),
    ],
)
def test_editor_and_orgsync_are_of_one_mind(tmp_path: Path, rest: str, is_right: bool) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(f"{HEAD}{rest}}}\n", encoding="utf-8")
    assert (not read_stanzas(path).broken) is is_right
    assert (list_errors(yaml.safe_load(path.read_text(encoding="utf-8"))) == []) is is_right


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("defaults: {owner: it, budget: {leavers: {count: 3}}}\ntenants: [{id: acme, platform: wecom, conn_id: a}]", True),
        ("defaults: {platform: wecom, conn_id: a}\ntenants: [{id: acme}, {id: beta, conn_id: b}]", True),
        ("defaults:\ntenants: [{id: acme, platform: wecom, conn_id: a}]", True),
        ("defaults:\ntenants: [{id: acme, platform: wecom}]", False),
        ("defaults: {platform: wecom}\ntenants: [{id: acme}]", False),
        ("defaults: {id: acme}\ntenants: []", False),
        ("defaults: {ownr: it}\ntenants: [{id: acme, platform: wecom, conn_id: a}]", False),
        ("defaults: {timezone: [it]}\ntenants: [{id: acme, platform: wecom, conn_id: a}]", False),
        ("defaults: [it]\ntenants: [{id: acme, platform: wecom, conn_id: a}]", False),
    ],
)
def test_editor_and_orgsync_are_of_one_mind_about_defaults(tmp_path: Path, text: str, is_right: bool) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        assert (not read_stanzas(path).broken) is is_right
    except ConfigurationError:
        assert not is_right
    assert (list_errors(yaml.safe_load(text)) == []) is is_right


def test_file_of_defaults_alone_is_right_in_a_folder() -> None:
    assert list_errors({"defaults": {"owner": "it"}}) == []
    assert list_errors({})


def test_platform_and_id_are_known_to_editors() -> None:
    for stanza in ({"id": "Acme"}, {"platform": "slack"}, {"conn_id": None}):
        assert list_errors({"tenants": [{"id": "acme", "platform": "wecom", "conn_id": "a"} | stanza]}), stanza
    assert list_errors({"tenants": [{"id": "acme"}]})
    assert list_errors({"tenant": []})


def list_errors(content: Any) -> list[str]:
    return [error.message for error in Draft7Validator(build_schema()).iter_errors(content)]
