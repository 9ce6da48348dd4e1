"""What a provider says about itself (OpenID Connect Discovery 3 and 4, RFC 8414 2 and 3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from .errors import ProviderBroken

_ISSUER: Final = re.compile(r"(https?://[^/?#]+)(/[^?#]*)?")
_METHODS: Final = {"client_secret_basic": "basic", "client_secret_post": "post", "none": "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What we use of the document; an empty text is not in it.

    Attributes:
        token_auths: How clients may show themselves, in our words; empty when it does not say.
        takes_s256: False only when it lists its challenge methods without this one.
        names_itself: Whether its authorization responses always carry `iss` (RFC 9207 3).
    """

    authorize_url: str = ""
    token_url: str = ""
    revoke_url: str = ""
    jwks_url: str = ""
    token_auths: frozenset[str] = frozenset()
    takes_s256: bool = True
    names_itself: bool = False


def document_url(issuer: str, kind: str) -> str:
    """Where the document is: behind the issuer's path (`oidc`), or before it (`oauth`).

    Raises:
        ProviderBroken: The issuer is no URL, or has a query or fragment.
    """
    found = _ISSUER.fullmatch(issuer)
    if found is None:
        raise ProviderBroken("its issuer is no URL without query and fragment")
    origin, path = found[1], (found[2] or "").removesuffix("/")
    if kind == "oauth":
        return f"{origin}/.well-known/oauth-authorization-server{path}"
    return f"{origin}{path}/.well-known/openid-configuration"


def read_discovered(document: Mapping[str, object], issuer: str) -> Discovered:
    """What the document says.

    Raises:
        ProviderBroken: It is another issuer's (OpenID Connect Discovery 4.3), whose endpoints would
            get our secrets; or a member is not of its type.
    """
    if document.get("issuer") != issuer:
        raise ProviderBroken("its document names another issuer")
    methods = _texts(document, "token_endpoint_auth_methods_supported")
    challenges = _texts(document, "code_challenge_methods_supported")
    return Discovered(
        authorize_url=_text(document, "authorization_endpoint"),
        token_url=_text(document, "token_endpoint"),
        revoke_url=_text(document, "revocation_endpoint"),
        jwks_url=_text(document, "jwks_uri"),
        token_auths=frozenset(_METHODS[name] for name in methods if name in _METHODS),
        # Several products know S256 and do not say so; whoever lists others without it does not.
        takes_s256=not challenges or "S256" in challenges,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _text(document: Mapping[str, object], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise ProviderBroken(f"its document has a {name} that is no text")
    return value


def _texts(document: Mapping[str, object], name: str) -> frozenset[str]:
    value = document.get(name)
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        raise ProviderBroken(f"its document has a {name} that is no list")
    return frozenset(text for text in cast("list[object]", value) if isinstance(text, str))
