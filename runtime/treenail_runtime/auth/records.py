"""What the authorization server knows, as frozen records. Times are aware and in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType, TypeAlias

from pydantic import SecretStr

Digest = NewType("Digest", bytes)
"""SHA-256 of an opaque token: 32 bytes, the only form in which one is kept."""

Mac = NewType("Mac", bytes)
"""HMAC-SHA-256 under a key derived from the server's secret: 32 bytes."""

AuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]
"""How a client proves itself at the token endpoint (RFC 7591 section 2)."""

ClientKind = Literal["preregistered", "dynamic", "document"]
"""By whom it was made known: the operator, itself (RFC 7591), or its document's URL (CIMD)."""

GrantStatus = Literal["active", "revoked", "compromised", "expired"]


@dataclass(frozen=True, slots=True, repr=False)
class OwnClient:
    """As which the upstream's provider knows an instance.

    Attributes:
        client_secret: None for a public client.
    """

    client_id: str
    client_secret: SecretStr | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class InstanceSettings:
    """What an instance has of its own: sealed at rest.

    Attributes:
        upstream_client_id: By which the upstream's provider knows it; None for the connector's.
        upstream_client_secret: None for a public client.
        server_url: In place of the connector's; None for that one.
        region: The connector's server of that name; None for the first.
        values: Login fields that tools may read, as the owner gave them.
        secrets: The other login fields.
        limits: By name, in the notation of the settings, such as `{"mcp": "100/15m"}`.
    """

    upstream_client_id: str | None = None
    upstream_client_secret: SecretStr | None = None
    server_url: str | None = None
    region: str | None = None
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])
    limits: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def client(self) -> OwnClient | None:
        """Its client at the upstream's provider; None for the connector's."""
        if self.upstream_client_id is None:
            return None
        return OwnClient(self.upstream_client_id, self.upstream_client_secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A connector at one place: an issuer of its own and a resource of its own.

    Attributes:
        id: `default` for the one at `/mcp`, the connector's name for the others of the settings,
            and random for those that are made while the server runs.
        connector: The connector's name.
        title: For people.
        issuer: Without a slash at the end (RFC 8414).
        resource: The MCP endpoint's URL, the audience of every token (RFC 8707).
        mcp_path: Path of the MCP endpoint.
        base_path: What stands before the OAuth paths: empty, or `/<name>`.
        token_prefix: First part of every token.
        scopes: What may be asked for, with the words for people. `offline_access` is not among
            them.
        default_scopes: Granted when a client asks for nothing, and told in the 401 challenge.
        is_open: Whether it serves: not while it waits for credentials, or is switched off.
        state: What it is, in the word of its row; `active` for those of the settings.
        credentials: Whose account of the upstream is used.
        access_key: Digest of what people type to connect to an instance with its own credentials.
        own: What it has of its own, in place of the connector's and the server's.
        version: Of what is kept of it; 0 for those of the settings.
    """

    id: str
    connector: str
    title: str
    issuer: str
    resource: str
    mcp_path: str
    base_path: str
    token_prefix: str
    scopes: Mapping[str, str]
    default_scopes: frozenset[str]
    is_open: bool = True
    state: str = "active"
    credentials: Literal["person", "instance"] = "person"
    access_key: "Digest | None" = field(default=None, repr=False)
    own: InstanceSettings = field(default_factory=InstanceSettings, repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered application.

    Attributes:
        client_id: At most 512 characters; the document's URL for a CIMD client.
        redirect_uris: As registered, byte for byte.
        scopes: What it may ask for; None for whatever the instance offers.
        secret_digest: Of the secret that we made; None for a public client.
        instance_id: The only instance that knows it; None for all.
        may_introspect: May introspect tokens of other clients (operator's choice).
        expires_at: After that moment it is unknown; None for never.
    """

    client_id: str
    kind: ClientKind
    name: str
    redirect_uris: tuple[str, ...]
    auth_method: AuthMethod = "none"
    grant_types: frozenset[str] = frozenset({"authorization_code", "refresh_token"})
    application_type: Literal["native", "web"] = "native"
    scopes: frozenset[str] | None = None
    secret_digest: Digest | None = None
    instance_id: str | None = None
    may_introspect: bool = False
    disabled: bool = False
    expires_at: datetime | None = None

    @property
    def is_public(self) -> bool:
        """Whether it keeps no secret."""
        return self.auth_method == "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request at /authorize that passed every check.

    Attributes:
        redirect_uri: As the client sent it, or its only registered one.
        redirect_explicit: Whether the client sent it; it must then send the same at /token.
        state: As it came; None when there was none.
        code_challenge: S256 (RFC 7636 4.2).
        scopes: At least one; may hold `offline_access`.
    """

    instance_id: str
    client_id: str
    redirect_uri: str
    redirect_explicit: bool
    state: str | None
    code_challenge: str
    scopes: frozenset[str]
    resource: str


LoginStep: TypeAlias = Literal["page", "choose", "upstream", "returned"]
"""Where an authorization waits: at our page, there with an accepted login and a choice left, at the
upstream's provider, or at our page again."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UpstreamTrip:
    """What must be known when a person comes back from the upstream's provider.

    Attributes:
        verifier: Of our PKCE with the provider (RFC 7636); None without PKCE.
        nonce: That the ID token must hold (OpenID Connect Core 3.1.2.1); None without one.
        issuer: The provider that the person was sent to, and that must have answered (RFC 9207).
        redirect_uri: Ours, to be repeated when the code is exchanged.
    """

    verifier: SecretStr | None
    nonce: SecretStr | None
    issuer: str
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogin:
    """An authorization that waits for a person.

    Attributes:
        id: Digest of the transaction's token, which stands in the form.
        browser: Digest of the browser's cookie.
        csrf: Digests of the form tokens that are alive, at most 10.
        draft: Login values: those that were accepted, at the step `choose`; else those that were
            typed before the trip to the provider.
        attempts: Logins that the upstream refused.
        step: Where it waits.
        upstream: Of the person's last trip to the provider; None before one.
    """

    id: Digest
    browser: Digest
    csrf: frozenset[Digest]
    request: AuthorizationRequest
    draft: Mapping[str, SecretStr] = field(default_factory=dict[str, SecretStr])
    attempts: int = 0
    step: LoginStep = "page"
    upstream: UpstreamTrip | None = None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConnectionConfig:
    """What a person connected with: sealed at rest, bound by its fingerprint.

    Attributes:
        values: Login fields that tools may read.
        secrets: The others.
        account: Whose tokens of the upstream's provider it has, in a form that tells nothing else;
            empty when it has none.
    """

    connector: str
    values: Mapping[str, str]
    secrets: Mapping[str, SecretStr]
    account: str = ""

    @property
    def given(self) -> Mapping[str, str]:
        """All of them."""
        return {**self.values, **{name: it.get_secret_value() for name, it in self.secrets.items()}}

    def __repr__(self) -> str:
        return f"ConnectionConfig({self.connector})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls a tool, proven by an access token.

    Attributes:
        subject: An opaque id of the connection's owner.
        fingerprint: Of the configuration that the grant was made for.
        scopes: Of this token.
        writes: How often something was written through the connection, where that is counted.
    """

    grant_id: str
    client_id: str
    subject: str
    instance_id: str
    connection_id: str
    fingerprint: str
    scopes: frozenset[str]
    config: ConnectionConfig
    writes: int = 0
