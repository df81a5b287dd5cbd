"""What Airflow learns about orgsync: its connection types and their forms."""

from __future__ import annotations

from typing import Any

_OPTIONAL_TEXT = {"type": ["string", "null"]}

DINGTALK = {
    "connection-type": "dingtalk",
    "hook-class-name": "orgsync.platforms.dingtalk.hook.DingTalkHook",
    "hook-name": "DingTalk",
    "conn-fields": {
        "corp_id": {
            "label": "Corp ID",
            "description": "CorpId of the organization; for your own orientation, directory calls do not need it.",
            "schema": _OPTIONAL_TEXT,
        },
        "agent_id": {
            "label": "Agent ID",
            "description": "AgentId of the same app; needed to send work notifications.",
            "schema": _OPTIONAL_TEXT,
        },
        "calls_per_second": {
            "label": "Calls per second",
            "description": "Budget of each interface. The standard edition allows 20; 0 is no limit.",
            "schema": {"type": ["number", "null"], "minimum": 0},
        },
        "max_parallel_calls": {
            "label": "Parallel calls",
            "description": "How many calls may be under way at once; 12 if empty.",
            "schema": {"type": ["integer", "null"], "minimum": 1},
        },
        "request_timeout_seconds": {
            "label": "Request timeout",
            "description": "Seconds to wait for one answer; 30 if empty.",
            "schema": {"type": ["number", "null"], "minimum": 1},
        },
    },
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "port", "extra"],
        "relabeling": {"login": "Client ID (AppKey)", "password": "Client Secret (AppSecret)", "host": "Base URL"},
        "placeholders": {
            "login": "dingxxxxxxxxxxxxxxxx",
            "host": "empty for https://oapi.dingtalk.com",
            "calls_per_second": "20",
            "max_parallel_calls": "12",
            "request_timeout_seconds": "30",
        },
    },
}


def get_provider_info() -> dict[str, Any]:
    return {
        "package-name": "orgsync",
        "name": "orgsync",
        "description": "Company directories of IM platforms.",
        "versions": ["0.1.0"],
        "connection-types": [DINGTALK],
    }
