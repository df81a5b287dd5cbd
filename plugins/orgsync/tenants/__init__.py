"""The tenants file, or a folder of them: one stanza per organization, each checked whole before anything uses it."""

from __future__ import annotations

from orgsync.tenants.file import BrokenStanza as BrokenStanza
from orgsync.tenants.file import Stanzas as Stanzas
from orgsync.tenants.file import find_tenant as find_tenant
from orgsync.tenants.file import load_tenants as load_tenants
from orgsync.tenants.file import read_stanzas as read_stanzas
from orgsync.tenants.file import read_stanzas_of as read_stanzas_of
from orgsync.tenants.file import read_tenant as read_tenant
from orgsync.tenants.stanza import Tenant as Tenant
