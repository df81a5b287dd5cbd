"""One tenant's stanza is found without parsing the others, and never another one than parsing them all finds."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.tenants import BrokenStanza, Tenant, file, read_stanzas, read_stanzas_of, read_tenant
from orgsync.tenants.excerpt import keep_stanzas_of
from orgsync.tenants.file import Stanzas

PLAIN = """\
# The tenants of our group.
tenants:
  - id: acme
    platform: dingtalk   # in China
    conn_id: "acme's own"
    schedule: "*/15  8-20 * * mon-fri"
    full_schedule: 5 3 * * 6

    scope:
      include: [1, "007"]
      exclude:
        - 33
    budget: {missing_people: 3, leavers: {count: 25, per_days: 0}, moves: {percent: 2.5}}
  # the next one
  - id: acme_2
    platform: wecom
    conn_id: acme
    mapping:
      user: {job_number: extension.工号}
  - {id: beta, platform: feishu, conn_id: 'beta''s', alerts: {mail: [it@example.com, b.c@example.com]}}
"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tenants") / "tenants.yaml"


def find(stanzas: Stanzas, tenant_id: str) -> tuple[list[Tenant], list[BrokenStanza]]:
    """What a file says of one tenant."""
    return [each for each in stanzas.tenants if each.id == tenant_id], [each for each in stanzas.broken if each.tenant_id == tenant_id]


@pytest.mark.parametrize(("tenant_id", "kept"), [("acme", {3, 15}), ("acme_2", {15}), ("beta", {20})])
def test_stanzas_that_do_not_name_the_tenant_are_left_out_and_the_others_stay_in_their_lines(tenant_id: str, kept: set[int]) -> None:
    text = keep_stanzas_of(PLAIN, tenant_id)
    assert text is not None
    lines = text.split("\n")
    assert len(lines) == len(PLAIN.split("\n"))
    assert {number for number, line in enumerate(lines, 1) if line.lstrip().startswith(("- id", "- {id"))} == kept


@pytest.mark.parametrize("tenant_id", ["acm", "gamma"])
def test_of_a_tenant_that_no_stanza_names_nothing_is_kept(tenant_id: str) -> None:
    assert keep_stanzas_of(PLAIN, tenant_id) == ""


@pytest.mark.parametrize("defaults", ["defaults:\n  owner: people\n  budget: {missing_people: 2}\n", "defaults: {owner: people}\n"])
def test_defaults_are_kept_wherever_they_stand(defaults: str) -> None:
    for text in (PLAIN + defaults, PLAIN.replace("tenants:\n", f"{defaults}tenants:\n")):
        kept = keep_stanzas_of(text, "acme_2")
        assert kept
        assert {line for line in defaults.splitlines() if line not in kept.splitlines()} == set()
        assert keep_stanzas_of(text, "people") == "", "nobody is called so"
        assert "id: beta" not in kept


def test_others_are_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(PLAIN, encoding="utf-8")
    with patch.object(file, "_read_stanza", wraps=file._read_stanza) as read:
        assert read_tenant(path, "beta").conn_id == "beta's"
    assert read.call_count == 1


@pytest.mark.parametrize(
    "line",
    [
        "    owner: &team people",
        "    owner: *team",
        "    owner: |",
        "    owner: 'two",
        '    owner: "tw\\x6f"',
        "    approvers: [wang,",
        "    approvers: [it's {, it's]",
        "    ? owner",
        "    two words",
        "    owner: a: b",
        "\towner: people",
        "    owner: a\u2028b",
        "---",
        "other: []",
        "tenants:",
    ],
)
def test_whatever_else_yaml_allows_is_parsed_whole(line: str) -> None:
    assert keep_stanzas_of(PLAIN.replace("    platform: wecom", f"    platform: wecom\n{line}"), "beta") is None


def test_tenant_that_is_not_there_is_told_with_all_that_are(tmp_path: Path) -> None:
    path = tmp_path / "tenants.yaml"
    path.write_text(PLAIN, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="there is no tenant 'gamma'; the tenants file has: acme, acme_2, beta"):
        read_tenant(path, "gamma")


VALUES = st.sampled_from(
    ["a", "b", "ab", "'a'", '"b"', "'a''b'", "a b", "a #b", "a#b", "{a: b}", "{id: a, platform: wecom, conn_id: b}", "[a, b]",
     "[[a], {b: a}]", "[a, b,]", "it's", "'it''s'", "[it's, a]", "a: b", "a:", "a:b", "- a", "-a", "*a", "&a b", "|", ">-", '"a\\x62"',
     "'a", '"b', "[a", "{a: 'b", "]", "5 3 * * 6", '"*/5 * * * *"', "wecom", "feishu", "", "~", "yes", "007", "!t a", "a, b", "# a",
     "% a", "@a", "中a", "`a"]
)  # fmt: skip
KEYS = [
    "",
    "id: ",
    "id: ",
    "platform: ",
    "conn_id: ",
    "owner: ",
    "approvers: ",
    "scope: ",
    "include: ",
    "budget: ",
    "tenants: ",
    "defaults: ",
]
LINES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", " ", "  ", "    ", "      "]),
    st.sampled_from(["", "", "- ", "- - "]),
    st.sampled_from(KEYS),
    VALUES,
)
STANZA = st.builds(
    lambda values, more: "\n".join(["  - id: " + values[0], "    platform: wecom", "    conn_id: " + values[1], *more]),
    st.tuples(VALUES, VALUES),
    st.lists(LINES, max_size=3),
)


@given(
    st.lists(STANZA | LINES, max_size=6).map(lambda parts: "tenants:\n" + "\n".join(parts)) | st.lists(LINES, max_size=6).map("\n".join),
    st.sampled_from(["a", "b", "ab"]),
    st.lists(LINES, max_size=3).map(lambda lines: "defaults:\n" + "\n".join(lines)) | st.just(""),
    st.booleans(),
)
@example(
    "tenants:\n  - id: a\n    platform: wecom\n    conn_id: 'b\n  - id: a'\n  - id: b\n    platform: wecom\n    conn_id: b", "a", "", True
)
def test_it_says_what_the_whole_file_says(scratch: Path, text: str, tenant_id: str, defaults: str, is_first: bool) -> None:
    path = scratch
    path.write_text("\n".join([defaults, text] if is_first else [text, defaults]), encoding="utf-8")
    try:
        whole = read_stanzas(path)
    except ConfigurationError:
        return  # a mistake in the structure of the file, which may be another tenant's
    assert find(read_stanzas_of(path, tenant_id), tenant_id) == find(whole, tenant_id)
