"""One question to a provider: sent once, in time, read whole, never followed elsewhere."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx

from treenail_runtime.clock import Clock

from .answers import HEADERS, Reply, read_document
from .errors import ProviderBroken, ProviderUnavailable

MOST_BYTES: Final = 1_000_000
_FIRST_REDIRECT: Final = 300
_FIRST_CLIENT_ERROR: Final = 400


class Asker:
    """Sends requests over a shared transport.

    Args:
        transport: Carries them; not closed here.
        clock: The time of day.
        seconds: For one request, from the connection to the last byte.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, clock: Clock, seconds: float) -> None:
        self._transport = transport
        self._clock = clock
        self._seconds = seconds

    async def document(self, url: str) -> Mapping[str, Any]:
        """The JSON object at `url`.

        Raises:
            ProviderUnavailable: It cannot be had now.
            ProviderBroken: It is not there, or is none.
        """
        reply = await self.send(httpx.Request("GET", url, headers=HEADERS))
        return read_document(reply, self._clock)

    async def send(self, request: httpx.Request) -> Reply:
        """The answer.

        Raises:
            ProviderUnavailable: There is none in time.
            ProviderBroken: It is too large, a redirect, or cannot be read.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._whole(request)
        except (TimeoutError, httpx.TimeoutException):
            raise ProviderUnavailable("no answer in time") from None
        except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError) as error:
            raise ProviderUnavailable(type(error).__name__) from None
        except httpx.TransportError as error:
            # Too large, cut short, not to be decompressed, or a URL that HTTP cannot carry.
            raise ProviderBroken(f"no usable answer: {type(error).__name__}") from None

    async def _whole(self, request: httpx.Request) -> Reply:
        response = await self._transport.handle_async_request(request)
        body = b""
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ProviderBroken(f"an answer of more than {MOST_BYTES} bytes")
        finally:
            await response.aclose()
        if _FIRST_REDIRECT <= response.status_code < _FIRST_CLIENT_ERROR:
            raise ProviderBroken("it redirects, which is never followed")
        return Reply(response.status_code, response.headers, body)
