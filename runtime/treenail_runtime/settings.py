"""What the operator decides: read once, from `TREENAIL_*` variables and the command line."""

import difflib
import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX: Final = "TREENAIL_"


class ConfigurationError(Exception):
    """The product cannot start like this; `problems` are complete lines for the operator."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


_NAME: Final = r"(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])"
_PORT: Final = r"(?::(?:\*|[1-9][0-9]{0,4}))?"
_HOST: Final = re.compile(_NAME + _PORT)
_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://" + _NAME + _PORT)
_AUTHORITY: Final = re.compile(
    r"(?:.*@)?(?P<host>[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])(?::(?P<port>.*))?"
)
_PORT_NUMBER: Final = re.compile(r"[1-9][0-9]{0,4}")
_HIGHEST_PORT: Final = 65_535
_LARGEST_BODY: Final = 64 << 20

Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
"""A comma-separated list."""


class Settings(BaseSettings):
    """Every setting; the environment variable is the name in upper case behind `TREENAIL_`.

    Attributes:
        connectors_dir: Folder with the generated modules.
        connectors: Which of them to serve; the first one also answers at `/mcp`.
        port: TCP port; 0 takes a free one.
        workers: Processes that share the port.
        legacy_sessions: How protocol versions before 2026-07-28 are served: not at all, or
            without session ids.
        framing: `kernel` is the fast path; `sdk` hands every request to the MCP SDK's own HTTP
            entry, for comparison and as a fallback.
        tracing: Keep the SDK's OpenTelemetry span around every request.
        max_body_bytes: Largest request body at an MCP endpoint; each is held in memory.
        upstream_url: Takes the place of the connector's server URL: a mock, a proxy. Plain http only
            on loopback, and only for one connector.
        log_format: Console text in a terminal and JSON lines elsewhere, unless set.
        allowed_hosts: Further `Host` values, `name` or `name:port` (`name:*` for any port).
        allowed_origins: Further `Origin` values, `scheme://name`, in the same way.
        no_auth: Serve without authorization; on a loopback address only.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        # Otherwise an error message would print the values, secrets included.
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    connectors_dir: Path = Path("connectors")
    connectors: Names = ()
    host: str = "127.0.0.1"
    port: int = Field(default=8750, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    legacy_sessions: Literal["off", "stateless"] = "stateless"
    framing: Literal["kernel", "sdk"] = "kernel"
    tracing: bool = False
    max_body_bytes: int = Field(default=1 << 20, ge=1024, le=_LARGEST_BODY)
    upstream_url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+[^\s?#]*$")
    log_format: Literal["console", "json"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    allowed_hosts: Names = ()
    allowed_origins: Names = ()
    no_auth: bool = False

    @field_validator("upstream_url")
    @classmethod
    def _is_reachable_and_private(cls, url: str | None) -> str | None:
        if url is None:
            return None
        host = _upstream_host(url)
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise ValueError("credentials do not belong into the URL")
        if parts.scheme == "http" and not is_loopback(host):
            raise ValueError("plain http would show the credentials: use https, or loopback")
        return url

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return _matching(_HOST, hosts, "write name, name:port or name:*")

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return _matching(_ORIGIN, origins, "write scheme://name, scheme://name:port or :*")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def _upstream_host(url: str) -> str:
    """The host of `url`, which can be connected to; its faults are told without its text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("no usable host") from None
    found = _AUTHORITY.fullmatch(parts.netloc.lower())
    if found is None or (":" in found["host"] and not _is_ipv6(found["host"])):
        raise ValueError("no usable host")
    port = found["port"]
    if port is not None and not (_PORT_NUMBER.fullmatch(port) and int(port) <= _HIGHEST_PORT):
        raise ValueError(f"no usable port: it is a number from 1 to {_HIGHEST_PORT}")
    return found["host"].strip("[]")


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _matching(pattern: re.Pattern[str], values: tuple[str, ...], hint: str) -> tuple[str, ...]:
    """The values in lower case, as browsers write them."""
    lower = tuple(value.lower() for value in values)
    for number, value in enumerate(lower, 1):
        port = value.rpartition(":")[2]
        if not pattern.fullmatch(value) or (port.isdecimal() and int(port) > _HIGHEST_PORT):
            raise ValueError(f"entry {number} can match nothing: {hint}")
    return lower


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine and no other."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(**chosen: Any) -> Settings:
    """The settings of this process; `chosen` (the command line) goes before the environment.

    Raises:
        ConfigurationError: With one line per problem, naming the variable and never its value.
    """
    given = {name: value for name, value in chosen.items() if value is not None}
    problems = [*_unknown_variables(environment())]
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [
            f"{PREFIX}{'.'.join(str(step) for step in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigurationError(*problems) from None
    if problems:
        raise ConfigurationError(*problems)
    return settings


def _unknown_variables(variables: Mapping[str, str]) -> Iterable[str]:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in sorted(variables):
        # Empty counts as unset, here as for the settings themselves.
        if name.upper().startswith(PREFIX) and name.upper() not in known and variables[name]:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0)
            yield f"{name}: no such setting; the nearest is {near[0]}"


def environment() -> Mapping[str, str]:
    """The environment of this process, for what is not a setting: a connection's credentials."""
    return dict(os.environ)
