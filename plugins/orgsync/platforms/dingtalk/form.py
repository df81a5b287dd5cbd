"""The form of a DingTalk connection."""

from __future__ import annotations

from orgsync.platforms.forms import build_form, callback_fields, sign_in_fields, text_field

BASE_URL = "https://oapi.dingtalk.com"
EDITIONS = ("standard", "professional")
PARALLEL_CALLS = 12

FORM = build_form(
    "dingtalk",
    title="DingTalk",
    hook="orgsync.platforms.dingtalk.hook.DingTalkHook",
    login="Client ID (AppKey)",
    password="Client Secret (AppSecret)",  # noqa: S106 - the field's name
    base_url=BASE_URL,
    pace="The standard edition allows 20",
    parallel=PARALLEL_CALLS,
    fields={
        "corp_id": text_field("Corp ID", "CorpId of the organization; who signs in with another one is refused. Reading does not need it."),
        "agent_id": text_field("Agent ID", "AgentId of the same app; needed to send work notifications."),
        "todo_creator_union_id": text_field("Todo creator", "unionId of who makes todos; the first of a todo's people if empty."),
        "edition": text_field("Edition", "standard or professional: how many calls a month are paid for; standard if empty."),
        "api_host": text_field("Base URL of todos", "Empty for https://api.dingtalk.com, or for what fits to another Base URL."),
        **sign_in_fields("https://login.dingtalk.com"),
        **callback_fields("Token", "EncodingAESKey"),
    },
    placeholders={"login": "dingxxxxxxxxxxxxxxxx", "calls_per_second": "20", "edition": "standard"},
)
