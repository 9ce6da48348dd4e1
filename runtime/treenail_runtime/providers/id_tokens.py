"""Who logged in, from a signed ID token (OpenID Connect Core 3.1.3.7). Pure; keys are given."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from treenail_runtime.clock import Clock

from .errors import ProviderBroken

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Signatures with a public key. Never `none`, and no HMAC: its key would be one that all know."""

_SKEW_S: Final = 60
_MOST_KEYS: Final = 100
_LONGEST_SUBJECT: Final = 255
_LEAST_RSA_BITS: Final = 2048
_KINDS: Final = ("RSA", "EC", "OKP")

KeyList = Sequence[jwk.Key]


class UnknownKeyError(ProviderBroken):
    """No key of the set can have signed the token; a newer set may have one."""

    def __init__(self) -> None:
        super().__init__("its ID token is signed with a key that is not in its key set")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an ID token has to say.

    Attributes:
        issuers: One of them.
        nonce: The one of our authorization request.
    """

    issuers: frozenset[str]
    client_id: str
    nonce: str


def read_keys(document: Mapping[str, Any]) -> KeyList:
    """The keys of a set (RFC 7517 5) that can verify; others are left out, as the RFC asks.

    Raises:
        ProviderBroken: It is no key set.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise ProviderBroken("its key set has no keys")
    found = [_key(each) for each in cast("list[object]", listed)[:_MOST_KEYS]]
    return [key for key in found if key is not None]


def _key(told: object) -> jwk.Key | None:
    if not isinstance(told, dict):
        return None
    parameters = cast("dict[str, Any]", told)
    if parameters.get("kty") not in _KINDS or parameters.get("use", "sig") != "sig":
        return None
    try:
        key = jwk.import_key(parameters)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    weak = isinstance(key, jwk.RSAKey) and key.public_key.key_size < _LEAST_RSA_BITS
    return None if weak else key


def read_id_token(text: str, keys: KeyList, expected: Expected, clock: Clock) -> str:
    """The subject of a token that is what it has to be.

    Raises:
        UnknownKeyError: None of the keys signed it.
        ProviderBroken: It must not be believed; the text says why.
    """
    claims = _verified(text, keys)
    _check_claims(claims, expected, int(clock().timestamp()))
    subject = claims["sub"]
    if not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise ProviderBroken("its ID token has no usable subject")
    return subject


def _verified(text: str, keys: KeyList) -> dict[str, Any]:
    header = _header(text)
    if header.get("alg") not in ALGORITHMS:
        raise ProviderBroken("its ID token is not signed with a public key")
    key = _chosen(header, keys)
    try:
        return jwt.decode(text, key, algorithms=[header["alg"]]).claims
    except (JoseError, ValueError) as error:
        raise ProviderBroken(f"its ID token cannot be verified: {type(error).__name__}") from None


def _header(text: str) -> dict[str, Any]:
    try:
        return jws.extract_compact(text.encode("ascii")).headers()
    except (JoseError, ValueError) as error:
        raise ProviderBroken(f"its ID token is none: {type(error).__name__}") from None


def _chosen(header: Mapping[str, Any], keys: KeyList) -> jwk.Key:
    """The key that the header names, or the only one there is (OpenID Connect Core 10.1)."""
    kid = header.get("kid")
    named = list(keys) if kid is None else [key for key in keys if key.kid == kid]
    if len(named) != 1:
        raise UnknownKeyError
    return named[0]


def _check_claims(claims: dict[str, Any], expected: Expected, now: int) -> None:
    registry = jwt.JWTClaimsRegistry(
        now=now,
        leeway=_SKEW_S,
        iss={"essential": True, "values": sorted(expected.issuers)},
        sub={"essential": True},
        aud={"essential": True, "value": expected.client_id},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise ProviderBroken(f"its ID token is not for us, or not now: {error}") from None
    _check_party(claims, expected.client_id)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode(errors="replace"), expected.nonce.encode()
    ):
        raise ProviderBroken("its ID token answers another request")


def _check_party(claims: Mapping[str, Any], client_id: str) -> None:
    """Of several audiences, the one that it was issued to has to be us."""
    party = claims.get("azp")
    several = isinstance(claims["aud"], list) and len(cast("list[object]", claims["aud"])) > 1
    if party is None and not several:
        return
    if party != client_id:
        raise ProviderBroken("its ID token was issued to another client")
