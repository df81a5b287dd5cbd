"""The form of a WeCom connection."""

from __future__ import annotations

from orgsync.platforms.forms import build_form, callback_fields, number_field, secret_field, sign_in_fields, text_field

BASE_URL = "https://qyapi.weixin.qq.com"
# Both our choice: WeCom names no number of parallel calls it takes (45033), only that there is one.
PARALLEL_CALLS = 10
DETAILS_PER_READ = 5000
WAYS = ("auto", "lists", "ids", "export")

FORM = build_form(
    "wecom",
    title="WeCom",
    hook="orgsync.platforms.wecom.hook.WeComHook",
    login="Corp ID (企业ID)",
    password="App secret (应用 Secret)",  # noqa: S106 - the field's name
    base_url=BASE_URL,
    pace="40 if empty, and never more than 10,000 a minute",
    parallel=PARALLEL_CALLS,
    fields={
        "agent_id": text_field("Agent ID", "AgentId of the same app; shows who the app may see, and is needed to send messages."),
        "accounts": number_field(
            "Accounts",
            "How many accounts the company may have (账号上限): a day's messages go to 200 times as many.",
            minimum=0,
            kind="integer",
        ),
        "contact_secret": secret_field(
            "Contact-sync secret", "Secret of 管理工具 → 通讯录同步; lists the ids of the whole company, to check a read or to read by."
        ),
        "read_by": text_field("Read by", "auto, lists, ids or export; auto if empty."),
        "details_per_read": number_field(
            "Details per read",
            "How many people one read may ask for singly: by ids for their details, by lists for who is missing; 5000 if empty.",
            minimum=0,
            kind="integer",
        ),
        **sign_in_fields("https://login.work.weixin.qq.com"),
        **callback_fields("Token", "EncodingAESKey"),
    },
    placeholders={"login": "wwxxxxxxxxxxxxxxxx", "read_by": "auto", "details_per_read": "5000", "calls_per_second": "40"},
)
