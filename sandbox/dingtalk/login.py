"""What becomes of a code: the token of a person and what it tells of them, or the person at once for a code from inside the client."""

from __future__ import annotations

from hashlib import blake2b

from sandbox.dingtalk.parameters import Parameters, required, text
from sandbox.dingtalk.refusals import RefusalError, bad_parameter, bad_secret, unknown_user
from sandbox.dingtalk.settings import OWN_MOBILE
from sandbox.dingtalk.tenant import DingTalk
from sandbox.exchange import encode
from sandbox.login_codes import Consent, SpoiltCodeError
from sandbox.organization import Person
from sandbox.signers import Standing, signer_of
from sandbox.user_tokens import Grant, new_token

OTHER_CORP_ID = "dinganothercompany"
"""The company of a stranger, and the next one of who has left."""
BOSS = 100


def user_access_token(tenant: DingTalk, parameters: Parameters) -> bytes:
    """Everything that can be wrong with a code is one refusal."""
    client_id, client_secret, grant_type = (required(parameters, name) for name in ("clientId", "clientSecret", "grantType"))
    if not tenant.has_credentials(client_id, client_secret):
        raise bad_secret()
    if grant_type == "authorization_code":
        return _answer(tenant, _grant(tenant, _redeem(tenant, text(parameters, "code"))))
    if grant_type == "refresh_token":
        return _answer(tenant, _renew(tenant, text(parameters, "refreshToken")))
    raise bad_parameter("grantType")


def _redeem(tenant: DingTalk, value: str) -> Consent:
    """An `authCode` of the page; one from inside the client is for `getuserinfo` alone."""
    refusal = RefusalError(0, "不合法的临时授权码", modern="invalidParameter.authCode.notFound")
    try:
        code = tenant.codes.look_up(value, client_id=tenant.settings.client_id, now=tenant.now())
    except SpoiltCodeError:
        raise refusal from None
    if code.consent.kind != "browser":
        raise refusal
    code.is_used = True
    return code.consent


def _renew(tenant: DingTalk, refresh_token: str) -> Grant:
    """The contract does not say how a bad one is refused, nor whether one is good twice: as a code is, and no."""
    old, now = tenant.user_tokens.by_refresh_token.get(refresh_token), tenant.now()
    if old is None or old.is_renewed or now >= old.refresh_expires_at or old.consent.client_id != tenant.settings.client_id:
        raise RefusalError(0, "不合法的refreshToken", modern="invalidParameter.refreshToken.notFound")
    old.is_renewed = True
    return _grant(tenant, old.consent, began_at=old.began_at)


def _grant(tenant: DingTalk, consent: Consent, *, began_at: float | None = None) -> Grant:
    settings, now = tenant.settings, tenant.now()
    grant = Grant(
        consent,
        access_token=new_token(),
        expires_at=now + settings.token_seconds,
        refresh_token=new_token(),
        refresh_expires_at=now + settings.refresh_token_seconds,
        began_at=now if began_at is None else began_at,
        scopes=consent.scopes,
    )
    return tenant.user_tokens.add(grant)


def _answer(tenant: DingTalk, grant: Grant) -> bytes:
    """The company is the one chosen when consenting, whatever has happened since."""
    token = {"accessToken": grant.access_token, "refreshToken": grant.refresh_token, "expireIn": tenant.settings.token_seconds}
    if "corpid" not in grant.scopes:
        return encode(token)
    is_ours = grant.consent.standing in (Standing.MEMBER, Standing.VISITOR)
    return encode(token | {"corpId": tenant.settings.corp_id if is_ours else OTHER_CORP_ID})


def get_own_profile(tenant: DingTalk, grant: Grant) -> bytes:
    """The account, which is the person's own and outlasts employment: no user id, and the mail that the person has set."""
    signer = signer_of(tenant.organization, grant.consent.user)
    person = signer.person
    fields = {
        "nick": person.name,
        "avatarUrl": f"https://static-legacy.dingtalk.com/media/sandbox_{person.number}.jpg",
        "openId": person.open_id,
        "unionId": person.union_id,
        "visitor": signer.standing is Standing.VISITOR,
    }
    if person.email:
        fields["email"] = person.email
    if OWN_MOBILE in tenant.settings.permissions and person.mobile:
        fields |= {"mobile": person.mobile, "stateCode": "86"}
    return encode(fields)


def get_user_by_code(tenant: DingTalk, parameters: Parameters) -> bytes:
    """Whoever is no member of the company has a code from another company's app, if any."""
    refusal = RefusalError(40078, "不存在的临时授权码")
    try:
        code = tenant.codes.look_up(text(parameters, "code"), client_id=tenant.settings.client_id, now=tenant.now())
    except SpoiltCodeError:
        raise refusal from None
    if code.consent.kind != "in_client" or code.consent.standing in (Standing.STRANGER, Standing.VISITOR):
        raise refusal
    code.is_used = True
    person = tenant.organization.people.get(code.consent.user)
    if person is None:  # has left since: the contract is silent, and this is what user/get says
        raise unknown_user()
    return encode(
        {
            "userid": person.id,
            "unionid": person.union_id,
            "associated_unionid": _associated_union_id(person),
            "name": person.name,
            "device_id": f"device{person.number:08d}",
            "sys": person.admin_level > 0,
            "sys_level": person.admin_level or (BOSS if person.number == 1 else 0),
        }
    )


def _associated_union_id(person: Person) -> str:
    """Of an account that was merged into this one: never the id that anything else goes by."""
    return blake2b(person.seal, digest_size=11, person=b"associated").hexdigest() + "iE"
