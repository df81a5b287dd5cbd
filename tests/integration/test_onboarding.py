"""What another system has configured is imported, examined by the doctor, and synced: O2OA's two files, JeecgBoot's one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.world import Command, World
from tests.unit.onboarding.samples import DINGDING, JEECG, QIYEWEIXIN

FILES = {"dingding.json": DINGDING, "qiyeweixin.json": QIYEWEIXIN, "application.yml": JEECG}


def fill_in(text: str, world: World) -> str:
    """The sample with the sandbox's own keys and address."""
    dingtalk, wecom = (world.sandbox.control("GET", f"{name}/settings") for name in ("dingtalk", "wecom"))
    for name, value in {
        "dingkey": dingtalk["client_id"],
        "contact-secret": wecom["contact_secret"],
        "own-secret": wecom["client_secret"],
        '"appSecret": "app-secret"': f'"appSecret": "{dingtalk["client_secret"]}"',
        '"corpSecret": "app-secret"': f'"corpSecret": "{wecom["client_secret"]}"',
        "client-secret: app-secret": f"client-secret: {dingtalk['client_secret']}",
        "https://oapi.dingtalk.com": world.sandbox.url,
        "https://qyapi.weixin.qq.com": world.sandbox.url,
    }.items():
        text = text.replace(name, str(value))
    return text


@pytest.mark.parametrize("name", FILES)
def test_settings_are_imported_examined_and_synced(command: Command, world: World, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(fill_in(FILES[name], world), encoding="utf-8")
    done = command("import-config", str(file), "--json", "--show-secrets")
    assert done.returncode == 0, done.stderr
    imported: list[dict[str, Any]] = json.loads(done.stdout)
    environment = {}
    for each in imported:
        each["connection"].setdefault("host", world.sandbox.url)  # JeecgBoot has no address: its platforms are where they are
        environment[f"AIRFLOW_CONN_{each['stanza']['conn_id'].upper()}"] = json.dumps(each["connection"])
    world.settings.tenants_file.write_text(json.dumps({"tenants": [each["stanza"] for each in imported]}), encoding="utf-8")
    for each in imported:
        tenant_id = each["stanza"]["id"]
        examined = command("doctor", tenant_id, "--json", **environment)
        assert examined.returncode == 0, examined.stdout
        synced = command("sync", tenant_id, **environment)
        assert synced.returncode == 0, synced.stderr
        people = len(world.sandbox.control("GET", f"{each['stanza']['platform']}/organization")["users"])
        assert world.query("select count(*) from org.users where tenant_id = %s", tenant_id) == [(people,)]


def test_what_is_shown_holds_no_secret_and_says_what_is_missing(command: Command, world: World, tmp_path: Path) -> None:
    file = tmp_path / "dingding.json"
    file.write_text(fill_in(DINGDING, world), encoding="utf-8")
    secret = world.sandbox.control("GET", "dingtalk/settings")["client_secret"]
    done = command("import-config", str(file), "--id", "acme2")
    assert (done.returncode, done.stderr) == (0, "")
    assert secret not in done.stdout
    assert '"password": "***"' in done.stdout
    assert '    schedule: "0 * * * *"\n    full_schedule: "30 1 * * 1-5"' in done.stdout
    assert "not carried over" in done.stdout
    assert secret in command("import-config", str(file), "--show-secrets").stdout


def test_file_of_nothing_known_ends_with_a_word(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"a": 1}', encoding="utf-8")
    done = command("import-config", str(file))
    assert (done.returncode, "dingding.json" in done.stderr) == (2, True)
    missing = command("import-config", str(tmp_path / "nowhere.json"))
    assert missing.returncode == 2


def init(command: Command, world: World, *arguments: str, given: str | None = None, **environment: str) -> Any:
    tenants = world.settings.tenants_file
    return command("init", "--no-connection", *arguments, given=given, ORGSYNC_TENANTS=str(tenants), **environment)


def test_init_without_questions_examines_then_writes(command: Command, world: World, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(world.sandbox.client_secret + "\n", encoding="utf-8")
    before = world.settings.tenants_file.read_text(encoding="utf-8")
    named = ["--platform", "dingtalk", "--id", "fresh", "--login", world.sandbox.client_id, "--host", world.sandbox.url]
    done = init(command, world, *named, "--agent-id", "3000000001", "--secret-file", str(secret), "--yes", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "0 broken" in done.stdout
    assert "export AIRFLOW_CONN_FRESH=" in done.stdout
    after = world.settings.tenants_file.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert "- id: fresh\n    platform: dingtalk\n    conn_id: fresh\n" in after
    again = init(command, world, *named, "--secret-file", str(secret), "--yes")
    assert (again.returncode, "has a tenant 'fresh' already" in again.stderr) == (2, True)


def test_init_with_a_wrong_secret_writes_nothing(command: Command, world: World) -> None:
    before = world.settings.tenants_file.read_text(encoding="utf-8")
    named = ["--platform", "dingtalk", "--id", "fresh", "--login", world.sandbox.client_id, "--host", world.sandbox.url, "--yes"]
    done = init(command, world, *named, "--secret-file", "-", given="not-the-secret\n")
    assert done.returncode == 2
    assert "40096" in done.stdout
    assert "nothing was written" in done.stderr
    assert "not-the-secret" not in done.stdout + done.stderr
    assert world.settings.tenants_file.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--platform", "slack", "--yes"], "none of dingtalk, wecom, feishu"),
        (["--platform", "dingtalk", "--id", "No Such", "--yes"], "may hold only lower-case letters"),
        (["--platform", "dingtalk", "--id", "fresh", "--yes"], "--login is needed with --yes"),
        (["--platform", "dingtalk", "--id", "acme", "--yes"], "has a tenant 'acme' already"),
    ],
)
def test_init_says_what_is_missing_or_wrong_before_it_asks_anybody(
    command: Command, world: World, arguments: list[str], words: str
) -> None:
    world.control("DELETE", "calls")
    done = init(command, world, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert world.control("GET", "calls")["total"] == 0


def test_init_asks_examines_asks_again_and_shows_what_a_sync_would_bring(command: Command, world: World) -> None:
    """A wrong secret first; secrets are typed without being seen, here they come from the input."""
    wrong = [world.sandbox.client_id, "not-the-secret", "", "3000000001", world.sandbox.url, "y"]
    right = [world.sandbox.client_id, world.sandbox.client_secret, "", "3000000001", world.sandbox.url, "n"]
    done = init(command, world, given="\n".join(["dingtalk", "asked", *wrong, *right]) + "\n", LC_ALL="en_US.UTF-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("40096") < done.stdout.index("0 broken")
    assert "- id: asked" in world.settings.tenants_file.read_text(encoding="utf-8")


def test_links_are_printed_and_a_pasted_one_is_checked(command: Command, world: World) -> None:
    base = ["--base-url", "https://airflow.example.com"]
    done = command("links", "acme", *base, "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "https://airflow.example.com/?corpId=$CORPID$" in done.stdout
    printed = json.loads(command("links", "acme", *base, "--json").stdout)
    assert command("links", "acme", *base, "--check", printed[-1]["value"]).returncode == 0
    wrong = command("links", "acme", *base, "--check", "https://airflow.example.com/", "--lang", "zh")
    assert (wrong.returncode, "缺少 corpId=$CORPID$" in wrong.stdout) == (2, True)
    nowhere = command("links", "acme")
    assert (nowhere.returncode, "--base-url" in nowhere.stderr) == (2, True)
    configured = command("links", "acme", AIRFLOW__API__BASE_URL="https://airflow.example.org")
    assert "https://airflow.example.org/" in configured.stdout
