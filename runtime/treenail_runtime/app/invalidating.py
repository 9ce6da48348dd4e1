"""Tells every worker what to read again: by way of Redis, or of the parent of the workers.

Both say only that something is to be read again. Where neither reaches, entries end by themselves
within seconds; nobody gets or keeps access by it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

import structlog

from treenail_runtime.settings import ConfigurationError, Settings

from .caches import Caches
from .messages import LONGEST, Message, read_message
from .registry import Reloads
from .siblings import Siblings

# Loaded where there is one: it takes a tenth of the start of a server that has none.
if TYPE_CHECKING:
    from redis.asyncio import Redis

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_CHANNEL: Final = "treenail:forget"
_PAUSE_S: Final = 1.0
_PATIENCE_S: Final = 1.0

Reach: TypeAlias = Literal["all-servers", "this-server"]
"""Who was told: all by way of Redis, or the workers of this server."""


class Announcer:
    """Tells other workers.

    Args:
        redis: Reaches those of all servers; None where there is none.
        siblings: The others of this server; None where it has one worker.
    """

    def __init__(self, redis: "Redis | None", siblings: Siblings | None = None) -> None:
        self._redis = redis
        self._siblings = siblings
        self._sending: set[asyncio.Task[Reach]] = set()

    def tell(self, instance_id: str) -> None:
        """Begin to tell that an instance has changed."""
        task = asyncio.create_task(self.send(Message("instance", instance_id)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def send(self, message: Message) -> Reach:
        """Tell it; who was reached."""
        if await self.publish(message):
            return "all-servers"
        if self._siblings is not None:
            self._siblings.tell(str(message))
        return "this-server"

    async def publish(self, message: Message) -> int | None:
        """Tell it by way of Redis: how many workers heard it; None when there is no Redis that answers."""
        return None if self._redis is None else await _published(self._redis, str(message))

    async def aclose(self) -> None:
        """Finish what was begun, and close the connections."""
        await asyncio.gather(*self._sending, return_exceptions=True)
        if self._redis is not None:
            await self._redis.aclose()


async def _published(redis: "Redis", text: str) -> int | None:
    """How many heard it; None when Redis does not answer."""
    from redis.exceptions import RedisError  # noqa: PLC0415  # see above

    try:
        async with asyncio.timeout(_PATIENCE_S):
            told: Any = redis.publish(_CHANNEL, text)  # pyright: ignore[reportUnknownMemberType]  # has no types
            return int(await told)
    except (RedisError, OSError, TimeoutError) as error:
        log.warning("caches.not_announced", reason=type(error).__name__)
        return None


class Obedience:
    """Does what others tell.

    Args:
        caches: Of this process.
        reloads: Of its connectors.
        own: By which messages of its own are known, which it has obeyed before it sent them.
    """

    def __init__(self, caches: Caches, reloads: Reloads, own: str) -> None:
        self._caches = caches
        self._reloads = reloads
        self._own = own

    def hear(self, text: str) -> None:
        """Do it; what is no message is nobody's affair."""
        message = read_message(text)
        if message is None or (message.sender and message.sender == self._own):
            return
        if message.kind == "connectors":
            self._reloads.begin(message.name or None)
            return
        what = message.name or message.kind
        log.info("caches.forgotten", what=what, entries=self.forget(message))

    def forget(self, message: Message) -> int:
        """Have the caches forget what a message names; how many entries there were."""
        match message.kind:
            case "all":
                return self._caches.forget_all()
            case "instance":
                return self._caches.forget(message.name)
            case "service":
                return self._caches.forget_service(message.name)
            case "connectors":
                return 0


class Listener:
    """Hears what others tell by way of Redis.

    Args:
        redis: Where they tell it.
        caches: Forgotten whenever listening begins, since what was said before nobody heard.
        hear: Told each message.
    """

    def __init__(self, redis: "Redis", caches: Caches, hear: Callable[[str], None]) -> None:
        self._redis = redis
        self._caches = caches
        self._hear_text = hear
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
        from redis.exceptions import RedisError  # noqa: PLC0415  # see above

        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("caches.not_listening", reason=type(error).__name__)
            await asyncio.sleep(_PAUSE_S)

    async def _listen(self) -> None:
        from redis.exceptions import RedisError  # noqa: PLC0415  # see above

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
        if message.get("type") == "message" and isinstance(data, bytes) and len(data) <= LONGEST:
            self._hear_text(data.decode(errors="replace"))


def open_redis(settings: Settings) -> "Redis | None":
    """The Redis of the settings, not connected yet; None when there is none.

    Raises:
        ConfigurationError: Its URL cannot be read.
    """
    if settings.redis_url is None:
        return None
    from redis.asyncio import Redis  # noqa: PLC0415  # see above
    from redis.asyncio.retry import Retry  # noqa: PLC0415  # see above
    from redis.backoff import NoBackoff  # noqa: PLC0415  # see above

    options: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)}
    try:
        return Redis.from_url(settings.redis_url.get_secret_value(), **options)  # pyright: ignore[reportUnknownMemberType]  # its options have no types
    except ValueError:
        raise ConfigurationError(
            "TREENAIL_REDIS_URL: write redis://host:6379/0 or rediss://..."
        ) from None
