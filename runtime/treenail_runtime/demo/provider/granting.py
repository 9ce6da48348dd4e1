"""The token endpoint: from a form to tokens or an error. No I/O."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote_plus

from .ledger import FakeClient, Grant, new_grant
from .provider import FakeProvider

Answer: TypeAlias = tuple[int, dict[str, Any]]
_BAD = 400
_UNAUTHORIZED = 401
_OK = 200


def token_answer(
    provider: FakeProvider, form: Mapping[str, str], authorization: str | None
) -> Answer:
    """Status and members of the answer (RFC 6749 5)."""
    client = authenticated(provider, form, authorization)
    if client is None:
        return _UNAUTHORIZED, {"error": "invalid_client"}
    match form.get("grant_type"):
        case "authorization_code":
            return _for_code(provider, client, form)
        case "refresh_token":
            return _for_refresh(provider, client, form)
        case "client_credentials" if client.secret is not None:
            scopes = tuple(form.get("scope", "").split())
            return _tokens(provider, client, new_grant(client.client_id, client.client_id, scopes))
        case _:
            return _BAD, {"error": "unsupported_grant_type"}


def authenticated(
    provider: FakeProvider, form: Mapping[str, str], authorization: str | None
) -> FakeClient | None:
    """The client that shows itself in one of the three ways (RFC 6749 2.3.1)."""
    if authorization is None:
        return provider.ledger.client(form.get("client_id", ""), form.get("client_secret", ""))
    kind, _, proof = authorization.partition(" ")
    if kind.lower() != "basic" or "client_secret" in form:
        return None
    try:
        name, _, secret = base64.b64decode(proof, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return provider.ledger.client(unquote_plus(name), unquote_plus(secret))


def _for_code(provider: FakeProvider, client: FakeClient, form: Mapping[str, str]) -> Answer:
    grant = provider.ledger.redeem(
        client,
        form.get("code", ""),
        form.get("redirect_uri", ""),
        form.get("code_verifier", ""),
        provider.now,
    )
    if grant is None:
        name = "bad_verification_code" if provider.mode.speaks_github else "invalid_grant"
        return _BAD, {"error": name, "error_description": "The code is not, or no more, good."}
    status, said = _tokens(provider, client, grant)
    if provider.switches.gives_refresh and not provider.mode.speaks_github:
        said = {"refresh_token": provider.ledger.new_refresh(grant), **said}
    return status, said


def _for_refresh(provider: FakeProvider, client: FakeClient, form: Mapping[str, str]) -> Answer:
    switches = provider.switches
    renews = switches.renews_refresh and provider.mode.renews_refresh
    grant = None
    if not switches.refuses_refresh:
        token = form.get("refresh_token", "")
        grant = provider.ledger.refreshed(client, token, rotates=renews and switches.rotates)
    if grant is None:
        return _BAD, {"error": "invalid_grant"}
    status, said = _tokens(provider, client, grant)
    if renews and switches.rotates:
        said = {"refresh_token": provider.ledger.new_refresh(grant), **said}
    elif renews:
        said = {"refresh_token": form["refresh_token"], **said}
    return status, said


def _tokens(provider: FakeProvider, client: FakeClient, grant: Grant) -> Answer:
    switches = provider.switches
    access = _access_token(provider, grant)
    provider.ledger.keep_access(access, grant, provider.now + switches.access_life_s)
    separator = "," if provider.mode.speaks_github else " "
    said: dict[str, Any] = {
        "access_token": access,
        "token_type": "Bearer",
        "scope": separator.join(grant.scopes),
    }
    if not provider.mode.speaks_github:
        said["expires_in"] = switches.access_life_s
    if provider.mode.signs and "openid" in grant.scopes:
        said["id_token"] = _id_token(provider, client, grant)
    return _OK, _changed(said, switches.token_answer)


def _access_token(provider: FakeProvider, grant: Grant) -> str:
    if not provider.mode.writes_access_as_jwt:
        return f"fake_access_{secrets.token_urlsafe(24)}"
    now = int(provider.now)
    claims = {
        "iss": provider.issuer,
        "sub": grant.subject,
        "client_id": grant.client_id,
        "token_use": "access",
        "scope": " ".join(grant.scopes),
        "jti": secrets.token_hex(8),
        "iat": now,
        "exp": now + provider.switches.access_life_s,
    }
    return provider.signer.sign(claims, "RS256")


def _id_token(provider: FakeProvider, client: FakeClient, grant: Grant) -> str:
    now = int(provider.now)
    claims: dict[str, Any] = {
        "iss": provider.named_issuer("id_token"),
        "sub": grant.subject,
        "aud": client.client_id,
        "iat": now,
        "exp": now + 300,
    }
    if grant.nonce:
        claims["nonce"] = grant.nonce
    told = _changed(claims, provider.switches.id_claims)
    return provider.signer.sign(told, provider.switches.id_algorithm, client.secret or "")


def _changed(said: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**said, **changes}.items() if value is not None}
