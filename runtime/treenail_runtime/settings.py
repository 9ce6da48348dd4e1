"""What the operator decides: read once, from `TREENAIL_*` variables and the command line."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationError
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
        max_body_bytes: Largest request body at an MCP endpoint.
        upstream_url: Takes the place of the connector's server URL: a mock, a proxy.
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
    max_body_bytes: int = Field(default=1 << 20, ge=1024)
    upstream_url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+[^\s?#]*$")
    log_format: Literal["console", "json"] | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    allowed_hosts: Names = ()
    allowed_origins: Names = ()
    no_auth: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_settings(**chosen: Any) -> Settings:
    """The settings of this process; `chosen` (the command line) goes before the environment.

    Raises:
        ConfigurationError: With one line per problem, naming the variable and never its value.
    """
    given = {name: value for name, value in chosen.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise ConfigurationError(
            *(
                f"{PREFIX}{'.'.join(str(step) for step in problem['loc']).upper()}: "
                f"{problem['msg']}"
                for problem in error.errors(include_input=False, include_url=False)
            )
        ) from None


def environment() -> Mapping[str, str]:
    """The environment of this process, for what is not a setting: a connection's credentials."""
    return dict(os.environ)
