"""Names to addresses, beside the event loop and never more than a few of a site at a time."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host for a TCP port; raises OSError when there are none."""

LookUp: TypeAlias = Callable[[str, int], Sequence[str]]
"""The same, blocking."""

_AT_ONCE: Final = 32
_OF_ONE_SITE: Final = 2
_LABELS: Final = 2


class SystemResolver:
    """The system's resolver.

    A look-up cannot be cancelled, and a hostile name server may let one hang for half a minute. So
    one that was given up still counts until it ends, and no further threads are started meanwhile.
    Names that end alike, in the same two labels, have the same name servers, and share a small part
    of the threads. They are daemons: an exit does not wait for them.
    """

    def __init__(
        self,
        at_once: int = _AT_ONCE,
        look_up: LookUp | None = None,
        *,
        of_one_site: int = _OF_ONE_SITE,
    ) -> None:
        """Look up nothing yet.

        Args:
            at_once: Most look-ups at a time, and so most threads.
            look_up: Takes its time and raises OSError; the system's unless given.
            of_one_site: Most look-ups at a time of names that end alike.
        """
        self._look_up = look_up or _addresses
        self._room = asyncio.Semaphore(at_once)
        self._of_one_site = of_one_site
        self._sites: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        """As long as somebody holds or awaits them."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of `host`."""
        site = self._site(host)
        await self._enter(site)
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Sequence[str]] = loop.create_future()

        def finish(result: Sequence[str] | OSError) -> None:
            self._room.release()
            site.release()
            if found.done():
                return
            if isinstance(result, OSError):
                found.set_exception(result)
            else:
                found.set_result(result)

        def look_up() -> None:
            try:
                result: Sequence[str] | OSError = self._look_up(host, port)
            except OSError as error:
                result = error
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(finish, result)

        threading.Thread(target=look_up, daemon=True, name="resolver").start()
        return await found

    def _site(self, host: str) -> asyncio.Semaphore:
        name = ".".join(host.rstrip(".").lower().split(".")[-_LABELS:])
        return self._sites.setdefault(name, asyncio.Semaphore(self._of_one_site))

    async def _enter(self, site: asyncio.Semaphore) -> None:
        """Take room, first of the site's: who waits for that takes nothing away from others."""
        await site.acquire()
        try:
            await self._room.acquire()
        except BaseException:
            site.release()
            raise


def _addresses(host: str, port: int) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label that is too long
        raise OSError("no host name") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
