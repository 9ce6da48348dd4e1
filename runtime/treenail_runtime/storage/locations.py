"""Where the data lives: a database URL as operators have it, taken apart without showing it."""

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from treenail_runtime.settings import ConfigurationError

_SCHEMES: Final = re.compile(r"(?P<kind>sqlite|postgres(?:ql)?)(?:\+(?:aiosqlite|asyncpg))?://")

_LIBPQ: Final = frozenset(
    {
        "host",
        "port",
        "user",
        "password",
        "dbname",
        "database",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslcrl",
        "sslpassword",
        "sslnegotiation",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "target_session_attrs",
        "passfile",
        "service",
        "servicefile",
    }
)
"""What asyncpg understands of libpq's; anything else it would send to the server as a setting."""

_DROPPED: Final = frozenset({"channel_binding", "connect_timeout", "application_name", "options"})
"""In the URLs that hosters hand out, and settled by us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteLocation:
    """A file, or this process's memory.

    Attributes:
        path: None for memory.
    """

    path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresLocation:
    """A PostgreSQL database.

    Attributes:
        dsn: For asyncpg; may hold a password.
        pooler: The URL says that a transaction pooler stands in between (`pgbouncer=true`).
    """

    dsn: str = field(repr=False)
    pooler: bool = False


Location: TypeAlias = SqliteLocation | PostgresLocation


def read_location(url: str) -> Location:
    """Take `url` apart.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` for memory,
            `postgres://…` or `postgresql://…` with libpq's parameters.

    Raises:
        ConfigurationError: When it can lead nowhere; the message holds no part of a password.
    """
    scheme = _SCHEMES.match(url)
    if scheme is None:
        raise _unusable("begin with sqlite:///, postgresql:// or postgres://")
    rest = url[scheme.end() :]
    return _sqlite(rest) if scheme["kind"] == "sqlite" else _postgres(rest)


def _sqlite(rest: str) -> SqliteLocation:
    if "?" in rest or (rest and not rest.startswith("/")):
        raise _unusable("sqlite takes three slashes and a path, without parameters")
    path = rest[1:]
    return SqliteLocation(path=None if path in {"", ":memory:"} else path)


def _postgres(rest: str) -> PostgresLocation:
    try:
        parts = urlsplit(f"postgresql://{rest}")
        given = parse_qsl(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise _unusable("it is not a URL; percent-encode what stands in the password") from None
    pooler = any(name == "pgbouncer" and value == "true" for name, value in given)
    kept = [(name, value) for name, value in given if name not in {*_DROPPED, "pgbouncer"}]
    unknown = sorted({name for name, _ in kept} - _LIBPQ)
    if unknown:
        raise _unusable(f"parameter {unknown[0]!r} is not known")
    dsn = urlunsplit(parts._replace(query=urlencode(kept), fragment=""))
    return PostgresLocation(dsn=dsn, pooler=pooler)


def _unusable(hint: str) -> ConfigurationError:
    return ConfigurationError(f"TREENAIL_DATABASE_URL: no usable database URL: {hint}")
