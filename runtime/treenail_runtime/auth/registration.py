"""Dynamic client registration (RFC 7591): what an application asks for, and what it gets."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import SecretStr

from treenail_runtime.crypto.opaque import digest, new_token

from .client_metadata import Declared, declared, read_metadata
from .errors import OAuthError
from .policy import OAuthPolicy
from .records import AuthMethod, Client, Digest, Instance
from .scopes import OFFLINE

_SCHEME: Final = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A client that is to be stored, and what only its owner may learn.

    Attributes:
        secret: Shown once; None for a public client.
        pages: Told back as they came, and not kept.
    """

    client: Client
    secret: SecretStr | None
    pages: Mapping[str, str]


RegistrationVerdict = Literal["open", "absent", "unauthorized"]


def decide_registration(policy: OAuthPolicy, authorization: str | None) -> RegistrationVerdict:
    """Whether a request may register.

    Args:
        policy: Open to all, to holders of the initial access token (RFC 7591 3), or to nobody.
        authorization: The header's value.
    """
    match policy.registration:
        case "open":
            return "open"
        case "off":
            return "absent"
        case "token":
            expected = policy.registration_token
            shown = _bearer(authorization or "")
            right = expected is not None and hmac.compare_digest(
                shown.encode(), expected.get_secret_value().encode()
            )
            return "open" if right and shown else "unauthorized"


def _bearer(authorization: str) -> str:
    scheme, _, shown = authorization.partition(" ")
    return shown.strip() if scheme.lower() == _SCHEME else ""


def register_client(
    value: object, *, client_id: str, instance: Instance, policy: OAuthPolicy
) -> Registration:
    """The client that `value`, the request's JSON, describes.

    Args:
        value: RFC 7591 2.
        client_id: A fresh one.
        instance: The only one that will know the client.
        policy: The private-use schemes that are allowed.

    Raises:
        OAuthError: `invalid_redirect_uri` or `invalid_client_metadata`.
    """
    told = declared(
        read_metadata(value),
        schemes=policy.redirect_schemes,
        known_scopes=frozenset(instance.scopes) | {OFFLINE},
    )
    method = _method(told)
    secret = None if method == "none" else SecretStr(new_token(instance.token_prefix, "sec"))
    client = Client(
        client_id=client_id,
        kind="dynamic",
        name=told.name,
        redirect_uris=told.redirect_uris,
        auth_method=method,
        grant_types=told.grant_types,
        application_type=told.application_type,
        scopes=told.scopes,
        secret_digest=None if secret is None else Digest(digest(secret.get_secret_value())),
        instance_id=instance.id,
    )
    return Registration(client=client, secret=secret, pages=told.pages)


def _method(told: Declared) -> AuthMethod:
    """What the client asked for; else what fits its kind.

    RFC 7591 2 names client_secret_basic as the default, but a native application cannot keep a
    secret (RFC 8252 8.5), and the server may choose (RFC 7591 3.2.1).
    """
    if told.methods:
        return told.methods[0]
    return "none" if told.application_type == "native" else "client_secret_basic"


def registration_answer(registration: Registration, issued_at: int) -> Mapping[str, object]:
    """The answer of RFC 7591 3.2.1: what is in force, which may differ from what was asked.

    Args:
        registration: What was stored.
        issued_at: Seconds since 1970.
    """
    client = registration.client
    answer: dict[str, object] = {
        "client_id": client.client_id,
        "client_id_issued_at": issued_at,
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": sorted(client.grant_types),
        "response_types": ["code"],
        "token_endpoint_auth_method": client.auth_method,
        "application_type": client.application_type,
        **registration.pages,
    }
    if client.scopes is not None:
        answer["scope"] = " ".join(sorted(client.scopes))
    if registration.secret is not None:
        answer["client_secret"] = registration.secret.get_secret_value()
        answer["client_secret_expires_at"] = 0  # never by itself; RFC 7591 3.2.1
    return answer


def too_many_clients() -> OAuthError:
    """No client could make room for another one."""
    return OAuthError(
        "temporarily_unavailable",
        "no further client can be registered now",
        "every registered client has an active grant",
        retry_after_s=3600,
    )
