"""What the operator allows of OAuth, as the rules need it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthPolicy:
    """The choices that more than one endpoint needs.

    Attributes:
        https: Whether clients reach the server over https; cookies and headers depend on it.
        registration: Who may register at `/register`.
        registration_token: The initial access token (RFC 7591 3), when that is `token`.
        client_documents: Whether a URL is accepted as a client id.
        client_document_domains: Only of these hosts and their subdomains, unless empty.
        redirect_schemes: Private-use schemes for native clients.
        auto_approve: Preregistered clients whose users are not asked.
        introspection: Whether `/introspect` is served.
        login_s: Seconds that an authorization may wait for its person.
        most_pending: Authorizations that may wait at one time.
        most_clients: Dynamically registered clients that are kept, and as many documents.
    """

    https: bool
    registration: Literal["open", "token", "off"] = "open"
    registration_token: SecretStr | None = None
    client_documents: bool = True
    client_document_domains: tuple[str, ...] = ()
    redirect_schemes: frozenset[str] = frozenset()
    auto_approve: frozenset[str] = frozenset()
    introspection: bool = True
    login_s: int = 600
    most_pending: int = 1000
    most_clients: int = 10_000
