"""Whatever is wrong with the tenants file, the error names the file, the line and what to write."""

from __future__ import annotations

import re
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable
from croniter import croniter

from orgsync.errors import ConfigurationError
from orgsync.outbox.change_rules import check_template
from orgsync.platforms import PLATFORM_NAMES
from orgsync.platforms.platform import Scope
from orgsync.settings import read_settings
from orgsync.tenants import Stanzas, Tenant, find_tenant, load_tenants, read_stanzas
from orgsync.tenants.stanza import Allowance, Budget, ChangeRule, Retention

HEAD = """\
tenants:
  - id: acme
    platform: dingtalk
    conn_id: acme_dingtalk
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tenants.yaml"


def load(path: Path, text: str) -> list[Tenant]:
    path.write_text(text, encoding="utf-8")
    return load_tenants(path)


def refuse(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_tenants(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_three_keys_are_enough(path: Path) -> None:
    [tenant] = load(path, HEAD)
    assert tenant == Tenant(id="acme", platform="dingtalk", conn_id="acme_dingtalk")
    assert (tenant.schedule, tenant.full_schedule, tenant.timezone) == ("58 * * * *", "28 2 * * *", "Asia/Shanghai")
    assert (tenant.scope, tenant.budget, tenant.mapping) == (Scope(), Budget(), {})


def test_every_key_is_read(path: Path) -> None:
    [tenant] = load(
        path,
        HEAD
        + """\
    schedule: "*/15  8-20 * * mon-fri"
    full_schedule: 0 1 * * *
    timezone: Europe/Berlin
    owner: 人力资源
    scope:
      include: [1, "007"]
      exclude: [33]
      linked_organizations: yes
    budget: {missing_people: 3, leavers: {count: 25, per_days: 0}, moves: {percent: 2.5}}
    on_incomplete: add_only
    approvers: [wang, li]
    approval_hours: 4
    mapping:
      user: {job_number: extension.工号}
      department: {source_identifier: code}
""",
    )
    assert tenant == Tenant(
        id="acme",
        platform="dingtalk",
        conn_id="acme_dingtalk",
        schedule="*/15 8-20 * * mon-fri",
        full_schedule="0 1 * * *",
        timezone="Europe/Berlin",
        owner="人力资源",
        scope=Scope(include=("1", "007"), exclude=("33",), linked_organizations=True),
        budget=Budget(missing_people=3, leavers=Allowance(count=25, percent=5, per_days=0), moves=Allowance(count=50, percent=2.5)),
        on_incomplete="add_only",
        approvers=("wang", "li"),
        approval_hours=4,
        mapping={"user": {"job_number": "extension.工号"}, "department": {"source_identifier": "code"}},
    )


@pytest.mark.parametrize(
    ("text", "retention"),
    [
        ("{}", Retention(all_days=14, daily_days=365, monthly_months=None)),
        ("{all_days: 30, daily_days: 30, monthly_months: 24}", Retention(30, 30, 24)),
        ("{monthly_months: null}", Retention(monthly_months=None)),
        ("{all_days: 0, monthly_months: 0}", Retention(all_days=0, monthly_months=0)),
    ],
)
def test_retention_has_defaults(path: Path, text: str, retention: Retention) -> None:
    assert load(path, f"{HEAD}    retention: {text}\n")[0].retention == retention


def test_shipped_file_loads() -> None:
    assert load_tenants(read_settings({}).tenants_file) == [
        Tenant(id=f"demo_{platform}", platform=platform, conn_id=f"demo_{platform}") for platform in PLATFORM_NAMES
    ]


def test_people_are_keyed_as_the_platform_allows(path: Path) -> None:
    feishu = HEAD.replace("dingtalk", "feishu")
    assert load(path, feishu + "    user_key: open_id\n")[0].user_key == "open_id"
    with pytest.raises(ConfigurationError, match="user_key 'email' is not one of user_id, open_id"):
        load(path, feishu + "    user_key: email\n")
    with pytest.raises(ConfigurationError, match="people on dingtalk have one id only; remove `user_key`"):
        load(path, HEAD + "    user_key: open_id\n")


def test_stanzas_may_share_what_is_anchored(path: Path) -> None:
    first, second = load(path, HEAD + "    scope: &most {exclude: [7]}\n" + HEAD[9:].replace("acme", "beta") + "    scope: *most\n")
    assert first.scope == second.scope == Scope(exclude=("7",))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("    shedule: 0 * * * *", "no key 'shedule'", id="unknown key"),
        pytest.param("    platform: wecom", "'platform' is there twice", id="key twice"),
        pytest.param("    [a]: b", "a text is expected", id="list for a key"),
        pytest.param("    schedule:", "a text is expected", id="no value"),
        pytest.param("    owner: null", "a text is expected", id="null"),
        pytest.param("    owner: true", "a text is expected", id="boolean"),
        pytest.param("    owner: [me]", "a text is expected", id="list for a text"),
        pytest.param('    owner: "  "', "a text is expected", id="blank"),
        pytest.param("    schedule: 61 * * * *", "no cron expression", id="minute 61"),
        pytest.param("    schedule: hourly", "five fields", id="word for a cron"),
        pytest.param("    full_schedule: 0 1 * *", "five fields", id="four fields"),
        pytest.param("    schedule: 0 0 1 * * *", "five fields", id="six fields"),
        pytest.param("    schedule: 0 0 1 * * * 2030", "five fields", id="seven fields"),
        pytest.param('    schedule: "@daily"', "five fields", id="preset"),
        pytest.param("    schedule: R * * * *", "no cron expression", id="random minute"),
        pytest.param("    schedule: 0 r(1-5) * * *", "no cron expression", id="random hour"),
        pytest.param("    schedule: H * * * *", "no cron expression", id="hashed minute"),
        pytest.param("    schedule: 0 0 30 2 *", "a day that never comes", id="30 February"),
        pytest.param("    timezone: Asia/Peking", "no timezone 'Asia/Peking'", id="unknown timezone"),
        pytest.param("    timezone: Asia", "no timezone 'Asia'", id="folder of timezones"),
        pytest.param("    timezone: ../../etc/passwd", "no timezone", id="path for a timezone"),
        pytest.param("    scope: [1]", "scope must be", id="list for a scope"),
        pytest.param("    scope: {includes: [1]}", "scope has no key 'includes'", id="unknown key of scope"),
        pytest.param("    scope: {include: 1}", "a list of department ids", id="number for a list"),
        pytest.param("    scope: {exclude: }", "a list of department ids", id="nothing for a list"),
        pytest.param("    scope: {include: [[1]]}", "a text is expected", id="list for an id"),
        pytest.param("    scope: {linked_organizations: 1}", "true or false", id="number for a flag"),
        pytest.param("    budget: 3", "budget must be", id="number for a budget"),
        pytest.param("    budget: {missing: 3}", "budget has no key 'missing'", id="unknown key of budget"),
        pytest.param("    budget: {leavers: 5}", "leavers must be", id="number for an allowance"),
        pytest.param("    budget: {leavers: {percent: 101}}", "a percentage from 0 to 100", id="percentage beyond 100"),
        pytest.param("    budget: {leavers: {per_days: a week}}", "a number, 0 or more", id="word for days"),
        pytest.param("    budget: {quarantined: {per_days: 7}}", "quarantined has no key 'per_days'", id="days of what has no memory"),
        pytest.param("    budget: {leavers: {percent: many}}", "a percentage from 0 to 100", id="word for a percentage"),
        pytest.param(
            "    on_incomplete: guess", "on_incomplete 'guess' is not one of fail, add_only", id="unknown way with what is missing"
        ),
        pytest.param("    approvers: wang", "a list of user names", id="one name for a list"),
        pytest.param("    approval_hours: 0", "a number of hours, 1 or more", id="no time to answer"),
        pytest.param("    budget: {missing_people: some}", "a number, 0 or more", id="word for a number"),
        pytest.param("    budget: {missing_people: -1}", "a number, 0 or more", id="negative number"),
        pytest.param("    budget: {missing_people: 1.5}", "a number, 0 or more", id="fraction"),
        pytest.param("    retention: 14", "retention must be", id="number for a retention"),
        pytest.param("    retention: {days: 14}", "retention has no key 'days'", id="unknown key of retention"),
        pytest.param("    retention: {all_days: null}", "a number, 0 or more", id="no end of all_days"),
        pytest.param("    retention: {daily_days: -1}", "a number, 0 or more", id="negative daily_days"),
        pytest.param("    retention: {monthly_months: never}", "a number, 0 or more", id="word for monthly_months"),
        pytest.param("    retention: {daily_days: 7}", "daily_days (7) must not be below all_days (14)", id="daily_days below all_days"),
        pytest.param("    mapping: {person: {name: a}}", "mapping has no key 'person'", id="mapping of an unknown table"),
        pytest.param("    mapping: {user: {nmae: a}}", "user has no key 'nmae'", id="mapping with an unknown column"),
        pytest.param("    mapping: {user: {user_id: a}}", "user has no key 'user_id'", id="mapping of a key"),
        pytest.param("    mapping: {user: {attributes: a}}", "user has no key 'attributes'", id="mapping of the odd fields"),
        pytest.param("    mapping: {user: {name: [a]}}", "a text is expected", id="mapping to a list"),
        pytest.param("    mapping: {user: [name]}", "user must be", id="list for a mapping"),
        pytest.param("\towner: me", "not YAML", id="tab"),
    ],
)
def test_typo_is_named_with_its_line(path: Path, line: str, words: str) -> None:
    path.write_text(f"{HEAD}{line}\n", encoding="utf-8")
    error = refuse(path)
    assert words in error
    assert f"{path}, line 5: " in error


@pytest.mark.parametrize("missing", ["id", "platform", "conn_id"])
def test_missing_key_is_named_with_the_stanza(path: Path, missing: str) -> None:
    values = {"id": "acme", "platform": "dingtalk", "conn_id": "acme_dingtalk"}
    del values[missing]
    path.write_text("tenants:\n  - {" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}\n")
    assert refuse(path) == f"{path}, line 2: a tenant needs `{missing}`"


@pytest.mark.parametrize(
    ("stanza", "words"),
    [
        pytest.param("{id: Acme, platform: dingtalk, conn_id: a}", "lower-case", id="upper case"),
        pytest.param("{id: a-b, platform: dingtalk, conn_id: a}", "lower-case", id="hyphen"),
        pytest.param("{id: 公司, platform: dingtalk, conn_id: a}", "lower-case", id="not ASCII"),
        pytest.param("{id: null, platform: dingtalk, conn_id: a}", "a text is expected", id="null"),
        pytest.param("{id: a, platform: slack, conn_id: a}", "'slack' is not one of dingtalk", id="unknown platform"),
        pytest.param("{id: a, platform: dingtalk, conn_id: }", "a text is expected", id="no connection"),
        pytest.param("acme", "a tenant must be", id="only a name"),
    ],
)
def test_wrong_stanza_is_named_with_its_line(path: Path, stanza: str, words: str) -> None:
    path.write_text(f"tenants:\n  - {stanza}\n", encoding="utf-8")
    error = refuse(path)
    assert words in error
    assert "line 2" in error


def test_two_stanzas_with_one_id_are_named(path: Path) -> None:
    path.write_text(HEAD + HEAD[9:])
    assert refuse(path) == f"{path}, line 5: tenant 'acme' is there twice, first in line 2; ids must differ"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "is empty; write a list under the key `tenants`", id="empty"),
        pytest.param(b"# nothing yet\n", "is empty", id="only a comment"),
        pytest.param(b"- id: acme\n", "line 1: the file must be", id="list without a key"),
        pytest.param(b"tenants: acme\n", "line 1: `tenants` must be a list", id="text for a list"),
        pytest.param(b"tenants:\n", "line 1: `tenants` must be a list", id="nothing for a list"),
        pytest.param(b"{}\n", "line 1: `tenants` must be a list", id="no key"),
        pytest.param(b"tenant: []\n", "line 1: the file has no key 'tenant'", id="misspelt key"),
        pytest.param(b"tenants: []\n---\ntenants: []\n", "line 2: not YAML", id="two documents"),
        pytest.param(b"tenants:\n  - id: 'acme\n", "line 3: not YAML", id="open quote"),
        pytest.param(b"tenants: []\n\x00\n", "U+0000", id="NUL"),
        pytest.param("tenants: []\n# 公司\n".encode("gb18030"), "line 2: not UTF-8", id="another encoding"),
    ],
)
def test_wrong_file_is_named(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    assert words in refuse(path)


def test_missing_file_is_named(path: Path) -> None:
    assert refuse(path) == f"there is no tenants file {path}; write one, or set ORGSYNC_TENANTS"


def test_file_without_stanzas_has_no_tenants(path: Path) -> None:
    assert load(path, "tenants: []\n") == []


def test_unknown_tenant_is_named_beside_the_known(path: Path) -> None:
    path.write_text(HEAD, encoding="utf-8")
    stanzas = read_stanzas(path)
    assert find_tenant(stanzas, "acme") == stanzas.tenants[0]
    with pytest.raises(ConfigurationError, match=r"no tenant 'acmee'; the tenants file has: acme$"):
        find_tenant(stanzas, "acmee")
    with pytest.raises(ConfigurationError, match="has: none"):
        find_tenant(Stanzas(()), "acme")


@pytest.mark.parametrize(
    "cron",
    [
        "7 * * * *",
        "*/5 8-20 * * *",
        "0 0 1,15 * mon",
        "30 2 * * 7",
        "0 0 ? * *",
        "0 0 29 2 *",
        "0 0 l * *",
        "0 9 * * 5#2",
        "1 2 3 mar,apr sun",
    ],
)
@pytest.mark.parametrize("timezone", ["Asia/Shanghai", "America/New_York"])
def test_cron_that_is_accepted_runs_in_airflow(path: Path, cron: str, timezone: str) -> None:
    [tenant] = load(path, f"{HEAD}    schedule: '{cron}'\n    timezone: {timezone}\n")
    timetable = CronTriggerTimetable(tenant.schedule, timezone=tenant.timezone)
    timetable.validate()
    restriction = TimeRestriction(earliest=pendulum.datetime(2026, 1, 1, tz=tenant.timezone), latest=None, catchup=True)
    planned = timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
    assert planned is not None
    assert croniter(tenant.schedule, datetime(2026, 1, 1, tzinfo=ZoneInfo(tenant.timezone))).get_prev(datetime)


def test_changes_are_told_to_somebody_of_kinds_that_exist(path: Path) -> None:
    rule = "{template: joined, kinds: [joined, left], departments: ['1'], most: 5}"
    [tenant] = load(path, f"{HEAD}    change_messages:\n      - {rule}\n")
    assert tenant.change_messages == (ChangeRule("joined", ("joined", "left"), departments=("1",), most=5),)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{kinds: [joined]}", "needs `template`"),
        ("{template: joined}", "needs somebody to tell"),
        ("{template: joined, everyone: true, kinds: [born]}", "born is no kind of change"),
        ("{template: joined, everyone: true, to: all}", "has no key 'to'"),
        ("joined", "must be a list of `key: value` lines"),
    ],
)
def test_a_rule_for_changes_that_is_wrong_names_its_line(path: Path, rule: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"line 6.*{re.escape(words)}"):
        load(path, f"{HEAD}    change_messages:\n      - {rule}\n")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("lost", r"tenants\.yaml, line 6: there is no message template 'lost' in .*; there are: broken, joined, needy"),
        ("needy", r"tenants\.yaml, line 6: template 'needy' needs cake, and a change tells only kind, user_id, name"),
    ],
)
def test_templates_of_rules_are_looked_for_when_the_file_is_loaded(path: Path, tmp_path: Path, template: str, words: str) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "joined.yaml").write_text("kind: text\nbody: '{{ name }}'\nvariables: {name: who}\n", encoding="utf-8")
    (folder / "needy.yaml").write_text("kind: text\nbody: '{{ cake }}'\nvariables: {cake: which}\n", encoding="utf-8")
    (folder / "broken.yaml").write_text("kind: [", encoding="utf-8")
    text = f"{HEAD}    change_messages:\n      - {{template: {template}, everyone: true}}\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        load_tenants(path, partial(check_template, folder))
    for sound in ("joined", "broken"):  # what is wrong in a template itself is told when it is used
        path.write_text(text.replace(template, sound), encoding="utf-8")
        assert len(load_tenants(path, partial(check_template, folder))) == 1


def test_a_change_is_told_once_with_each_template() -> None:
    assert ChangeRule("welcome", everyone=True).dedupe_key("c7") == "change:c7:welcome"
