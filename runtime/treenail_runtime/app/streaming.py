"""Keeps the open streams truthful: tells them of other tools, and ends those of who may not listen."""

import asyncio
import hashlib
from collections.abc import Mapping

import structlog

from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.contract import Connector
from treenail_runtime.dispatch.server import listing
from treenail_runtime.dispatch.streams import Bounds, Stream, Streams
from treenail_runtime.dispatch.strict_json import write_json
from treenail_runtime.edge.asgi import AsgiApp, Receive, Scope, Send
from treenail_runtime.measures import Measures
from treenail_runtime.settings import Settings

from .connecting import Offering
from .registry import Registry
from .watching import LOOK_SECONDS

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


def open_streams(settings: Settings, registry: Registry, measures: Measures) -> Streams | None:
    """The streams of this worker; None where there is nothing that they could tell."""
    if not (registry.is_live and settings.max_streams):
        return None
    bounds = Bounds(
        most=settings.max_streams,
        most_of_grant=settings.max_streams_per_login,
        ping_s=settings.stream_ping_seconds,
    )
    return Streams(bounds, measures)


def settle_seconds(settings: Settings) -> float:
    """How long news waits: until all workers have loaded.

    Each loads by itself, one a little later than the other, and a client that is told asks any.
    """
    is_alone = settings.workers == 1 and settings.redis_url is None
    return 0.0 if is_alone else 2 * LOOK_SECONDS


class ToolNews:
    """Tells streams when a reload has given their connector another list of tools."""

    def __init__(
        self, streams: Streams, connectors: Mapping[str, Connector], *, settle_s: float
    ) -> None:
        self._streams = streams
        self._settle_s = settle_s
        self._known = {name: _digest(each) for name, each in connectors.items()}

    async def heard(self, offering: Offering) -> None:
        """Take note of a connector that was loaded; to be called after everybody who serves it."""
        connector = offering.connector
        now = _digest(connector)
        if self._known.get(connector.name) != now:
            self._known[connector.name] = now
            asyncio.get_running_loop().call_later(self._settle_s, self._tell, connector.name)

    async def withdrawn(self, name: str) -> None:
        """End the streams of a connector that is served no more."""
        self._streams.withdraw(name)

    def _tell(self, name: str) -> None:
        count = self._streams.tools_changed(name)
        log.info("tools.changed", connector=name, streams=count)


def _digest(connector: Connector) -> bytes:
    tools = listing(connector).model_dump(by_alias=True, mode="json", exclude_none=True)
    return hashlib.sha256(write_json(tools)).digest()


class StreamChecks:
    """Looks at all streams in turn, whether their callers would still be served."""

    def __init__(self, streams: Streams, every_s: float) -> None:
        self._streams = streams
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                for stream in self._streams.everyone():
                    await _check(stream)
            except StoreUnavailableError:
                # Nothing is known of anybody; a stream tells no more than that there is news.
                log.info("streams.not_checked")


async def _check(stream: Stream) -> None:
    """End the stream of a caller who would not be served any more.

    Raises:
        StoreUnavailableError: The database does not answer.
    """
    try:
        if stream.may_stay is None or await stream.may_stay():
            return
    except StoreUnavailableError:
        raise
    except Exception:
        # The boundary: what goes wrong with one stream must not keep all others from being looked at.
        log.exception("stream.not_checked", grant=stream.grant_id or None)
        return
    log.info("stream.ended", grant=stream.grant_id or None)
    stream.end()


class Draining:
    """An application whose streams end before the server waits for its requests to."""

    def __init__(self, app: AsgiApp, streams: Streams | None) -> None:
        self._app = app
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        await self._app(scope, receive, send)

    def drain(self) -> None:
        """End the streams: they would go on for ever."""
        if self._streams is not None:
            self._streams.end()
