"""Where people reach Airflow, and the pages of the organization in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from orgsync.connections.airflow_options import AirflowOptions, UnclearError

FRAME = "/plugin/organization"
"""Where Airflow shows what a plugin serves in a frame (`url_route` of the external view); what follows is the frame's own path."""
PAGES = "/organization"
"""Where the frame's own path begins: the prefix under which the plugin is mounted."""
SIGN_IN = "/auth/organization"
"""The pages by which people of an organization sign in."""
LOGIN, CALLBACK = f"{SIGN_IN}/login", f"{SIGN_IN}/callback"


def find_site(environ: Mapping[str, str] = os.environ) -> str | None:
    """`[api] base_url` without a slash at its end; None where it is not plainly set."""
    try:
        return AirflowOptions(environ).read("api", "base_url").rstrip("/")
    except UnclearError:
        return None


def address_page(*parts: object, environ: Mapping[str, str] = os.environ) -> str:
    """The address of a page, such as of `acme`, `plans`, 12; without a host where it is not known where people reach Airflow."""
    site = find_site(environ) or ""
    path = "/".join(quote(str(part), safe="") for part in parts)
    return f"{site}{FRAME}{urlsplit(site).path}{PAGES}/{path}"
