"""Hypercorn around the application: a socket, signals, an orderly end."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Final

import structlog
from hypercorn.asyncio import serve as hypercorn_serve  # pyright: ignore[reportUnknownVariableType]  # its WSGI side
from hypercorn.config import Config

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.edge.asgi import AsgiApp
from treenail_runtime.settings import ConfigurationError, Settings

from .collecting import forget_start
from .composition import create_app
from .descriptors import raise_descriptor_limit
from .hangups import obey_hangups
from .http1 import mend_hypercorn
from .measuring import measured
from .preparing import prepare
from .registry import Registry, Reloads
from .servable import check_servable
from .streaming import Draining
from .tracing import traced

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

DRAIN_SECONDS: Final = 30.0
"""How long running calls may take to finish; longer than a tool's usual deadline."""

_BACKLOG: Final = 1024


def listen(settings: Settings) -> socket.socket:
    """A listening socket; clients that connect before the application is ready wait in its queue.

    Raises:
        ConfigurationError: The address cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"cannot listen at {settings.host}:{settings.port}: {reason}"
        ) from None


def address(sock: socket.socket) -> str:
    """`host:port` as it stands in a URL."""
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def serve_app(
    app: AsgiApp,
    sock: socket.socket,
    *,
    listening: Callable[[], None],
    stopped: Callable[[], Awaitable[object]],
    drain_seconds: float = DRAIN_SECONDS,
) -> None:
    """Serve `app` on `sock`, which is closed at the end.

    Args:
        app: With its lifespan.
        sock: From `listen`.
        listening: Called once when requests are answered.
        stopped: Returns when serving shall end; running calls may then finish.
        drain_seconds: How long they may take.
    """

    async def until_stopped() -> None:
        listening()
        await stopped()
        if isinstance(app, Draining):
            app.drain()

    mend_hypercorn()
    config = Config()
    config.bind = f"fd://{sock.detach()}"
    config.backlog = _BACKLOG
    config.graceful_timeout = drain_seconds
    config.keep_alive_timeout = 30
    config.keep_alive_max_requests = 100_000
    config.include_server_header = False
    config.errorlog = logging.getLogger("hypercorn.error")
    await hypercorn_serve(app, config, shutdown_trigger=until_stopped, mode="asgi")  # pyright: ignore[reportArgumentType]  # Hypercorn's ASGI types are TypedDicts


def serve(settings: Settings, registry: Registry, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; a second signal does not wait for running calls.

    Args:
        settings: Address, limits.
        registry: The connectors; SIGHUP has them loaded again.
        announce: Called with `host:port` once requests are answered.

    Raises:
        ConfigurationError: The settings must not be served, the address cannot be had, the storage
            is not fit, or a connection makes no credentials.
    """
    check_servable(settings)
    raise_descriptor_limit()
    sock = listen(settings)
    where = address(sock)
    settings = with_base_url(settings, where)
    with ExitStack() as opened:
        with closing_if_refused(sock):
            make_ready(settings)
            measures = opened.enter_context(measured(settings))
            traces = opened.enter_context(traced(settings))
            app = create_app(settings, registry, measures=measures, traces=traces)
        forget_start()
        _run(app, sock, registry, lambda: announce(where))
    log.info("server.stopped")


def _run(
    app: AsgiApp, sock: socket.socket, registry: Registry, announce: Callable[[], None]
) -> None:
    """Serve until a signal."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        stop = asyncio.Event()

        async def run() -> None:
            _stop_at_signals(stop)
            reloads = Reloads(registry)
            obey_hangups(reloads.begin)
            await serve_app(app, sock, listening=announce, stopped=stop.wait)

        runner.run(run())


def with_base_url(settings: Settings, where: str) -> Settings:
    """The settings with the address in place of a base URL that was not given."""
    return settings.model_copy(update={"base_url": settings.base_url or f"http://{where}"})


def make_ready(settings: Settings) -> None:
    """Prepare the storage, where there is authorization.

    Raises:
        ConfigurationError: It cannot be served with.
    """
    if settings.no_auth:
        return
    try:
        asyncio.run(prepare(settings))
    except StoreUnavailableError:
        raise ConfigurationError(
            "the database does not answer: look at DATABASE_URL, and at the log line above"
        ) from None


@contextmanager
def closing_if_refused(sock: socket.socket) -> Generator[None]:
    """Give the address back when the server cannot start."""
    try:
        yield
    except ConfigurationError:
        sock.close()
        raise


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The event loop of uvloop where it exists (6 to 16 % less CPU), else None: asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415  # not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


def _stop_at_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)

    def first() -> None:
        for each in signals:
            # The next one takes its usual course and ends the process.
            loop.remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)
        stop.set()
        log.info("server.stopping", drain_seconds=DRAIN_SECONDS)

    for each in signals:
        loop.add_signal_handler(each, first)
