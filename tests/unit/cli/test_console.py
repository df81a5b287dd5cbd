"""What is printed: data is text whatever it holds, on every terminal and in every file; times are the tenant's."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from orgsync.cli import console
from orgsync.cli.console import Screen, Zones, in_local_time, never_fail, print_csv, print_json
from orgsync.settings import Settings

HOSTILE = "王\x1b[2J五\u202eabc\x07\x9b2J[red]:smile:"
HARMLESS = "王\\u001b[2J五\\u202eabc\\u009b2J[red]:smile:"
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def table_of(value: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("name")
    table.add_column("id")
    table.add_row(value, "1")
    table.add_row("long" * 60, "")
    return table


@pytest.mark.parametrize("is_terminal", [True, False])
def test_data_moves_no_cursor_and_is_no_markup(is_terminal: bool) -> None:
    file = io.StringIO()
    screen = Screen(file=file, force_terminal=is_terminal, color_system=None)
    screen.print(HOSTILE)
    screen.print(Text(HOSTILE))
    screen.print(table_of(HOSTILE))
    text = file.getvalue()
    for control in ("\x1b[2J", "\u202e", "\x07", "\x9b"):
        assert control not in text
    assert text.count(HARMLESS) == 3


def test_in_a_file_nothing_is_folded_and_no_line_ends_in_blanks() -> None:
    file = io.StringIO()
    Screen(file=file).print(table_of("x"))
    lines = file.getvalue().splitlines()
    assert len(lines) == 3
    assert "long" * 60 in lines[2]
    assert [line.rstrip() for line in lines] == lines


@pytest.mark.parametrize("encoding", ["gbk", "latin-1", "ascii", "utf-8"])
def test_no_terminal_is_too_poor(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_ = io.BytesIO()
    stream = io.TextIOWrapper(bytes_, encoding=encoding)
    never_fail(stream)
    screen = Screen(file=stream)
    screen.print("王五 🦊 ñ")
    assert bytes_.getvalue().decode(encoding)
    monkeypatch.setattr(console, "results", screen)
    bytes_.truncate(0)
    bytes_.seek(0)
    print_json({"name": "王五 🦊 ñ"})
    assert json.loads(bytes_.getvalue()) == {"name": "王五 🦊 ñ"}
    bytes_.truncate(0)
    bytes_.seek(0)
    print_csv(["name"], [["王五 🦊 ñ\x1b"]], for_sheet=False)
    assert bytes_.getvalue().decode() == "name\n王五 🦊 ñ\x1b\n"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+86-138", "'+86-138"),
        ("-x", "'-x"),
        ("@a", "'@a"),
        ("\tx", "'\tx"),
        ("＝1", "'＝1"),
        ("007", "'007"),
        ("1234567890123456", "'1234567890123456"),
        ("42", "42"),
        (-5, "-5"),
        ("a=b", "a=b"),
        (None, ""),
        (True, "true"),
    ],
)
def test_a_spreadsheet_computes_and_cuts_nothing(value: object, cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_ = io.BytesIO()
    monkeypatch.setattr(console, "results", Screen(file=io.TextIOWrapper(bytes_, encoding="utf-8")))
    print_csv(["x"], [[value]], for_sheet=True)
    assert bytes_.getvalue().decode("utf-8-sig").splitlines()[1:] == [cell or '""']
    assert bytes_.getvalue().startswith(b"\xef\xbb\xbf")


def settings_of(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "tenants.yaml").write_text(text, encoding="utf-8")
    return Settings(tmp_path / "tenants.yaml", "", tmp_path)


def test_times_are_the_tenants_own(tmp_path: Path) -> None:
    stanza = "  - {{id: {0}, platform: dingtalk, conn_id: {0}, timezone: {1}}}\n"
    settings = settings_of(tmp_path, "tenants:\n" + stanza.format("acme", "Asia/Shanghai") + stanza.format("nippon", "Asia/Tokyo"))
    rows = [{"tenant_id": name, "at": NOON, "nested": [{"at": NOON}]} for name in ("acme", "nippon", "gone")]
    found = in_local_time(settings, rows)
    assert [(f"{row['at']:%H:%M}", row["nested"][0]["at"].tzinfo == row["at"].tzinfo) for row in found] == [
        ("12:00", True),
        ("13:00", True),
        ("04:00", True),
    ]
    assert Zones(settings).of_all() == UTC


def test_times_are_utc_while_the_tenants_file_is_broken(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "tenants: [")
    assert in_local_time(settings, [{"tenant_id": "acme", "at": NOON}]) == [{"tenant_id": "acme", "at": NOON}]
