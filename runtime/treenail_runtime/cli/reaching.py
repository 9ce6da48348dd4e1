"""How a command reaches servers that run: one by its admin API, or all of them by way of Redis."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final, TypeVar

import click
import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from treenail_runtime.app.instances import base_url_of
from treenail_runtime.app.invalidating import Announcer, open_redis
from treenail_runtime.app.messages import Message
from treenail_runtime.dispatch.strict_json import is_object, read_json
from treenail_runtime.settings import BaseUrl, ConfigurationError, Settings
from treenail_runtime.upstream import AiohttpTransport

from .files import read_secret

_Command = TypeVar("_Command", bound=Callable[..., None])

_Answer = TypeVar("_Answer", bound=BaseModel)

_REFUSED: Final = 400
_URL: Final[TypeAdapter[str | None]] = TypeAdapter(BaseUrl)

PATIENCE_S: Final = 60.0
"""So long a server may take: it loads modules, and writes to its database."""


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs, as an administrator reaches it."""

    url: str
    token: str


def server_options(command: _Command) -> _Command:
    """`--server` and `--token-file`."""
    token = click.option(
        "--token-file",
        type=click.File(),
        help="Holds an admin token; - for stdin. Without it servers are told by way of REDIS_URL.",
    )
    url = click.option("--server", help="Of the server that takes it; BASE_URL unless given.")
    return url(token(command))


def named_server(settings: Settings, url: str | None, token: IO[str] | None) -> Server | None:
    """The server that the options name; None when they name none.

    Raises:
        ConfigurationError: There is no token for it, or its URL would show the token.
    """
    if token is None:
        if url is not None:
            raise ConfigurationError("--server needs --token-file")
        return None
    try:
        told = _URL.validate_python(url)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise ConfigurationError(f"--server: {reason}") from None
    return Server(told or base_url_of(settings), read_secret(token, "--token-file"))


def ask(
    server: Server,
    method: str,
    path: str,
    answer: type[_Answer],
    patience_s: float = PATIENCE_S,
) -> _Answer:
    """What the admin API answers within `patience_s`.

    Raises:
        ConfigurationError: It does not, refuses, or answers something else.
    """
    status, told = asyncio.run(_ask(server, method, path, patience_s))
    try:
        return answer.model_validate(told)
    except ValidationError:
        raise _no_server(server, status) from None


def tell_all(settings: Settings, message: Message) -> None:
    """Tell all servers by way of Redis.

    Raises:
        ConfigurationError: They were not told.
    """
    asyncio.run(_tell_all(settings, message))


async def _ask(
    server: Server, method: str, path: str, patience_s: float
) -> tuple[int, Mapping[str, Any]]:
    transport = AiohttpTransport()
    try:
        request = httpx.Request(
            method, server.url + path, headers={"Authorization": f"Bearer {server.token}"}
        )
        async with asyncio.timeout(patience_s):
            answer = await transport.handle_async_request(request)
    except TimeoutError:
        raise ConfigurationError(
            f"{server.url} has not answered for {patience_s:g} s; it may still do what it was asked"
        ) from None
    except (httpx.TransportError, httpx.InvalidURL, UnicodeEncodeError):
        raise ConfigurationError(f"{server.url} does not answer") from None
    finally:
        await transport.aclose()
    try:
        told = read_json(answer.body)
    except ValueError:
        told = None
    if not is_object(told):
        raise _no_server(server, answer.status_code)
    if answer.status_code >= _REFUSED:
        reason = told.get("detail") or told.get("error")
        raise ConfigurationError(f"{server.url} refuses: {reason} ({answer.status_code})")
    return answer.status_code, told


def _no_server(server: Server, status: int) -> ConfigurationError:
    return ConfigurationError(f"{server.url} answers {status}, and not as a server")


async def _tell_all(settings: Settings, message: Message) -> None:
    redis = open_redis(settings)
    if redis is None:
        raise ConfigurationError(
            "REDIS_URL is not set: servers cannot be told; name one by --token-file and --server"
        )
    announcer = Announcer(redis)
    try:
        heard = await announcer.publish(message)
        if heard is None:
            raise ConfigurationError("Redis does not answer: servers were not told")
        if not heard:
            raise ConfigurationError("no server listens at that Redis: nobody was told")
    finally:
        await announcer.aclose()
