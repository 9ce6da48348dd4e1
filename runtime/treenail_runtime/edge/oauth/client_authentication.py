"""Which client asks, and whether it is the one (RFC 6749 section 2.3)."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from quart import request

from treenail_runtime.auth.client_documents import unknown_client
from treenail_runtime.auth.client_ids import is_client_id
from treenail_runtime.auth.client_secrets import fits_ours, is_ours
from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.records import AuthMethod, Client, Instance

from .client_lookup import find_client
from .services import OAuth

_SCHEME: Final = "basic"
_LONGEST: Final = 2048
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, repr=False)
class Presented:
    """What a request says about its client.

    Attributes:
        secret: None when none was sent.
    """

    client_id: str
    method: AuthMethod
    secret: str | None = None

    @property
    def basic(self) -> bool:
        """Whether it came in the header, so that a refusal names the scheme."""
        return self.method == "client_secret_basic"


async def authenticated_client(
    services: OAuth, instance: Instance, form: Mapping[str, str]
) -> Client:
    """The client that sent the current request, proven by the method it is registered for.

    An unknown client and a wrong secret are one refusal.

    Raises:
        OAuthError: `invalid_client`, `invalid_request` for two methods at once, or
            `temporarily_unavailable` when too many secrets are being compared.
    """
    presented = read_presented(request.headers.get("Authorization"), form)
    found = await find_client(services, instance, presented.client_id, returning=True)
    if found is None:
        raise unknown_client("unknown client", basic=presented.basic)
    if not await _is_proven(services, found, presented):
        raise unknown_client(f"not proven by {presented.method}", basic=presented.basic)
    await services.clients.touch(found.client_id)
    return found


async def _is_proven(services: OAuth, client: Client, presented: Presented) -> bool:
    if client.is_public or presented.secret is None:
        return client.is_public and presented.method == "none"
    if is_ours(presented.secret):
        as_registered = client.auth_method == presented.method
        return fits_ours(presented.secret, client) and as_registered
    # An operator who hands out a secret cannot know how the other side will send it.
    return await services.clients.is_chosen_secret(client.client_id, presented.secret)


def read_presented(authorization: str | None, form: Mapping[str, str]) -> Presented:
    """Client id and secret, from the header or from the form, never from both.

    Args:
        authorization: The header's value; None when there is none.
        form: The body's parameters.

    Raises:
        OAuthError: `invalid_request` for two methods, `invalid_client` for what is malformed.
    """
    presented = _presented(authorization, form)
    if not is_client_id(presented.client_id):
        raise unknown_client("malformed client_id", basic=presented.basic)
    return presented


def _presented(authorization: str | None, form: Mapping[str, str]) -> Presented:
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if authorization is not None:
        presented = _from_header(authorization)
        if secret is not None:
            raise OAuthError("invalid_request", "use one method of client authentication")
        if client_id not in {None, presented.client_id}:
            raise OAuthError("invalid_request", "client_id differs from the one in the header")
        return presented
    if client_id is None:
        raise unknown_client("no client_id")
    if secret is None:
        return Presented(client_id, "none")
    return Presented(client_id, "client_secret_post", secret)


def _from_header(authorization: str) -> Presented:
    """HTTP Basic, id and secret form-encoded before base64 (RFC 6749 2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != _SCHEME or len(encoded) > _LONGEST:
        raise unknown_client("another scheme than Basic", basic=True)
    try:
        pair = base64.b64decode(encoded.strip(" "), validate=True)
    except (binascii.Error, ValueError):
        raise unknown_client("Basic is no base64", basic=True) from None
    name, colon, secret = pair.partition(b":")
    client_id = _decoded(name)
    if not colon or not client_id:
        raise unknown_client("Basic holds no client id", basic=True)
    return Presented(client_id, "client_secret_basic", _decoded(secret) or None)


def _decoded(text: bytes) -> str:
    if _BAD_ESCAPE.search(text):
        raise unknown_client("Basic is not form-encoded", basic=True)
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise unknown_client("Basic is not UTF-8", basic=True) from None
