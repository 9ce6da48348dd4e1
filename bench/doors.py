"""Servers that ask for a bearer token: ours on both databases, and the peer with its own check."""

import base64
import secrets
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import databases
import servers
from contenders import PEER, PEER_REPAIRED, PEER_TUNED, TREENAIL, Contender
from joserfc import jwt
from joserfc.jwk import RSAKey
from visitor import Visitor

UNREACHED: Final = "900000000/1m"
"""A limit that counts and stops nobody."""

_BUCKETS: Final = (
    *("login", "login_account", "authorize", "mcp", "mcp_grant", "token", "token_client"),
    "token_ip",
    *("register", "register_hour"),
)
_LIFETIME_S: Final = 3600
_CLAIMS: Final = {"iss": "https://bench.example", "aud": "https://bench.example/mcp"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A running server, and what it takes to call it.

    Attributes:
        bearer: None where everybody may call.
        store: Its database; None where it has none.
    """

    server: servers.Running
    bearer: str | None = None
    store: databases.Store | None = None


Opening: TypeAlias = Callable[[str], AbstractContextManager[Opened]]
"""Starts a server for an upstream's URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A contender, and who may pass."""

    name: str
    title: str
    contender: Contender
    opening: Opening


def with_authorization(port: int, upstream_url: str) -> list[str]:
    """The command line of ours, which asks for a token."""
    return [each for each in TREENAIL.command(port, upstream_url) if each != "--no-auth"]


@contextmanager
def guarded(kind: databases.Kind, upstream_url: str) -> Generator[Opened]:
    """Ours with authorization, the way it comes; every limit counts and none is reached."""
    with databases.database(kind, servers.free_port()) as store:
        contender = replace(
            TREENAIL,
            command=with_authorization,
            environment={
                "DATABASE_URL": store.url,
                "AUTH_SECRETS": f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}",
                "TREENAIL_RATE_LIMITS": ",".join(f"{each}={UNREACHED}" for each in _BUCKETS),
            },
        )
        with servers.serving(contender, upstream_url) as server:
            visitor = Visitor(server.port)
            tokens = visitor.connect()
            visitor.close()
            yield Opened(server, tokens.access, store)


@contextmanager
def _open(upstream_url: str) -> Generator[Opened]:
    with servers.serving(TREENAIL, upstream_url) as server:
        yield Opened(server)


def _ours(kind: databases.Kind) -> Opening:
    return lambda upstream_url: guarded(kind, upstream_url)


def _with_jwt(contender: Contender) -> Opening:
    """`JWTVerifier` with a public key: the check for production that asks nobody else."""

    @contextmanager
    def opened(upstream_url: str) -> Generator[Opened]:
        key = RSAKey.generate_key(2048)
        now = int(time.time())
        times = {"iat": now, "exp": now + _LIFETIME_S}
        claims = {**_CLAIMS, **times, "sub": "bench", "scope": "mcp.tools.call"}
        environment = {
            "BENCH_PUBLIC_KEY": key.as_pem(private=False).decode(),
            "BENCH_ISSUER": _CLAIMS["iss"],
            "BENCH_AUDIENCE": _CLAIMS["aud"],
        }
        asking = replace(contender, environment=environment)
        with servers.serving(asking, upstream_url) as server:
            yield Opened(server, jwt.encode({"alg": "RS256"}, claims, key))

    return opened


def _with_static(contender: Contender) -> Opening:
    """`StaticTokenVerifier`, a dictionary for trials: the least that a check can cost there."""

    @contextmanager
    def opened(upstream_url: str) -> Generator[Opened]:
        token = secrets.token_urlsafe(32)
        asking = replace(contender, environment={"BENCH_TOKEN": token})
        with servers.serving(asking, upstream_url) as server:
            yield Opened(server, token)

    return opened


def _peer(contender: Contender, check: str, opening: Opening) -> Door:
    title = f"{contender.title}, {check}"
    return Door(name=f"{contender.name} {check}", title=title, contender=contender, opening=opening)


OPEN: Final = Door(name="open", title="treenail, --no-auth", contender=TREENAIL, opening=_open)
SQLITE: Final = Door(
    name="sqlite", title="treenail, SQLite", contender=TREENAIL, opening=_ours("sqlite")
)
POSTGRESQL: Final = Door(
    name="postgresql", title="treenail, PostgreSQL", contender=TREENAIL, opening=_ours("postgresql")
)
PEER_JWT: Final = _peer(PEER, "JWTVerifier", _with_jwt(PEER))
TUNED_JWT: Final = _peer(PEER_TUNED, "JWTVerifier", _with_jwt(PEER_TUNED))
REPAIRED_JWT: Final = _peer(PEER_REPAIRED, "JWTVerifier", _with_jwt(PEER_REPAIRED))
REPAIRED_STATIC: Final = _peer(PEER_REPAIRED, "StaticTokenVerifier", _with_static(PEER_REPAIRED))
DOORS: Final = (OPEN, SQLITE, POSTGRESQL, PEER_JWT, TUNED_JWT, REPAIRED_JWT, REPAIRED_STATIC)
