"""The part `alerts` of a stanza, and of the defaults, which concerns all."""

from __future__ import annotations

from pathlib import Path

import pytest

from orgsync.errors import ConfigurationError
from orgsync.tenants import Stanzas, load_tenants, read_stanzas

HEAD = "tenants:\n  - {id: acme, platform: dingtalk, conn_id: a"


def read(tmp_path: Path, text: str) -> Stanzas:
    path = tmp_path / "tenants.yaml"
    path.write_text(text, encoding="utf-8")
    return read_stanzas(path)


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ("{mail: it@example.com}", "a list of mail addresses is expected here"),
        ("{mail: [it]}", "'it' is no mail address"),
        ("{mail: ['it@example.com, all@example.com']}", "is no mail address"),
        ('{mail: ["it@example.com\\nBcc: all@example.com"]}', "is no mail address"),
        ("{mail: ['IT <it@example.com>']}", "is no mail address"),
        ("{mail: [it@例子.cn]}", "is no mail address"),
        ("{webhooks: x}", "a list of names of connections is expected here"),
        ("{people: [[a]]}", "a text is expected here"),
        ("{phones: []}", "alerts has no key 'phones'; known are mail, mail_conn_id, people, webhooks"),
        ("[it@example.com]", "alerts must be a list of `key: value` lines"),
    ],
)
def test_mistakes_are_named_in_words(tmp_path: Path, alerts: str, said: str) -> None:
    [stanza] = read(tmp_path, f"{HEAD}, alerts: {alerts}}}\n").broken
    assert said in str(stanza)


def test_parts_are_merged_with_the_defaults_and_lists_take_each_others_place(tmp_path: Path) -> None:
    stanzas = read(
        tmp_path, f"defaults: {{alerts: {{mail: [a@example.com], webhooks: [w]}}}}\n{HEAD}, alerts: {{mail: [b@example.com]}}}}\n"
    )
    alerts = stanzas.tenants[0].alerts
    assert (alerts.mail, alerts.webhooks, stanzas.alerts.mail) == (("b@example.com",), ("w",), ("a@example.com",))


def test_mistake_of_the_defaults_that_no_stanza_takes_is_told_and_stops_nobody(tmp_path: Path) -> None:
    stanzas = read(tmp_path, f"defaults:\n  alerts: {{mail: [it]}}\n{HEAD}, alerts: {{mail: [b@example.com]}}}}\n")
    assert (len(stanzas.tenants), stanzas.broken, bool(stanzas.alerts)) == (1, (), False)
    [mistake] = stanzas.mistakes
    assert (mistake.line, "'it' is no mail address" in mistake.text) == (2, True)


def test_person_of_the_defaults_needs_a_tenant(tmp_path: Path) -> None:
    [mistake] = read(tmp_path, f"defaults: {{alerts: {{people: [u1, 'acme:u2']}}}}\n{HEAD}}}\n").mistakes
    assert "such as acme:u1" in mistake.text


def test_folder_has_those_of_its_defaults_file_alone(tmp_path: Path) -> None:
    (tmp_path / "defaults.yaml").write_text("defaults: {alerts: {mail: [it@example.com]}}\n")
    (tmp_path / "a.yaml").write_text(f"defaults: {{alerts: {{mail: [a@example.com]}}}}\n{HEAD}}}\n")
    stanzas = read_stanzas(tmp_path)
    assert (stanzas.alerts.mail, stanzas.tenants[0].alerts.mail) == (("it@example.com",), ("a@example.com",))


def test_mistake_in_a_taken_default_is_a_mistake_of_each_tenant(tmp_path: Path) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(f"defaults: {{alerts: {{mail: [it]}}}}\n{HEAD}}}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 1: 'it' is no mail address"):
        load_tenants(path)
