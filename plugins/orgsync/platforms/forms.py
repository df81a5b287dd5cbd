"""Builds what Airflow learns of a connection type: its hook, its fields, and how the standard fields are called in its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Form = dict[str, Any]


def text_field(label: str, description: str) -> Form:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"]}}


def secret_field(label: str, description: str) -> Form:
    """Airflow masks an extra only if its name says secret or token: name it so."""
    return {"label": label, "description": description, "schema": {"type": ["string", "null"], "format": "password"}}


def flag_field(label: str, description: str) -> Form:
    return {"label": label, "description": description, "schema": {"type": ["boolean", "null"]}}


def number_field(label: str, description: str, *, minimum: int, kind: str = "number") -> Form:
    return {"label": label, "description": description, "schema": {"type": [kind, "null"], "minimum": minimum}}


def sign_in_fields(pages: str) -> dict[str, dict[str, Any]]:
    """What signing people in takes beside the key pair; `pages` is where the platform's own are."""
    return {"login_host": text_field("Base URL of sign-in pages", f"Empty for {pages}, or for the Base URL of a private deployment.")}


def callback_fields(token: str, key: str) -> dict[str, Form]:
    """Of the app's event subscription, by the names that the platform's console has for them."""
    return {
        "callback_token": secret_field(f"Callback token ({token})", f"{token} of the app's event subscription; the doctor looks at it."),
        "callback_aes_key_secret": secret_field(f"Callback key ({key})", f"{key} of the app's event subscription."),
    }


def build_form(
    conn_type: str,
    *,
    title: str,
    hook: str,
    login: str,
    password: str,
    base_url: str,
    pace: str,
    parallel: int,
    fields: Mapping[str, Form],
    placeholders: Mapping[str, str] | None = None,
) -> Form:
    """The form of one connection type. `pace` says in words what the platform allows of each interface when the field stays empty."""
    return {
        "connection-type": conn_type,
        "hook-class-name": hook,
        "hook-name": title,
        "conn-fields": {
            **fields,
            "calls_per_second": number_field("Calls per second", f"Budget of each interface. {pace}; 0 is no limit.", minimum=0),
            "max_parallel_calls": number_field(
                "Parallel calls", f"How many calls may be under way at once; {parallel} if empty.", minimum=1, kind="integer"
            ),
            "request_timeout_seconds": number_field("Request timeout", "Seconds to wait for one answer; 30 if empty.", minimum=1),
        },
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "extra"],
            "relabeling": {"login": login, "password": password, "host": "Base URL"},
            "placeholders": {
                "host": f"empty for {base_url}",
                "max_parallel_calls": str(parallel),
                "request_timeout_seconds": "30",
                **(placeholders or {}),
            },
        },
    }
