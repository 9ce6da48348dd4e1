"""The mock on the network, until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

import click
from hypercorn.asyncio import (
    serve,  # pyright: ignore[reportUnknownVariableType]  # its WSGI half is untyped
)
from hypercorn.config import Config, Sockets
from quart import Quart
from typing_extensions import override

from .app import connect, upstream_of
from .sockets import Connections

_GRACE_S: Final = 1.0
Announce: TypeAlias = Callable[[str, str], None]
"""Takes the connector's name, and the URL to use as the server's."""


class _Config(Config):
    """Hypercorn, on a socket that is listening already."""

    def __init__(self, listening: Connections) -> None:
        super().__init__()
        self._listening = listening
        self.graceful_timeout = _GRACE_S
        self.loglevel = "WARNING"

    @override
    def create_sockets(self) -> Sockets:
        return Sockets([], [self._listening], [])


def print_url(name: str, url: str) -> None:
    """The line for people, on standard output."""
    click.echo(f"mock {name} at {url}")


def serve_mock(app: Quart, host: str, port: int, announce: Announce = print_url) -> None:
    """Serve until SIGINT or SIGTERM; announces the URL once it listens.

    Raises:
        OSError: The port is taken, or the host is not here.
    """
    with Connections.listen_on(host, port) as listening:
        connect(app, listening)
        asyncio.run(_serve(app, listening, announce))


async def _serve(app: Quart, listening: Connections, announce: Announce) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows, where Ctrl+C ends us just as well
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    upstream = upstream_of(app)
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    announce(upstream.name, f"http://{shown}:{port}{upstream.base_path}")
    await serve(app, _Config(listening), shutdown_trigger=stop.wait)
