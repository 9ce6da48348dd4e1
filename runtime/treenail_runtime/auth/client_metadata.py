"""What an application says about itself: the bounds of RFC 7591 section 2, for both ways to say it.

It says it when it registers, or in a document at its own URL (CIMD); nobody has checked it in
either case, so every text is bounded and nothing that it names is ever fetched.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .errors import OAuthError
from .records import AuthMethod
from .redirect_uris import LONGEST, check_redirect_uri, is_loopback_redirect, redirect_host

MOST_REDIRECT_URIS: Final = 10
LONGEST_NAME: Final = 256
_LONGEST_SCOPE: Final = 2048
_MOST_SCOPES: Final = 50
_MOST_LISTED: Final = 20

ApplicationType = Literal["native", "web"]

_UNSHOWN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode's categories of what has no picture of its own or changes how others are shown."""

_COMBINING: Final = frozenset({"Mn", "Me"})
_MOST_COMBINING: Final = 2
"""In a row: enough for words of living scripts, too few to cover the lines above and below."""

_GRANTS: Final = ("authorization_code", "refresh_token")
_METHODS: Final[tuple[AuthMethod, ...]] = ("none", "client_secret_basic", "client_secret_post")


def _absent(value: object) -> object:
    """Empty texts and lists say nothing; several clients send them for what they do not have."""
    return None if value in ("", []) else value


Text = Annotated[str, Field(max_length=LONGEST)]
Word = Annotated[str, Field(max_length=64)]
Words = Annotated[list[Word], Field(max_length=_MOST_LISTED)]


class ClientMetadata(BaseModel):
    """The members that we know; others are ignored (RFC 7591 2), `jwks_uri` among them."""

    model_config = ConfigDict(
        strict=True, extra="ignore", frozen=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    redirect_uris: list[str] = Field(min_length=1, max_length=MOST_REDIRECT_URIS)
    client_name: Annotated[str | None, BeforeValidator(_absent)] = Field(
        default=None, max_length=LONGEST_NAME
    )
    token_endpoint_auth_method: Annotated[Word | Words | None, BeforeValidator(_absent)] = None
    token_endpoint_auth_methods_supported: Annotated[Words | None, BeforeValidator(_absent)] = None
    grant_types: Annotated[Words | None, BeforeValidator(_absent)] = None
    response_types: Annotated[Words | None, BeforeValidator(_absent)] = None
    scope: Annotated[str | None, BeforeValidator(_absent)] = Field(
        default=None, max_length=_LONGEST_SCOPE
    )
    application_type: Annotated[ApplicationType | None, BeforeValidator(_absent)] = None
    client_uri: Annotated[Text | None, BeforeValidator(_absent)] = None
    logo_uri: Annotated[Text | None, BeforeValidator(_absent)] = None
    tos_uri: Annotated[Text | None, BeforeValidator(_absent)] = None
    policy_uri: Annotated[Text | None, BeforeValidator(_absent)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Metadata that passed every check, with its defaults.

    Attributes:
        methods: That the client can use and we know, in its order; empty when it left the choice.
        scopes: None when it named none.
        pages: `client_uri`, `logo_uri`, `tos_uri`, `policy_uri`, as far as given.
    """

    name: str
    redirect_uris: tuple[str, ...]
    application_type: ApplicationType
    methods: tuple[AuthMethod, ...]
    grant_types: frozenset[str]
    scopes: frozenset[str] | None
    pages: dict[str, str]


def read_metadata(value: object) -> ClientMetadata:
    """The members that we know.

    Raises:
        OAuthError: `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 3.2.2).
    """
    if not isinstance(value, dict):
        raise refused("send a JSON object")
    try:
        return ClientMetadata.model_validate(value)
    except ValidationError as error:
        member, problem = _first_problem(error)
        if member == "redirect_uris":
            raise OAuthError("invalid_redirect_uri", f"redirect_uris {problem}") from None
        raise refused(f"{member} {problem}") from None


def _first_problem(error: ValidationError) -> tuple[str, str]:
    first: Any = error.errors(include_input=False, include_url=False, include_context=True)[0]
    member = str(first["loc"][0])
    match first["type"]:
        case "missing":
            return member, "is missing"
        case "too_long" | "string_too_long":
            return member, f"is longer than {first['ctx']['max_length']}"
        case "too_short":
            return member, "is empty"
        case _:
            return member, "has a wrong type or value"


def declared(
    metadata: ClientMetadata, *, schemes: frozenset[str], known_scopes: frozenset[str]
) -> Declared:
    """`metadata`, checked.

    Args:
        metadata: What the application says.
        schemes: Private-use schemes that the operator allows.
        known_scopes: What may be asked for; `offline_access` among it.

    Raises:
        OAuthError: `invalid_redirect_uri` or `invalid_client_metadata`.
    """
    application_type = metadata.application_type or guessed_type(metadata.redirect_uris)
    _check_redirects(metadata.redirect_uris, application_type, schemes)
    if metadata.response_types is not None and "code" not in metadata.response_types:
        raise refused("response_types must hold code")
    return Declared(
        name=_name(metadata.client_name) or redirect_host(metadata.redirect_uris[0]),
        redirect_uris=tuple(dict.fromkeys(metadata.redirect_uris)),
        application_type=application_type,
        methods=_methods(metadata),
        grant_types=_grant_types(metadata.grant_types),
        scopes=_scopes(metadata.scope, known_scopes),
        pages=_pages(metadata),
    )


def guessed_type(uris: Sequence[str]) -> ApplicationType:
    """What an application is that did not say it: native if it takes any answer on the machine."""
    # OpenID Connect's default is `web`, but MCP clients that listen on loopback, some of them with
    # a web page beside it, do not all say what they are.
    ours = [uri for uri in uris if not uri.startswith("https://") or _listens_here(uri)]
    return "native" if ours else "web"


def _listens_here(uri: str) -> bool:
    try:
        return is_loopback_redirect(uri)
    except ValueError:
        return False


def _check_redirects(
    uris: Sequence[str], application_type: ApplicationType, schemes: frozenset[str]
) -> None:
    for number, uri in enumerate(uris, 1):
        problem = check_redirect_uri(uri, application_type=application_type, schemes=schemes)
        if problem is not None:
            raise OAuthError("invalid_redirect_uri", f"redirect URI {number} {problem}")


def _name(name: str | None) -> str | None:
    if name is None:
        return None
    if any(unicodedata.category(character) in _UNSHOWN for character in name):
        raise refused("client_name holds a control or formatting character")
    if set(name) & set("<>"):
        raise refused("client_name holds a character of HTML")
    if _is_stacked(name):
        raise refused("client_name stacks combining marks")
    return " ".join(name.split()) or None


def _is_stacked(name: str) -> bool:
    combining = (unicodedata.category(character) in _COMBINING for character in name)
    return any(is_mark and len(list(row)) > _MOST_COMBINING for is_mark, row in groupby(combining))


def _methods(metadata: ClientMetadata) -> tuple[AuthMethod, ...]:
    one = metadata.token_endpoint_auth_method
    named = [*([one] if isinstance(one, str) else one or [])]
    named += metadata.token_endpoint_auth_methods_supported or []
    by_name: dict[str, AuthMethod] = {method: method for method in _METHODS}
    known: list[AuthMethod] = [by_name[name] for name in dict.fromkeys(named) if name in by_name]
    if named and not known:
        raise refused("token_endpoint_auth_method is none of " + ", ".join(_METHODS))
    return tuple(known)


def _grant_types(named: Sequence[str] | None) -> frozenset[str]:
    # RFC 7591 3.2.1: the server may leave out what it does not know.
    known = frozenset(_GRANTS if named is None else set(named) & set(_GRANTS))
    if "authorization_code" not in known:
        raise refused("grant_types must hold authorization_code")
    return known


def _scopes(scope: str | None, known: frozenset[str]) -> frozenset[str] | None:
    named = frozenset((scope or "").split())
    if len(named) > _MOST_SCOPES or not named <= known:
        raise refused("scope names a scope that is not offered here")
    return named or None


def _pages(metadata: ClientMetadata) -> dict[str, str]:
    pages: dict[str, str] = {}
    for member in ("client_uri", "logo_uri", "tos_uri", "policy_uri"):
        uri: str | None = getattr(metadata, member)
        if uri is None:
            continue
        if check_redirect_uri(uri, application_type="web", schemes=frozenset()) is not None:
            raise refused(f"{member} must be an https URL")
        pages[member] = uri
    return pages


def refused(description: str, reason: str = "") -> OAuthError:
    """`invalid_client_metadata` (RFC 7591 3.2.2)."""
    return OAuthError("invalid_client_metadata", description, reason)
