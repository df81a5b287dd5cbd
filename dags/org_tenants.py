"""No DAG: where a stanza of the tenants file is wrong, Airflow shows this file's import error, and the other files go on with the rest.

A tenant whose stanza is wrong keeps its DAG (org_sync.py), whose runs fail with the same words; one whose id cannot be read has none.
"""

from __future__ import annotations

from functools import partial

from orgsync.outbox.change_rules import check_template
from orgsync.settings import read_settings
from orgsync.tenants import load_tenants

SETTINGS = read_settings()

load_tenants(SETTINGS.tenants_file, partial(check_template, SETTINGS.templates_folder))
