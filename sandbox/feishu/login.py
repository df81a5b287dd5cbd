"""What becomes of a code: a person's token, by OAuth or as it was before that, and what it tells of the person."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox.exchange import encode
from sandbox.feishu import login_refusals as refusals
from sandbox.feishu.fields import LOGIN_FIELDS, permitted, without_blanks
from sandbox.feishu.numbering import open_id, tenant_key, union_id
from sandbox.feishu.parameters import Parameters
from sandbox.feishu.refusals import RefusalError
from sandbox.feishu.settings import OFFLINE_ACCESS
from sandbox.feishu.tenant import Feishu
from sandbox.feishu.visibility import is_available
from sandbox.login_codes import Code, Consent, Spoilt, SpoiltCodeError
from sandbox.organization import Person
from sandbox.signers import Signer, Standing, signer_of
from sandbox.user_tokens import Grant, new_token

TOKEN_LENGTH = 1500
GRANT_SECONDS = 365 * 86_400
"""So long after the person agreed a token can be renewed, however often that was done."""
OLD_REFRESH_SECONDS = 30 * 86_400
SPOILT: Mapping[Spoilt, Callable[[], RefusalError]] = {
    Spoilt.UNKNOWN: refusals.unknown_code,
    Spoilt.FOREIGN: refusals.foreign_grant,
    Spoilt.USED: refusals.used_code,
    Spoilt.EXPIRED: refusals.expired_code,
}
SPOILT_OF_OLD: Mapping[Spoilt, Callable[[], RefusalError]] = {
    Spoilt.UNKNOWN: refusals.bad_code_of_old,
    Spoilt.FOREIGN: refusals.foreign_code_of_old,
    Spoilt.USED: refusals.bad_code_of_old,
    Spoilt.EXPIRED: refusals.expired_code_of_old,
}


def oauth_token(tenant: Feishu, parameters: Parameters) -> bytes:
    """`oauth/v3/token`."""
    return _oauth_token(tenant, parameters, refuses_idle_verifier=True)


def oauth_token_v2(tenant: Feishu, parameters: Parameters) -> bytes:
    """A `code_verifier` for which there was no challenge is passed over."""
    return _oauth_token(tenant, parameters, refuses_idle_verifier=False)


def _oauth_token(tenant: Feishu, parameters: Parameters, *, refuses_idle_verifier: bool) -> bytes:
    grant_type = _required(parameters, "grant_type")
    _check_client(tenant, parameters)
    if grant_type == "refresh_token":
        return _oauth_answer(tenant, _renew(tenant, parameters))
    if grant_type != "authorization_code":
        raise refusals.bad_grant_type()
    code = _look_up(tenant, _required(parameters, "code"), SPOILT)
    _check_redirect_uri(code.consent, _optional(parameters, "redirect_uri"))
    _check_verifier(code.consent, _optional(parameters, "code_verifier"), refuses_idle=refuses_idle_verifier)
    scopes = _narrowed(code.consent.scopes, _optional(parameters, "scope"))
    _check_user(tenant, code.consent)
    code.is_used = True
    return _oauth_answer(tenant, _grant(tenant, code.consent, scopes=scopes))


def _check_client(tenant: Feishu, parameters: Parameters) -> None:
    settings = tenant.settings
    client_id, client_secret = _required(parameters, "client_id"), _required(parameters, "client_secret")
    if client_id != settings.client_id:
        raise refusals.unknown_client()
    if client_secret != settings.client_secret:
        raise refusals.wrong_client_secret()
    if not settings.app_enabled:
        raise refusals.client_disabled()
    if not settings.app_installed:
        raise refusals.client_not_installed()


def _check_redirect_uri(consent: Consent, given: str) -> None:
    """Who leaves it out is let through: Feishu calls it optional. For a code from inside the client it is the page's bare address."""
    if not given or consent.redirect_uri is None:
        return
    bare = urlsplit(consent.redirect_uri)._replace(query="", fragment="").geturl()
    if given != (bare if consent.kind == "in_client" else consent.redirect_uri):
        raise refusals.other_redirect_uri()


def _check_verifier(consent: Consent, verifier: str, *, refuses_idle: bool) -> None:
    if not consent.challenge:
        if verifier and refuses_idle:
            raise refusals.bad_verifier()
        return
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    answer = digest if consent.challenge_method == "S256" else verifier
    if not hmac.compare_digest(answer.encode(), consent.challenge.encode()):
        raise refusals.bad_verifier()


def _check_user(tenant: Feishu, consent: Consent) -> None:
    """A stranger passes: which company it is, the app has to look."""
    signer = signer_of(tenant.organization, consent.user)
    if not _is_in_order(signer):
        raise refusals.bad_user_status()
    if signer.standing is Standing.MEMBER and not is_available(tenant, signer.person):
        raise refusals.user_unavailable()


def _is_in_order(signer: Signer) -> bool:
    return signer.standing is not Standing.FORMER and signer.person.active


def _narrowed(granted: tuple[str, ...], wish: str) -> tuple[str, ...]:
    wanted = tuple(wish.split())
    if len(set(wanted)) < len(wanted):
        raise refusals.repeated_scopes()
    if not set(wanted) <= set(granted):
        raise refusals.forbidden_scopes()
    return wanted or granted


def _renew(tenant: Feishu, parameters: Parameters) -> Grant:
    old, now = tenant.user_tokens.by_refresh_token.get(_required(parameters, "refresh_token")), tenant.now()
    if old is None or old.generation != 2:
        raise refusals.unknown_refresh_token()
    if old.consent.client_id != tenant.settings.client_id:
        raise refusals.foreign_grant()
    if not tenant.settings.may_refresh:
        raise refusals.may_not_refresh()
    if old.is_renewed:
        raise refusals.used_refresh_token()
    if now >= min(old.refresh_expires_at, old.began_at + GRANT_SECONDS):
        raise refusals.expired_refresh_token()
    scopes = _narrowed(old.consent.scopes, _optional(parameters, "scope"))
    _check_user(tenant, old.consent)
    old.is_renewed = True
    return _grant(tenant, old.consent, scopes=scopes, began_at=old.began_at)


def _grant(tenant: Feishu, consent: Consent, *, scopes: tuple[str, ...], began_at: float | None = None) -> Grant:
    now = tenant.now()
    grant = Grant(
        consent,
        access_token=new_token("eyJ", TOKEN_LENGTH),
        expires_at=now + tenant.settings.token_seconds,
        refresh_token=new_token("eyJ", TOKEN_LENGTH),
        refresh_expires_at=now + tenant.settings.refresh_token_seconds,
        began_at=now if began_at is None else began_at,
        scopes=scopes,
        generation=2,
    )
    return tenant.user_tokens.add(grant)


def _oauth_answer(tenant: Feishu, grant: Grant) -> bytes:
    """What renews it only for whoever asked for `offline_access`."""
    fields: dict[str, Any] = {"code": 0, "access_token": grant.access_token, "expires_in": tenant.settings.token_seconds}
    if OFFLINE_ACCESS in grant.consent.scopes:
        fields |= {"refresh_token": grant.refresh_token, "refresh_token_expires_in": tenant.settings.refresh_token_seconds}
    return encode(fields | {"scope": " ".join(grant.scopes), "token_type": "Bearer"})


def access_token_of_old(tenant: Feishu, parameters: Parameters) -> bytes:
    """`authen/v1/access_token`: with the app's token, and the person in the same answer."""
    grant = _grant_of_old(tenant, parameters)
    person = _person_fields(tenant, signer_of(tenant.organization, grant.consent.user).person)
    person.pop("employee_no", None)
    return encode(_token_fields(tenant, grant) | person)


def oidc_access_token(tenant: Feishu, parameters: Parameters) -> bytes:
    grant = _grant_of_old(tenant, parameters)
    return encode(_token_fields(tenant, grant) | {"scope": " ".join(grant.scopes)})


def _grant_of_old(tenant: Feishu, parameters: Parameters) -> Grant:
    if not parameters.get("grant_type") or not isinstance(parameters.get("code"), str):
        raise refusals.bad_request_of_old()
    if parameters["grant_type"] != "authorization_code":
        raise refusals.bad_grant_type_of_old()
    code, now = _look_up(tenant, parameters["code"], SPOILT_OF_OLD), tenant.now()
    _check_status(signer_of(tenant.organization, code.consent.user))
    code.is_used = True
    grant = Grant(
        code.consent,
        access_token=new_token("u-", 48),
        expires_at=now + tenant.settings.token_seconds,
        refresh_token=new_token("ur-", 48),
        refresh_expires_at=now + OLD_REFRESH_SECONDS,
        began_at=now,
        scopes=code.consent.scopes,
    )
    return tenant.user_tokens.add(grant)


def _token_fields(tenant: Feishu, grant: Grant) -> dict[str, Any]:
    return {
        "access_token": grant.access_token,
        "token_type": "Bearer",
        "expires_in": tenant.settings.token_seconds,
        "refresh_token": grant.refresh_token,
        "refresh_expires_in": OLD_REFRESH_SECONDS,
    }


def user_info(tenant: Feishu, grant: Grant) -> bytes:
    signer = signer_of(tenant.organization, grant.consent.user)
    _check_status(signer)
    return encode(_person_fields(tenant, signer.person))


def _check_status(signer: Signer) -> None:
    if signer.standing is Standing.FORMER:
        raise refusals.user_resigned()
    if not signer.person.active:
        raise refusals.user_not_registered()


def _person_fields(tenant: Feishu, person: Person) -> dict[str, Any]:
    """Which of them are shown follows from the app's scopes, not from those that the person agreed to: the contract leaves it open."""
    pictures = {"url": "origin", "thumb": "72", "middle": "240", "big": "640"}
    fields = {
        "name": person.name,
        "en_name": person.name_en or "",
        **{f"avatar_{name}": f"https://s1-imfile.feishucdn.com/sandbox/{person.number}~{size}.jpg" for name, size in pictures.items()},
        "open_id": open_id(person),
        "union_id": union_id(person),
        "email": person.email or "",
        "enterprise_email": person.work_email or "",
        "user_id": person.id,
        "mobile": f"+86{person.mobile}" if person.mobile else "",
        "tenant_key": tenant_key(person.company),
        "employee_no": person.job_number or "",
    }
    shown = permitted(fields, LOGIN_FIELDS, tenant.granted)
    return shown if tenant.settings.blank_fields else without_blanks(shown)


def _look_up(tenant: Feishu, value: str, words: Mapping[Spoilt, Callable[[], RefusalError]]) -> Code:
    try:
        return tenant.codes.look_up(value, client_id=tenant.settings.client_id, now=tenant.now())
    except SpoiltCodeError as spoilt:
        raise words[spoilt.why]() from None


def _required(parameters: Parameters, name: str) -> str:
    value = _optional(parameters, name)
    if not value:
        raise refusals.missing(name)
    return value


def _optional(parameters: Parameters, name: str) -> str:
    value = parameters.get(name, "")
    if not isinstance(value, str):
        raise refusals.malformed(name)
    return value
