"""The form of a webhook connection."""

from __future__ import annotations

from orgsync.platforms.forms import flag_field, secret_field, text_field

FORM = {
    "connection-type": "orgsync_webhook",
    "hook-class-name": "orgsync.carriers.hook.WebhookHook",
    "hook-name": "orgsync webhook (group robots, JSON)",
    "conn-fields": {
        "format": text_field("Format", "dingtalk, wecom, feishu or json; empty: as the URL tells, json for one that is no platform's."),
        "signing_secret": secret_field(
            "Signing secret", "Of DingTalk (加签, SEC…) and Feishu (签名校验); for json one of your own. Empty: not signed."
        ),
        "allow_http": flag_field("Allow http", "Post to an address without TLS, within a network of your own."),
    },
    "ui-field-behaviour": {
        "hidden-fields": ["host", "schema", "port", "login", "extra"],
        "relabeling": {"password": "URL (of the robot or webhook)"},
        "placeholders": {"password": "https://…", "format": "dingtalk, wecom, feishu, json"},
    },
}
