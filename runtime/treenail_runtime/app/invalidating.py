"""Has every worker forget what has changed, by way of Redis.

Redis says only that something is to be read again. Without it, or while it is away, entries end by
themselves within seconds; nobody gets or keeps access by it.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from treenail_runtime.settings import ConfigurationError, Settings

from .caches import Caches

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_CHANNEL: Final = "treenail:forget"
_ALL: Final = "*"
_PAUSE_S: Final = 1.0
_PATIENCE_S: Final = 1.0
_LONGEST: Final = 256


class Announcer:
    """Tells all workers what to read again."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._sending: set[asyncio.Task[bool]] = set()

    def tell(self, instance_id: str) -> None:
        """Begin to tell that an instance has changed."""
        task = asyncio.create_task(self.send(instance_id))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def send(self, instance_id: str | None) -> bool:
        """Tell it; None means everything. False when Redis does not take it."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                told: Any = self._redis.publish(_CHANNEL, instance_id or _ALL)  # pyright: ignore[reportUnknownMemberType]  # has no types
                await told
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("caches.not_announced", reason=type(error).__name__)
            return False
        return True

    async def aclose(self) -> None:
        """Finish what was begun, and close the connections."""
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._redis.aclose()


class Listener:
    """Forgets what others tell."""

    def __init__(self, redis: Redis, caches: Caches) -> None:
        self._redis = redis
        self._caches = caches
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._redis.aclose()

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("caches.not_listening", reason=type(error).__name__)
            await asyncio.sleep(_PAUSE_S)

    async def _listen(self) -> None:
        channel: Any = self._redis.pubsub()  # pyright: ignore[reportUnknownMemberType]  # has no types
        try:
            await channel.subscribe(_CHANNEL)
            # What was said before, nobody here has heard.
            self._caches.forget_all()
            log.info("caches.listening")
            async for message in channel.listen():
                self._hear(cast("dict[str, object]", message))
        finally:
            with suppress(RedisError, OSError):
                await channel.aclose()

    def _hear(self, message: dict[str, object]) -> None:
        data = message.get("data")
        if message.get("type") != "message" or not isinstance(data, bytes) or len(data) > _LONGEST:
            return
        what = data.decode(errors="replace")
        count = self._caches.forget_all() if what == _ALL else self._caches.forget(what)
        log.info("caches.forgotten", what="all" if what == _ALL else what, entries=count)


def open_redis(settings: Settings) -> Redis | None:
    """The Redis of the settings, not connected yet; None when there is none.

    Raises:
        ConfigurationError: Its URL cannot be read.
    """
    if settings.redis_url is None:
        return None
    options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)}
    try:
        return Redis.from_url(settings.redis_url.get_secret_value(), **options)  # pyright: ignore[reportUnknownMemberType]  # its options have no types
    except ValueError:
        raise ConfigurationError(
            "TREENAIL_REDIS_URL: write redis://host:6379/0 or rediss://..."
        ) from None
