"""The commands that try what is configured, before it counts, and ask how operation stands."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from orgsync.check import OUTCOMES, TITLES, Check, texts_of, worst_of
from orgsync.cli.console import JsonOption, OneTenantArgument, print_json, results
from orgsync.settings import Settings, read_settings
from orgsync.words import Language, Words, say

STYLES = {"ok": "green", "degraded": "yellow", "broken": "bold red", "skipped": "dim"}
OUTCOME_WORDS = {"ok": "正常", "degraded": "受限", "broken": "故障", "skipped": "未检查"}

SHARED = Words("what all tenants share", "所有租户共用")
COUNTED = Words("{broken} broken, {degraded} degraded, of {all} things tried", "共检查 {all} 项：故障 {broken}，受限 {degraded}")
FIX = Words("To do: {fix}", "处理：{fix}")
LOST = Words("Until then: {lost}", "在此之前：{lost}")
WELL = Words("operation: all is well", "运行状况：一切正常")
TROUBLED = Words("operation: {broken} broken, {degraded} degraded", "运行状况：故障 {broken}，受限 {degraded}")

LanguageOption = Annotated[Language | None, typer.Option("--lang", help="In English or Chinese; as the locale says if left out.")]

app = typer.Typer()


@app.command()
def check(
    tenant: OneTenantArgument = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Try this tenants file instead of the one in use.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither the warehouse nor the platforms.")] = False,
    operation: Annotated[
        bool, typer.Option("--operation", help="Ask the warehouse alone how operation stands, and no platform: for a monitor.")
    ] = False,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try what is configured before it counts, and ask how operation stands; nothing is changed, nobody is told.

    Exit code 0: nothing is broken, 1: something in operation is, 2: what is configured is wrong.
    """
    if operation and (file or offline):
        raise typer.BadParameter("--operation asks how the tenants file in use works; it goes with neither --file nor --offline")
    settings = read_settings()
    settings = replace(settings, tenants_file=file) if file else settings
    checks = [] if operation else _check_configuration(settings, tenant, offline=offline)
    problems = [] if file or offline else _find_problems(settings, tenant, alone=operation)
    wrong = [each for each in checks if each.outcome == "broken"]
    if as_json:
        told = {} if operation else {"is_right": not wrong, "checks": [asdict(each) for each in checks]}
        asked = {} if file or offline else {"is_well": worst_of(problems) != "broken", "problems": [_encode(each) for each in problems]}
        print_json(told | asked)
    else:
        for each in checks:
            results.print(_describe(each), soft_wrap=True, highlight=False)
        if not operation:
            results.print(f"{len(wrong)} wrong, of {len(checks)} things tried", highlight=False)
        if not (file or offline):
            show_problems(problems, lang or read_language(os.environ))
    if wrong:
        raise typer.Exit(2)
    if worst_of(problems) == "broken":
        raise typer.Exit(1)


def _check_configuration(settings: Settings, tenant_id: str | None, *, offline: bool) -> list[Check]:
    from orgsync.doctor.configuration import check_configuration

    return check_configuration(settings, tenant_id, offline=offline)


def _find_problems(settings: Settings, tenant_id: str | None, *, alone: bool) -> list[Check]:
    """What is wrong with the tenants file has been told already unless they are asked for `alone`."""
    from orgsync.alerts.outlook import look

    return [problem.as_check() for problem in look(settings, tenant_id=tenant_id) if alone or problem.kind != "stanza"]


@app.command()
def doctor(
    tenant: OneTenantArgument = None,
    conn: Annotated[
        str | None, typer.Option("--conn", metavar="ID", help="A connection to a platform, of a tenant or of none yet.")
    ] = None,
    lang: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find out what keeps a tenant, or all, from being read or written to, and what to click; nothing is changed, nobody is written to."""
    from orgsync.doctor.examining import examine_all, examine_connection
    from orgsync.doctor.recording import record_checks

    if tenant is not None and conn is not None:
        raise typer.BadParameter("a tenant or --conn, not both")
    settings = read_settings()
    if conn:
        found = {conn: examine_connection(conn)}
    else:
        found = examine_all(settings, tenant)
        for whose, checks in found.items():
            record_checks(settings, whose, checks)
    if as_json:
        every = [check for checks in found.values() for check in checks]
        print_json({"outcome": worst_of(every), "checks": [_encode(check) for check in every]})
    else:
        language = lang or read_language(os.environ)
        for whose, checks in found.items():
            show_checks(whose or say(SHARED, language), checks, language)
    if any(worst_of(checks) == "broken" for checks in found.values()):
        raise typer.Exit(2)


def read_language(environ: Mapping[str, str]) -> Language:
    """As programs of the system do; where nothing is said, as Python's own locale."""
    named = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "LANG") if environ.get(name)), "")
    return "zh" if (named or locale.getlocale()[0] or "").lower().startswith("zh") else "en"


def _encode(check: Check) -> dict[str, Any]:
    """With the Chinese beside the English."""
    return asdict(check) | texts_of(check)


def show_checks(whose: str, checks: Sequence[Check], language: Language) -> None:
    """What is right in a line each, what is not with its reason, its fix and what is lost."""
    results.print(Text(whose, style="bold"), highlight=False)
    for check in checks:
        _show_check(check, _line(check, language), language)
    counts = {outcome: sum(check.outcome == outcome for check in checks) for outcome in OUTCOMES}
    results.print(Text(f"  {say(COUNTED.fill(all=len(checks), **counts), language)}"), highlight=False)
    results.print()


def show_problems(problems: Sequence[Check], language: Language) -> None:
    """Each with whose it is; and in the last line whether all is well."""
    for problem in problems:
        line = _line(problem, language)
        if problem.tenant_id:
            line.append(f" [{problem.tenant_id}]", style="bold")
        _show_check(problem, line, language)
    counts = {outcome: sum(problem.outcome == outcome for problem in problems) for outcome in OUTCOMES}
    results.print(say(TROUBLED.fill(**counts) if problems else WELL, language), highlight=False)


def _show_check(check: Check, line: Text, language: Language) -> None:
    results.print(line, soft_wrap=True, highlight=False)
    for words, value in ((FIX, check.fix), (LOST, check.lost)):
        if value and check.outcome in ("broken", "degraded"):
            filled = words.fill(fix=value, lost=value)
            results.print(Text(f"             {say(filled, language)}"), soft_wrap=True, highlight=False)


def _line(check: Check, language: Language) -> Text:
    is_chinese = language == "zh"
    outcome = OUTCOME_WORDS[check.outcome] if is_chinese else check.outcome
    name = say(TITLES.get(check.name, check.name), language)
    subject = f" {check.subject}" if check.subject and check.name != "tenants file" else ""
    code = f"（{check.code}）" if is_chinese and check.code else f" ({check.code})" if check.code else ""
    place = f"{check.file}, line {check.line}: " if check.file else ""
    told = f"  {name}{subject}{'：' if is_chinese else ': '}{place}{say(check.reason, language)}{code}"
    return Text.assemble("  ", (_pad(outcome, 9), STYLES[check.outcome]), told)


def _pad(text: str, width: int) -> str:
    from rich.cells import cell_len

    return text + " " * (width - cell_len(text))


def _describe(check: Check) -> Text:
    place = f"{check.file}, line {check.line}: " if check.file else ""
    subject = "" if check.name == "tenants file" else f" {check.subject}"
    whose = f" ({check.tenant_id})" if check.tenant_id and check.name != "tenants file" else ""
    told = f"  {check.name}{subject}{whose}: {place}{check.reason}{f'. {check.fix}' if check.fix else ''}"
    return Text.assemble((f"{check.outcome:9}", STYLES[check.outcome]), told)
