"""How Feishu refuses a sign-in: the OAuth interfaces in OAuth's own words, those that came before them with the HTTP status 200."""

from __future__ import annotations

from typing import Any

from sandbox.exchange import Answer, json_answer
from sandbox.feishu.refusals import RefusalError, new_log_id, traced


class OAuthRefusalError(RefusalError):
    """`error` is RFC 6749's; the message is its description."""

    def __init__(self, code: int, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(code, description, status=status)
        self.error = error

    def answer(self) -> Answer:
        body: dict[str, Any] = {"code": self.code, "error": self.error, "error_description": self.message}
        answer = json_answer(body, status=self.status, refusal=str(self.code))
        answer.headers = traced(new_log_id())
        return answer


def missing(name: str) -> RefusalError:
    return OAuthRefusalError(20001, "invalid_request", f"a required parameter is missing: {name}")


def malformed(name: str) -> RefusalError:
    return OAuthRefusalError(20063, "invalid_request", f"the request is malformed: {name}")


def unknown_client() -> RefusalError:
    return OAuthRefusalError(20048, "invalid_client", "no such app")


def wrong_client_secret() -> RefusalError:
    return OAuthRefusalError(20002, "invalid_client", "the client secret is invalid")


def client_disabled() -> RefusalError:
    return OAuthRefusalError(20069, "invalid_client", "the app is not enabled")


def client_not_installed() -> RefusalError:
    return OAuthRefusalError(20009, "invalid_client", "the app is not installed")


def bad_grant_type() -> RefusalError:
    return OAuthRefusalError(20036, "unsupported_grant_type", "this grant_type is not supported")


def unknown_code() -> RefusalError:
    return OAuthRefusalError(20003, "invalid_grant", "the authorization code is not found")


def expired_code() -> RefusalError:
    return OAuthRefusalError(20004, "invalid_grant", "the authorization code has expired")


def used_code() -> RefusalError:
    return OAuthRefusalError(20065, "invalid_grant", "the authorization code has been used")


def foreign_grant() -> RefusalError:
    return OAuthRefusalError(20024, "invalid_grant", "the code or refresh token is another client's")


def other_redirect_uri() -> RefusalError:
    return OAuthRefusalError(20071, "invalid_grant", "the redirect URI is not the one of the authorization")


def bad_verifier() -> RefusalError:
    return OAuthRefusalError(20049, "invalid_grant", "the PKCE challenge failed")


def bad_user_status() -> RefusalError:
    return OAuthRefusalError(20066, "invalid_grant", "the user's status is invalid")


def user_unavailable() -> RefusalError:
    return OAuthRefusalError(20010, "access_denied", "the user may not use this app")


def repeated_scopes() -> RefusalError:
    return OAuthRefusalError(20067, "invalid_scope", "a scope is listed twice")


def forbidden_scopes() -> RefusalError:
    return OAuthRefusalError(20068, "invalid_scope", "a scope was not granted")


def unknown_refresh_token() -> RefusalError:
    return OAuthRefusalError(20026, "invalid_grant", "the refresh token is invalid")


def expired_refresh_token() -> RefusalError:
    return OAuthRefusalError(20037, "invalid_grant", "the refresh token has expired")


def used_refresh_token() -> RefusalError:
    return OAuthRefusalError(20073, "invalid_grant", "the refresh token has been used")


def may_not_refresh() -> RefusalError:
    return OAuthRefusalError(20074, "unauthorized_client", "the app may not refresh tokens")


def oauth_failure() -> RefusalError:
    return OAuthRefusalError(20050, "server_error", "an unexpected error, try again", status=500)


def oauth_refusal(code: int, description: str, *, status: int) -> RefusalError:
    """For a code that is not among these."""
    return OAuthRefusalError(code, "server_error" if status >= 500 else "invalid_request", description, status=status)


def bad_request_of_old() -> RefusalError:
    return RefusalError(20001, "Invalid request.", status=200)


def bad_grant_type_of_old() -> RefusalError:
    return RefusalError(20036, "The grant_type passed is not supported.", status=200)


def bad_code_of_old() -> RefusalError:
    """Also for one that was used."""
    return RefusalError(20003, "The code passed is invalid.", status=200)


def expired_code_of_old() -> RefusalError:
    return RefusalError(20004, "The code passed has expired.", status=200)


def foreign_code_of_old() -> RefusalError:
    return RefusalError(20024, "The app of the code is another than the token's.", status=200)


def bad_user_token() -> RefusalError:
    return RefusalError(20005, "The user access token passed is invalid.", status=200)


def user_resigned() -> RefusalError:
    return RefusalError(20021, "User resigned", status=200)


def user_not_registered() -> RefusalError:
    return RefusalError(20023, "User not registered", status=200)
