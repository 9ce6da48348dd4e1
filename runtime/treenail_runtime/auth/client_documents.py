"""Client ID metadata documents: an application is known by the URL of its own description.

Rules: MCP, Client Registration, "Client ID Metadata Documents"; draft-ietf-oauth-client-id-metadata-
document sections 3 and 4. How long one may be kept: RFC 9111 section 4.2.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import pydantic_core

from treenail_runtime.caching_headers import age_s, directives, expires_s, seconds

from .client_metadata import declared, read_metadata
from .errors import OAuthError
from .records import Client
from .redirect_uris import check_redirect_uri

LONGEST_URL: Final = 512
SHORTEST_S: Final = 300
LONGEST_S: Final = 86_400
DEFAULT_S: Final = 3_600

RESERVE_S: Final = 86_400
"""Seconds for which a stale document is kept, in case that its site cannot be reached."""

_URL: Final = re.compile(
    r"https://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?(?P<path>/[^?]+)(?:\?.*)?"
)
_ETAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,200}"')
_SECRETS: Final = frozenset({"client_secret", "client_secret_expires_at"})
_UNKNOWN: Final = "the client is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedDocument:
    """An answer with status 200 and the right media type, read whole.

    Attributes:
        headers: By name in lower case.
    """

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnchangedDocument:
    """An answer with status 304: what was fetched before is still right."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDocument:
    """A client made from a document that was fetched before.

    Attributes:
        etag: To ask whether the document has changed; None when it had none.
        is_fresh: Whether it may still be used without asking.
        in_reserve: Whether it may be used for what it was granted before when asking fails: it is
            stale for at most `RESERVE_S`.
    """

    client: Client
    etag: str | None
    is_fresh: bool
    in_reserve: bool


class DocumentError(Exception):
    """A document that cannot be had; the text is for the log and quotes nothing of it."""

    def __init__(self, reason: str, *, may_pass: bool = False) -> None:
        """Tell `reason`.

        Args:
            reason: What was found.
            may_pass: Another attempt may succeed: the network failed, or the site itself. Also
                where none can, but a stranger must not learn that: it would tell him which names
                lead to private addresses.
        """
        super().__init__(reason)
        self.may_pass = may_pass


def is_document_url(client_id: str) -> bool:
    """Whether `client_id` is the URL of a document: https, with a path, and in one spelling only."""
    found = _URL.fullmatch(client_id)
    if found is None or len(client_id) > LONGEST_URL:
        return False
    # The characters, hosts, ports and paths that a redirect URI may have; loopback is the fetcher's
    # business, which sees addresses.
    return check_redirect_uri(client_id, application_type="native", schemes=frozenset()) is None


def is_admitted(url: str, domains: Sequence[str]) -> bool:
    """Whether the operator accepts documents of this host.

    Args:
        url: A document's.
        domains: Hosts, each with its subdomains; empty for all.
    """
    host = document_host(url)
    names = [domain.partition(":")[0] for domain in domains]
    return not names or any(host == name or host.endswith(f".{name}") for name in names)


def document_host(url: str) -> str:
    """The host that vouches for the client, to be shown to people."""
    found = _URL.fullmatch(url)
    return found["host"] if found else ""


def read_document(url: str, body: bytes) -> Client:
    """The client that the document at `url` describes.

    Its `scope` is passed over: a document is written for every server, and the person decides.

    Args:
        url: The client id; the document must name the same, byte for byte.
        body: As fetched.

    Raises:
        DocumentError: It breaks a rule.
    """
    try:
        value: object = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError:
        raise DocumentError("is no JSON") from None
    if not isinstance(value, dict):
        raise DocumentError("is no JSON object")
    document = cast("dict[str, object]", value)
    if document.get("client_id") != url:
        raise DocumentError("names another client_id")
    if not document.get("client_name"):
        raise DocumentError("has no client_name")
    if _SECRETS & document.keys():
        raise DocumentError("holds a secret, which everybody can read")
    return _client(url, {name: each for name, each in document.items() if name != "scope"})


def _client(url: str, document: dict[str, object]) -> Client:
    try:
        told = declared(read_metadata(document), schemes=frozenset(), known_scopes=frozenset())
    except OAuthError as error:
        raise DocumentError(error.description) from None
    if told.methods and "none" not in told.methods:
        raise DocumentError("asks for a secret, which nobody could have given to it")
    return Client(
        client_id=url,
        kind="document",
        name=told.name,
        redirect_uris=told.redirect_uris,
        auth_method="none",
        grant_types=told.grant_types,
        application_type=told.application_type,
    )


def etag_of(headers: Mapping[str, str]) -> str | None:
    """The entity tag to ask with next time (RFC 9110 8.8.3); None when there is no usable one."""
    etag = headers.get("etag", "")
    return etag if _ETAG.fullmatch(etag) else None


def lifetime_s(headers: Mapping[str, str]) -> int:
    """Seconds for which the document may be used; 0 when it may not be kept.

    Between 5 minutes and 24 hours whatever a site says, so that neither a flood of fetches nor a
    client that can never be corrected comes of it (SEP-991).
    """
    told = directives(headers.get("cache-control", ""))
    if "no-store" in told:
        return 0
    if "no-cache" in told:
        return SHORTEST_S
    for name in ("s-maxage", "max-age"):
        if name in told:
            return _bounded(seconds(told[name]) - age_s(headers))
    if "expires" not in headers:
        return DEFAULT_S
    left_s = expires_s(headers)
    # An invalid date, above all `0`, is in the past.
    return SHORTEST_S if left_s is None else _bounded(int(left_s))


def _bounded(seconds: int) -> int:
    return max(SHORTEST_S, min(seconds, LONGEST_S))


def unknown_client(reason: str, *, basic: bool = False) -> OAuthError:
    """`invalid_client`, in the same words for every reason.

    Args:
        reason: For the log.
        basic: The client used HTTP Basic.
    """
    return OAuthError("invalid_client", _UNKNOWN, reason, basic=basic)
