"""The same sign-in through Airflow's FAB provider, for those who have it: named in webserver_config.py (docs/sign-in.md).

FAB keeps users and roles of its own: what somebody may is worked out when they sign in, and not at each request. Nobody can sign in by
WeCom in this way: FAB's state is a JSON Web Token, and WeCom takes letters and digits alone (contract §12).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from authlib.integrations.flask_client import FlaskOAuth2App

from orgsync.errors import ConfigurationError
from orgsync.platforms import load_platform
from orgsync.platforms.signing_in import SignIn
from orgsync.settings import read_settings
from orgsync.sign_in.standing import Registry, list_tenants_of_rules
from orgsync.tenants import Tenant, read_tenant

PLAIN_STATE = ("wecom",)


def list_providers() -> list[dict[str, Any]]:
    """For `OAUTH_PROVIDERS`: one for each tenant that a rule of the access file is about."""
    settings = read_settings()
    tenants = [read_tenant(settings.tenants_file, each) for each in list_tenants_of_rules(settings)]
    return [_describe(tenant) for tenant in tenants if tenant.platform not in PLAIN_STATE]


class OrganizationSecurityManager(FabAirflowSecurityManagerOverride):  # type: ignore[misc]
    """For `SECURITY_MANAGER_CLASS`. `AUTH_ROLES_MAPPING` maps viewer, user, op and admin to roles of FAB."""

    def get_oauth_user_info(self, provider: str, resp: dict[str, Any]) -> dict[str, Any]:
        """Raises ConfigurationError where no rule is about them; FAB then says that signing in was denied."""
        user_id = resp["access_token"]
        found = _registry().find(provider, user_id)
        if found.rights is None:
            _registry().note(provider, user_id, "sign_in.refused", "no rule of the access file is about them")
            raise ConfigurationError(f"no rule of the access file is about whoever signed in to tenant {provider}")
        _registry().note(provider, user_id, "signed.in", "through FAB")
        return {
            "username": f"{provider}:{user_id}",
            "first_name": found.name,
            "last_name": "",
            "email": f"{user_id}@{provider}.invalid",  # FAB wants one, and no platform has verified any
            "role_keys": [found.rights.role],
        }


def _describe(tenant: Tenant) -> dict[str, Any]:
    opener = load_platform(tenant.platform).sign_in
    if opener is None:
        raise ConfigurationError(f"nobody can sign in by {tenant.platform}")
    sign_in = opener(tenant.conn_id, tenant.user_key)
    remote = {"client_id": tenant.id, "client_secret": tenant.id, "client_cls": _make_client(sign_in)}
    return {"name": tenant.id, "icon": "fa-id-card", "token_key": "access_token", "remote_app": remote}


def _make_client(sign_in: SignIn) -> type[FlaskOAuth2App]:
    class Client(FlaskOAuth2App):  # type: ignore[misc]
        """authlib's, with the platform's own way in the place of the standard's. The "token" is the id of whoever signed in."""

        def create_authorization_url(self, redirect_uri: str | None = None, **said: Any) -> dict[str, Any]:
            address = sign_in.address(str(redirect_uri), str(said["state"]), is_in_client=False, language="en")
            return {"url": address, "state": said["state"]}

        def fetch_access_token(self, redirect_uri: str | None = None, **said: Any) -> dict[str, str]:
            return {"access_token": sign_in.identify(str(said["code"]), str(redirect_uri))}

    return Client


@cache
def _registry() -> Registry:
    return Registry(read_settings())
