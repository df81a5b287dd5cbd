"""Whose code it is. There is no token of a person: the app asks with its own."""

from __future__ import annotations

import secrets
from hashlib import blake2b

from sandbox.exchange import encode
from sandbox.login_codes import Consent, SpoiltCodeError
from sandbox.login_page import host_and_port
from sandbox.signers import Signer, Standing, signer_of
from sandbox.wecom.calls import Call
from sandbox.wecom.parameters import text
from sandbox.wecom.refusals import BAD_CODE, UNTRUSTED_DOMAIN, RefusalError
from sandbox.wecom.settings import PRIVATE_INFO

LONGEST_CODE = 512


def get_user(call: Call) -> bytes:
    """A member also from outside the visible range; who is none, or has left since, has no userid."""
    consent, signer = _redeem(call)
    if signer.standing is not Standing.MEMBER:
        return encode({"openid": signer.person.open_id} | _external(signer))
    has_ticket = PRIVATE_INFO in consent.scopes and signer.person.id in call.scope.user_ids
    return encode({"userid": signer.person.id} | ({"user_ticket": secrets.token_urlsafe(64)} if has_ticket else {}))


def get_user_of_old(call: Call) -> bytes:
    """`user/getuserinfo`: in capitals, and with the device."""
    _, signer = _redeem(call)
    device = {"DeviceId": f"{signer.person.number:032x}"}
    if signer.standing is not Standing.MEMBER:
        return encode({"OpenId": signer.person.open_id} | device | _external(signer))
    return encode({"UserId": signer.person.id} | device)


def _redeem(call: Call) -> tuple[Consent, Signer]:
    """The domain has to be trusted still, and that by the app whose token asks."""
    tenant, value = call.tenant, text(call.parameters, "code")
    if len(value.encode()) > LONGEST_CODE:
        raise RefusalError(BAD_CODE)
    try:
        code = tenant.codes.look_up(value, client_id=tenant.settings.client_id, now=tenant.now())
    except SpoiltCodeError:
        raise RefusalError(BAD_CODE) from None
    redirect_uri = code.consent.redirect_uri
    if redirect_uri is not None and not tenant.trusts(host_and_port(redirect_uri)):
        raise RefusalError(UNTRUSTED_DOMAIN)
    code.is_used = True
    return code.consent, signer_of(tenant.organization, code.consent.user)


def _external(signer: Signer) -> dict[str, str]:
    """Of a customer of the company."""
    if signer.standing is not Standing.VISITOR:
        return {}
    return {"external_userid": "wm" + blake2b(signer.person.seal, digest_size=15, person=b"external").hexdigest()}
