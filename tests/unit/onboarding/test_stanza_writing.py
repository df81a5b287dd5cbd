"""A stanza is added to the tenants file, and nothing else in it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.onboarding.stanza_writing import add_stanza, write_stanza
from orgsync.settings import HOME
from orgsync.tenants import load_tenants, read_stanzas

STANZA = {"id": "acme", "platform": "dingtalk", "conn_id": "acme", "schedule": "*/10 * * * *"}
LINES = '  - id: acme\n    platform: dingtalk\n    conn_id: acme\n    schedule: "*/10 * * * *"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tenants.yaml"


def test_stanza_is_lines_that_yaml_reads_back() -> None:
    assert write_stanza(STANZA) == LINES


def test_file_that_is_not_there_is_made(path: Path) -> None:
    add_stanza(path, STANZA)
    assert path.read_text(encoding="utf-8") == f"tenants:\n{LINES}"
    assert [tenant.schedule for tenant in load_tenants(path)] == ["*/10 * * * *"]


def test_comments_stay_with_what_they_are_about(path: Path) -> None:
    before = "# ours\ntenants:\n  - id: beta   # the first\n    platform: wecom\n    conn_id: beta\n    # owner: people\n\n# the end\n"
    path.write_text(before, encoding="utf-8")
    add_stanza(path, STANZA)
    told = path.read_text(encoding="utf-8")
    assert told == before.replace("    # owner: people\n", f"    # owner: people\n\n{LINES}")
    assert [tenant.id for tenant in load_tenants(path)] == ["beta", "acme"]


def test_file_that_comes_with_orgsync_keeps_every_line(path: Path) -> None:
    before = (HOME / "include" / "tenants.yaml").read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    add_stanza(path, STANZA)
    kept = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in before.splitlines() if line not in kept] == []
    assert [tenant.id for tenant in load_tenants(path)] == ["demo_dingtalk", "demo_wecom", "demo_feishu", "acme"]


@pytest.mark.parametrize(
    "before",
    [
        "tenants:\n- {id: beta, platform: wecom, conn_id: b}",
        "# nothing yet\n",
        "",
        "tenants:\n    - id: beta\n      platform: wecom\n      conn_id: b\n      scope:\n        include:\n          - '1'\n",
        "tenants: []\n",
        "tenants:   # none yet\n# later\n",
        "tenants:\r\n  - {id: beta, platform: wecom, conn_id: b}\r\n",
    ],
)
def test_other_ways_of_writing_the_file(path: Path, before: str) -> None:
    path.write_text(before, encoding="utf-8", newline="")
    add_stanza(path, STANZA)
    assert load_tenants(path)[-1].id == "acme"
    assert len(load_tenants(path)) == 1 + before.count("id: beta")


def test_stanza_that_is_wrong_stays_wrong_and_keeps_nobody_out(path: Path) -> None:
    path.write_text("tenants:\n  - {id: beta, platform: wecom, con_id: b}\n", encoding="utf-8")
    add_stanza(path, STANZA)
    stanzas = read_stanzas(path)
    assert ([tenant.id for tenant in stanzas.tenants], [broken.tenant_id for broken in stanzas.broken]) == (["acme"], ["beta"])


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("tenants:\n  - {id: acme, platform: wecom, conn_id: b}\n", "has a tenant 'acme' already"),
        ("tenants:\n  - {id: acme, platform: wecom, con_id: b}\n", "has a tenant 'acme' already"),
        ("tenants: [{id: beta, platform: wecom, conn_id: b}]\n", "in one line; add this one by hand:\n  - id: acme"),
        ("others: []\n", "no key 'others'"),
    ],
)
def test_what_cannot_be_added_changes_nothing(path: Path, before: str, words: str) -> None:
    path.write_text(before, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        add_stanza(path, STANZA)
    assert path.read_text(encoding="utf-8") == before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tenants"
    folder.mkdir()
    return folder


def test_in_a_folder_a_tenant_gets_a_file_of_its_own(folder: Path) -> None:
    assert add_stanza(folder, STANZA) == folder / "acme.yaml"
    assert (folder / "acme.yaml").read_text(encoding="utf-8") == f"tenants:\n{LINES}"
    add_stanza(folder, STANZA | {"id": "beta"})
    assert [tenant.id for tenant in load_tenants(folder)] == ["acme", "beta"]
    assert sorted(file.name for file in folder.iterdir()) == ["acme.yaml", "beta.yaml"], "nothing is left beside them"


def test_defaults_of_a_folder_serve_a_new_tenant_and_what_is_broken_there_stays_so(folder: Path) -> None:
    (folder / "defaults.yaml").write_text("defaults: {owner: it}\n", encoding="utf-8")
    (folder / "b.yaml").write_text("tenants: [\n", encoding="utf-8")
    add_stanza(folder, STANZA)
    stanzas = read_stanzas(folder)
    assert ([tenant.owner for tenant in stanzas.tenants], len(stanzas.broken)) == (["it"], 1)


@pytest.mark.parametrize(
    ("name", "before", "words"),
    [
        ("group", "tenants:\n  - {id: acme, platform: wecom, conn_id: b}\n", "has a tenant 'acme' already"),
        ("acme", "tenants:\n  - {id: beta, platform: wecom, conn_id: b}\n", "acme.yaml is there already, without tenant 'acme'"),
        ("defaults", "defaults: {timezone: Asia/Peking}\n", "defaults.yaml, line 1: there is no timezone 'Asia/Peking'"),
        ("defaults", "defaults: [\n", "defaults.yaml, line 2: not YAML"),
    ],
)
def test_what_cannot_be_added_to_a_folder_changes_nothing(folder: Path, name: str, before: str, words: str) -> None:
    (folder / f"{name}.yaml").write_text(before, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        add_stanza(folder, STANZA)
    assert [(file.name, file.read_text(encoding="utf-8")) for file in folder.iterdir()] == [(f"{name}.yaml", before)]


@pytest.mark.parametrize(
    "before", ["defaults:\n  owner: it\n", "defaults: {owner: it}\ntenants:\n", "tenants: []\ndefaults: {owner: it}\n"]
)
def test_defaults_of_a_file_without_stanzas_stay(path: Path, before: str) -> None:
    path.write_text(before, encoding="utf-8")
    add_stanza(path, STANZA)
    assert [tenant.owner for tenant in load_tenants(path)] == ["it"]
