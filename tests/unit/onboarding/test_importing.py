"""What another system has configured becomes a stanza and a connection; what does not is said."""

from __future__ import annotations

from typing import Any

import pytest

from orgsync.errors import ConfigurationError
from orgsync.onboarding.importing import Imported, import_settings
from tests.unit.onboarding.samples import DINGDING, DINGDING_OF_OLD, JEECG, KEY_LIST, QIYEWEIXIN, ROWS, ROWS_CSV


def one(text: str) -> Imported:
    [found] = import_settings(text)
    return found


def test_dingding_json_of_o2oa_as_its_documentation_has_it() -> None:
    """A trailing comma, corpSecret for what is the SSOsecret, seconds in its schedules."""
    found = one(DINGDING_OF_OLD)
    assert (found.source, found.platform) == ("O2OA dingding.json", "dingtalk")
    assert found.schedules == {"schedule": "*/10 * * * *", "full_schedule": "45 8,12 * * *"}
    assert found.connection == {"conn_type": "dingtalk", "password": "sso", "extra": {"agent_id": "3000000001", "corp_id": "dingsandbox"}}
    told = "; ".join(found.notes)
    for words in ("enable: false", "SSOsecret", "Client ID", "second 10", "no login yet"):
        assert words in told


def test_dingding_json_with_the_app_s_key() -> None:
    found = one(DINGDING)
    assert found.connection == {
        "conn_type": "dingtalk",
        "login": "dingkey",
        "password": "app-secret",
        "extra": {"agent_id": "3000000001", "corp_id": "dingsandbox"},
    }
    assert found.schedules == {"schedule": "0 * * * *", "full_schedule": "30 1 * * 1-5"}
    assert [note for note in found.notes if "not carried over" in note] == [
        "not carried over, since orgsync has nothing like it: messageRedirectPortal, workUrl"
    ]


def test_qiyeweixin_json_with_placeholders_where_nothing_is_filled_in() -> None:
    """O2OA's documentation says to write 1 for token and encodingAesKey: the page cannot be saved otherwise."""
    found = one(QIYEWEIXIN)
    assert (found.source, found.platform) == ("O2OA qiyeweixin.json", "wecom")
    assert found.connection == {"conn_type": "wecom", "login": "wwsandbox", "password": "app-secret", "extra": {"agent_id": "1000002"}}
    assert "callback" not in str(found.connection)


def test_another_address_is_kept_and_the_platform_s_own_is_not() -> None:
    assert one(QIYEWEIXIN.replace("https://qyapi.weixin.qq.com", "http://10.0.0.7:8790/")).connection["host"] == "http://10.0.0.7:8790"
    assert "host" not in one(QIYEWEIXIN).connection


def test_schedule_that_cron_cannot_say_leaves_the_default_and_is_told() -> None:
    found = one(DINGDING.replace("0 30 1 ? * MON-FRI", "0 0 2 L * ?"))
    assert found.schedules == {"schedule": "0 * * * *"}
    assert "forceSyncCron: the schedule '0 0 2 L * ?' cannot be carried over" in "; ".join(found.notes)


def test_jeecgboot_yaml_has_each_organization_once() -> None:
    wecom, dingtalk = sorted(import_settings(JEECG), key=lambda each: each.platform, reverse=True)
    assert dingtalk.connection == {
        "conn_type": "dingtalk",
        "login": "dingkey",
        "password": "app-secret",
        "extra": {"agent_id": "3000000001"},
    }
    assert wecom.connection == {
        "conn_type": "wecom",
        "login": "wwsandbox",
        "password": "own-secret",
        "extra": {"agent_id": "1000002", "contact_secret": "contact-secret"},
    }
    assert "switched off there" in "; ".join(dingtalk.notes)


@pytest.mark.parametrize("text", [ROWS, ROWS_CSV], ids=["JSON", "CSV"])
def test_rows_of_jeecgboot_s_table(text: str) -> None:
    first, second = import_settings(text)
    assert (first.platform, first.connection["login"], first.connection["extra"]) == (
        "dingtalk",
        "dingkey",
        {"agent_id": "3000000001", "corp_id": "dingcorp"},
    )
    assert (second.platform, second.connection["password"]) == ("wecom", "app-secret")
    assert "switched off there" in "; ".join(second.notes)


def test_list_of_keys_as_it_is_handed_over() -> None:
    found = one(KEY_LIST)
    assert found.connection == {
        "conn_type": "dingtalk",
        "login": "dingkey",
        "password": "app-secret",
        "extra": {"agent_id": "3000000001", "corp_id": "dingsandbox"},
    }
    told = "; ".join(found.notes)
    assert "the SSOsecret only signs in" in told
    assert "应用名称" in told


@pytest.mark.parametrize(
    ("text", "platform", "login"),
    [
        ("企业ID：wwabc\nAgentId：1000002\nSecret：s\n", "wecom", "wwabc"),
        ("App ID = cli_abc\nApp Secret = s\n", "feishu", "cli_abc"),
        ("AppKey\tdingabc\nAppSecret\ts\n", "dingtalk", "dingabc"),
    ],
)
def test_platform_of_a_list_is_told_by_its_keys(text: str, platform: str, login: str) -> None:
    found = one(text)
    assert (found.platform, found.connection["login"], found.connection["password"]) == (platform, login, "s")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ('{"a": 1,,}', "line 1: not JSON"),
        ("[" * 100_000, "JSON"),
        ('{"unrelated": {"a": 1}}', "has no settings of DingTalk, WeCom or Feishu"),
        ("server:\n  port: 8080\n", "has no settings of DingTalk, WeCom or Feishu"),
        ("nothing at all", "neither JSON nor YAML"),
    ],
)
def test_file_that_is_none_of_these_is_told(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        import_settings(text)


def test_comments_are_left_out_and_what_looks_like_one_in_a_text_is_not() -> None:
    found = one(
        '{\n  // of the app\n  "appKey": "ding//key", /* two\n lines */ "appSecret": "a,]b",\n  "oapiAddress": "https://oapi.dingtalk.com",\n}'
    )
    assert (found.connection["login"], found.connection["password"]) == ("ding//key", "a,]b")


def test_secrets_are_masked_where_it_is_shown() -> None:
    for text in (DINGDING, DINGDING_OF_OLD, QIYEWEIXIN, JEECG, ROWS, ROWS_CSV, KEY_LIST):
        for found in import_settings(text):
            shown: Any = (found.masked(), found.notes)
            assert not [secret for secret in ("app-secret", "own-secret", "contact-secret", "sso") if f"'{secret}'" in str(shown)]
