"""The settings by what they are about; `Settings` holds them all."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from .values import (
    BaseUrl,
    CorsOrigins,
    Hosts,
    Names,
    Networks,
    Origins,
    PathPrefix,
    PathPrefixes,
    ProviderUrl,
    Proxies,
    Schemes,
    UpstreamUrl,
    host_of,
    is_loopback,
)

_LARGEST_BODY = 64 << 20
_DAY = 86_400

LegacySessions = Literal["off", "stateless", "bound"]


class ServingSettings(BaseSettings):
    """Where and what is served.

    Attributes:
        connectors_dir: Folder with the generated modules.
        connectors: Which of them to serve; the first one also answers at `/mcp`. Unless set, all
            that can be.
        watch: Load connectors again when their files change.
        port: TCP port; 0 takes a free one.
        workers: Processes that share the port.
        base_url: Under which clients reach the server: an origin, without a path.
        production: Refuse everything that is fit for a trial only. Unless set, it is on when
            `base_url` names another machine's address.
        legacy_sessions: How protocol versions before 2026-07-28 are served: not at all, without
            session ids, or in sessions that are bound to their grant.
        session_idle_seconds: After which a bound session ends.
        framing: `kernel` is the fast path; `sdk` hands every request to the MCP SDK's own HTTP
            entry, for comparison and as a fallback.
        tracing: Send OpenTelemetry traces. Unless set, when `OTEL_EXPORTER_OTLP_ENDPOINT` is.
        trace_upstreams: Connectors whose upstreams are told, with `traceparent`, which trace a request
            belongs to.
        metrics_port: TCP port for Prometheus; None tells no metrics.
        metrics_host: Address of that port.
        max_streams: Streams that one worker keeps open for its clients; 0 offers none.
        max_streams_per_login: Of those, the ones of one login.
        stream_ping_seconds: After so many without a word a stream shows that it is alive.
        stream_check_seconds: Between two looks whether those who listen still may.
        max_body_bytes: Largest request body at an MCP endpoint; each is held in memory.
        response_cache_mb: Megabytes of upstreams' answers that each process may hold, where connectors
            let them be used again; 0 for none.
        upstream_url: Takes the place of the connector's server URL: a mock, a proxy. Plain http only
            on loopback, and only for one connector.
        provider_url: Takes the place of scheme, host and port in all URLs of the connector's
            provider: one on this machine, for a trial.
        log_format: Console text in a terminal and JSON lines elsewhere, unless set.
        allowed_hosts: Further `Host` values, `name` or `name:port` (`name:*` for any port).
        allowed_origins: Further `Origin` values, `scheme://name`, in the same way.
        cors_origins: Origins of web pages that may read answers; `*` for all, then without
            credentials.
        trusted_proxies: Networks whose `X-Forwarded-For` is believed; `loopback` is one of them.
        no_auth: Serve without authorization; on a loopback address only.
    """

    connectors_dir: Path = Path("connectors")
    connectors: Names = ()
    watch: bool = False
    host: str = "127.0.0.1"
    port: int = Field(default=8750, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    base_url: BaseUrl = None
    production: bool | None = None
    legacy_sessions: LegacySessions | None = None
    session_idle_seconds: int = Field(default=1800, ge=60, le=7 * _DAY)
    framing: Literal["kernel", "sdk"] = "kernel"
    tracing: bool | None = None
    trace_upstreams: Names = ()
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"
    max_streams: int = Field(default=1000, ge=0, le=100_000)
    max_streams_per_login: int = Field(default=8, ge=1, le=1000)
    stream_ping_seconds: float = Field(default=15, ge=0.1, le=60)
    stream_check_seconds: float = Field(default=5, ge=0.1, le=60)
    max_body_bytes: int = Field(default=1 << 20, ge=1024, le=_LARGEST_BODY)
    response_cache_mb: int = Field(default=32, ge=0, le=10_000)
    upstream_url: UpstreamUrl = Field(default=None, pattern=r"^https?://[^\s/?#]+[^\s?#]*$")
    provider_url: ProviderUrl = None
    log_format: Literal["console", "json"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    allowed_hosts: Hosts = ()
    allowed_origins: Origins = ()
    cors_origins: CorsOrigins = ()
    trusted_proxies: Proxies = ()
    no_auth: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def is_production(self) -> bool:
        """Whether what is fit for a trial only must be refused."""
        if self.production is not None:
            return self.production
        return self.base_url is not None and not is_loopback(host_of(self.base_url))

    @property
    def sessions(self) -> LegacySessions:
        """`legacy_sessions`, or what goes with the rest: sessions are bound to grants."""
        return self.legacy_sessions or ("stateless" if self.no_auth else "bound")


class StorageSettings(BaseSettings):
    """What is kept, where, and under which keys.

    Attributes:
        database_url: `sqlite:///file` or `postgresql://user:password@host/name`.
        database_pooler: The URL leads to a transaction pooler, which keeps no session state.
        redis_url: For rate limits that several workers share, and to tell them what has changed; never
            the truth about a token.
        auth_secret: At least 32 random bytes; seals credentials.
        auth_secrets: A ring of them, `kid:base64,kid:base64`; the first seals, all open.
        cleanup: Delete what has expired, in the background.
        cleanup_seconds: Between two rounds of that.
    """

    database_url: SecretStr = SecretStr("sqlite:///treenail.db")
    database_pooler: bool = False
    redis_url: SecretStr | None = None
    auth_secret: SecretStr | None = None
    auth_secrets: SecretStr | None = None
    cleanup: bool = True
    cleanup_seconds: int = Field(default=60, ge=1, le=_DAY)


class OAuthSettings(BaseSettings):
    """The authorization server.

    Attributes:
        oauth_prefix: Before `/authorize` and the others, such as `/oauth`.
        oauth_aliases: Further prefixes under which they answer.
        registration: Who may register a client at `/register`: anyone, holders of
            `registration_token`, nobody.
        client_documents: Accept client-ID metadata documents.
        client_document_domains: Only from these hosts and their subdomains, unless empty.
        client_document_networks: Networks that may be fetched from although they are private; then
            also at other ports than 443, and from addresses without a name.
        redirect_schemes: Private-use schemes that native clients may be redirected to.
        auto_approve: Preregistered clients whose users are not asked for consent.
        max_clients: Dynamically registered clients that are kept, and as many documents.
        max_instances: Instances that one owner may have; the role admin makes any number.
        max_pending_logins: Authorizations that may wait at one time.
        refresh_grace_seconds: In which the same refresh token gives the same successor; 0 ends the
            family at the first reuse.
        instance_cache_seconds: For which what is known of an instance is believed; tokens are looked
            up at each request all the same.
        upkeep_seconds: Between two looks for tokens of upstreams that are over soon, or whose login
            has ended.
        token_cache_seconds: For which a proven access token is believed without asking the database.
        rate_limits: Changes to the limits: `login=5/15m,mcp=off`.
        introspection: Serve `/introspect`.
        admin_api: Serve `/api/v1`, to holders of admin tokens.
    """

    oauth_prefix: PathPrefix = ""
    oauth_aliases: PathPrefixes = ()
    registration: Literal["open", "token", "off"] = "open"
    registration_token: SecretStr | None = None
    client_documents: bool = True
    client_document_domains: Hosts = ()
    client_document_networks: Networks = ()
    redirect_schemes: Schemes = ()
    auto_approve: Names = ()
    auto_seed_client_id: str | None = Field(default=None, max_length=128)
    auto_seed_client_name: str | None = Field(default=None, max_length=256)
    auto_seed_client_secret: SecretStr | None = None
    auto_seed_redirect_uris: Names = ()
    max_clients: int = Field(default=10_000, ge=1)
    max_instances: int = Field(default=100, ge=1)
    max_pending_logins: int = Field(default=1_000, ge=10)
    login_seconds: int = Field(default=600, ge=60, le=3600)
    code_seconds: int = Field(default=60, ge=10, le=600)
    access_seconds: int = Field(default=3600, ge=60, le=_DAY)
    refresh_idle_seconds: int = Field(default=30 * _DAY, ge=3600, le=366 * _DAY)
    refresh_absolute_seconds: int = Field(default=90 * _DAY, ge=3600, le=366 * _DAY)
    refresh_grace_seconds: int = Field(default=60, ge=0, le=120)
    instance_cache_seconds: float = Field(default=5, ge=0, le=60)
    upkeep_seconds: int = Field(default=30, ge=1, le=300)
    token_cache_seconds: float = Field(default=0, ge=0, le=5)
    rate_limits: str = ""
    introspection: bool = True
    admin_api: bool = True
