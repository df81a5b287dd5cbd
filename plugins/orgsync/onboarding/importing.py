"""Makes a tenant's stanza and connection of what O2OA, JeecgBoot or a list of keys says, and tells what could not be carried over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgsync.errors import ConfigurationError
from orgsync.onboarding.asking import make_connection
from orgsync.onboarding.quartz import translate_quartz
from orgsync.onboarding.reading import Settings, find_blocks, read_forms
from orgsync.platforms.dingtalk import form as dingtalk
from orgsync.platforms.feishu import form as feishu
from orgsync.platforms.wecom import form as wecom

PLACEHOLDERS = frozenset({"", "?", "??", "???", "xxx", "null", "none", "1"})
"""What samples have where nothing is filled in; O2OA's documentation says to write 1 for token and encodingAesKey."""

BASE_URLS = {"dingtalk": dingtalk.BASE_URL, "wecom": wecom.BASE_URL, "feishu": feishu.BASE_URL}
MASK = "***"
SECRETS = frozenset({"password", "contact_secret", "callback_token", "callback_aes_key_secret"})


@dataclass(frozen=True)
class Imported:
    """One organization as it was configured elsewhere. `notes` are what was not carried over, and what to look at."""

    source: str
    platform: str
    connection: Mapping[str, Any]
    schedules: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def masked(self) -> dict[str, Any]:
        """The connection as it may be shown."""
        extra = {name: MASK if name in SECRETS else value for name, value in self.connection.get("extra", {}).items()}
        shown = {name: MASK if name in SECRETS else value for name, value in self.connection.items()}
        return shown | ({"extra": extra} if extra else {})


def import_settings(text: str) -> list[Imported]:
    """Everything in the file that is an organization's; raises ConfigurationError where nothing is."""
    form, content = read_forms(text)
    readers: dict[str, Callable[[Any], Iterator[Imported]]] = {
        "json": _read_json,
        "yaml": _read_blocks,
        "table": _read_rows,
        "list": _read_list,
    }
    if found := list(readers[form](content)):
        return found
    raise ConfigurationError(
        "the file has no settings of DingTalk, WeCom or Feishu that orgsync knows: O2OA's dingding.json and qiyeweixin.json, JeecgBoot's "
        "third-app (YAML, or rows of sys_third_app_config), or a list of keys (CorpId, AgentId, AppKey, AppSecret …)"
    )


def _read_json(content: Any) -> Iterator[Imported]:
    if isinstance(content, dict) and ("corpId" in content or "appKey" in content):
        yield _import_o2oa(content)
    elif isinstance(content, list):
        yield from _read_rows(content)
    elif isinstance(content, dict):
        yield from _read_rows([content]) if _pick(content, "third_type", "thirdType") else _read_blocks(content)


# --- O2OA: the fields of its classes Dingding and Qiyeweixin, and of the samples in its documentation -------------------------------

_O2OA_KNOWN = frozenset(
    (
        *("enable", "corpId", "agentId", "corpSecret", "syncSecret", "appKey", "appSecret", "syncCron", "forceSyncCron"),
        *("oapiAddress", "apiAddress", "token", "encodingAesKey", "messageEnable"),
    )
)


def _import_o2oa(content: Settings) -> Imported:
    is_wecom = "apiAddress" in content or "weixin" in str(content.get("oapiAddress", ""))
    notes = _Notes()
    if content.get("enable") is False:
        notes.add("it is switched off there (enable: false)")
    extra = {"agent_id": _value(content, "agentId")} | _callback(content, notes)
    if is_wecom:
        extra["contact_secret"] = _value(content, "syncSecret")
        connection = _connection("wecom", _value(content, "corpId"), _value(content, "corpSecret"), extra, _value(content, "apiAddress"))
    else:
        extra["corp_id"] = _value(content, "corpId")
        key, secret = _value(content, "appKey"), _value(content, "appSecret")
        if not key and _value(content, "corpSecret"):
            secret = secret or _value(content, "corpSecret")
            notes.add(
                "its corpSecret is of the form of old (or the SSOsecret, as its documentation asks for), and it has no appKey: "
                "put the app's Client ID and Client Secret into login and password of the connection"
            )
        connection = _connection("dingtalk", key, secret, extra, _value(content, "oapiAddress"))
    if content.get("messageEnable") is False:
        notes.add("messages are switched off there (messageEnable: false); orgsync sends what is queued once `org_notify` is switched on")
    others = [key for key in content if key not in _O2OA_KNOWN and not key.startswith("###")]
    if others:
        notes.add(f"not carried over, since orgsync has nothing like it: {', '.join(sorted(others))}")
    source = f"O2OA {'qiyeweixin' if is_wecom else 'dingding'}.json"
    return Imported(source, str(connection["conn_type"]), connection, _schedules(content, notes), notes.listed(connection))


def _schedules(content: Settings, notes: _Notes) -> dict[str, str]:
    """`syncCron` was a look for callbacks and a frequent sync, `forceSyncCron` a full one."""
    found = {}
    for name, key in (("schedule", "syncCron"), ("full_schedule", "forceSyncCron")):
        if not (expression := _value(content, key)):
            continue
        try:
            translated = translate_quartz(expression)
        except ConfigurationError as error:
            notes.add(f"{key}: {error}; the default stands")
            continue
        found[name] = translated.cron
        if translated.second:
            notes.add(f"{key} began at second {translated.second} of the minute; cron begins with the minute")
    return found


def _callback(content: Settings, notes: _Notes) -> dict[str, str]:
    token, key = _value(content, "token"), _value(content, "encodingAesKey")
    if bool(token) != bool(key):
        notes.add("of token and encodingAesKey only one is filled in; neither is carried over")
        return {}
    return {"callback_token": token, "callback_aes_key_secret": key}


# --- JeecgBoot: `third-app` and `justauth` of its application.yml, rows of sys_third_app_config ---------------------------------------

_JEECG_TYPES = {"DINGTALK": "dingtalk", "WECHAT_ENTERPRISE": "wecom", "FEISHU": "feishu"}


def _read_blocks(documents: Any) -> Iterator[Imported]:
    """The same organization often stands twice, for signing in and for the app: the one with an agent counts first."""
    blocks = [(name, block) for name, block in find_blocks(documents, frozenset(_JEECG_TYPES)) if _value(block, "client-id", "clientId")]
    seen: set[tuple[str, str]] = set()
    for name, block in sorted(blocks, key=lambda each: not _value(each[1], "agent-id", "agentId")):
        key = (name, _value(block, "client-id", "clientId"))
        if key not in seen:
            seen.add(key)
            yield _import_jeecg(_JEECG_TYPES[name], block, "JeecgBoot application.yml", is_on=block.get("enabled") is not False)


def _read_rows(rows: Any) -> Iterator[Imported]:
    for row in rows:
        if isinstance(row, dict) and (platform := _JEECG_TYPES.get(str(_pick(row, "third_type", "thirdType") or "").upper())):
            is_on = str(_pick(row, "status") if _pick(row, "status") is not None else 1) not in ("0", "False", "false")
            yield _import_jeecg(platform, row, "JeecgBoot sys_third_app_config", is_on=is_on)


def _import_jeecg(platform: str, block: Settings, source: str, *, is_on: bool) -> Imported:
    notes = _Notes()
    if not is_on:
        notes.add("it is switched off there")
    key = _value(block, "client-id", "clientId", "client_id")
    secret = _value(block, "client-secret", "clientSecret", "client_secret")
    extra = {"agent_id": _value(block, "agent-id", "agentId", "agent_id")}
    if platform == "wecom":
        own = _value(block, "agent-app-secret", "agentAppSecret", "agent_app_secret")
        if own:
            extra["contact_secret"], secret = secret, own
        else:
            notes.add("WeCom has two secrets, and there it is one: if it is that of 通讯录同步 and not the app's, the doctor says so")
    elif platform == "dingtalk":
        extra["corp_id"] = _value(block, "corp-id", "corpId", "corp_id")
    else:
        extra = {}
    connection = _connection(platform, key, secret, extra, "")
    return Imported(source, platform, connection, notes=notes.listed(connection))


# --- A list of keys, as it is copied from a console or handed over ---------------------------------------------------------------------

_NAMES = (
    ("ssosecret", "sso_secret"),
    ("通讯录同步", "contact_secret"),
    ("contactsecret", "contact_secret"),
    ("secret", "secret"),
    ("aeskey", "encodingAesKey"),
    ("clientid", "key"),
    ("appkey", "key"),
    ("agentid", "agent_id"),
    ("corpid", "corp_id"),
    ("企业id", "corp_id"),
    ("appid", "app_id"),
    ("token", "token"),
)
"""By what a name holds, the first that fits: `Client ID（原 AppKey）`, `Client Secret (AppSecret)`, `应用 Secret`."""


def _read_list(pairs: Settings) -> Iterator[Imported]:
    known: dict[str, str] = {}
    others = []
    for name, value in pairs.items():
        bare = re.sub(r"[\W_]+", "", name).lower()
        meaning = next((each for held, each in _NAMES if held in bare), "")
        if meaning and value.lower() not in PLACEHOLDERS:
            known.setdefault(meaning, value)
        elif not meaning:
            others.append(name)
    if not known.keys() & {"key", "secret", "app_id"}:
        return
    notes = _Notes()
    extra = {"agent_id": known.get("agent_id", "")} | _callback(known, notes)
    if known.get("app_id", "").startswith("cli_"):
        platform, login, extra = "feishu", known["app_id"], _callback(known, notes)
    elif "key" in known or not known.get("corp_id", "").startswith(("ww", "wx")):
        platform, login = "dingtalk", known.get("key", "")
        extra["corp_id"] = known.get("corp_id", "")
    else:
        platform, login = "wecom", known["corp_id"]
        extra["contact_secret"] = known.get("contact_secret", "")
    if "sso_secret" in known:
        notes.add("the SSOsecret only signs in to DingTalk's admin console; it is not carried over")
    if others:
        notes.add(f"not carried over, since orgsync does not know them: {', '.join(sorted(others))}")
    connection = _connection(platform, login, known.get("secret", ""), extra, "")
    yield Imported("a list of keys", platform, connection, notes=notes.listed(connection))


# --- What they share ---------------------------------------------------------------------------------------------------------------------


class _Notes:
    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        self._texts.append(text)

    def listed(self, connection: Mapping[str, Any]) -> tuple[str, ...]:
        """With what is missing in the connection that was made."""
        missing = [name for name in ("login", "password") if not connection.get(name)]
        return (*self._texts, *(f"the connection has no {name} yet: fill it in" for name in missing))


def _connection(platform: str, login: str, password: str, extra: Mapping[str, str], url: str) -> dict[str, Any]:
    """As Airflow takes it; the platform's own address is left out."""
    host = "" if url.rstrip("/").removesuffix("/cgi-bin") == BASE_URLS[platform] else url.rstrip("/")
    return make_connection(platform, {"login": login, "password": password, "host": host, **extra})


def _pick(settings: Settings, *names: str) -> Any:
    return next((settings[name] for name in names if settings.get(name) is not None), None)


def _value(settings: Settings, *names: str) -> str:
    """As text without blanks around it; empty for what a sample has where nothing is filled in."""
    text = str(value).strip() if (value := _pick(settings, *names)) is not None else ""
    return "" if text.lower() in PLACEHOLDERS else text
