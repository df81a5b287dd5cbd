"""The form of a Feishu connection."""

from __future__ import annotations

from orgsync.platforms.forms import build_form, callback_fields, sign_in_fields, text_field

BASE_URL = "https://open.feishu.cn"
PARALLEL_CALLS = 12

FORM = build_form(
    "feishu",
    title="Feishu",
    hook="orgsync.platforms.feishu.hook.FeishuHook",
    login="App ID",
    password="App Secret",  # noqa: S106 - the field's name
    base_url=f"{BASE_URL}; https://open.larksuite.com for Lark",
    pace="Empty is what Feishu allows: 50, and 1000 a minute",
    parallel=PARALLEL_CALLS,
    fields={
        "company": text_field("Company", "tenant_key of the organization; who signs in with another one is refused. Optional."),
        **sign_in_fields("https://accounts.feishu.cn"),
        **callback_fields("Verification Token", "Encrypt Key"),
    },
    placeholders={"login": "cli_xxxxxxxxxxxxxxxx", "calls_per_second": "50"},
)
