"""A proxy on loopback that shows a token for a client that has none to show.

One request per connection, handed on as it came: only the port in `Host` becomes the server's, so
that the server judges the name that the client sent.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_MOST = 1 << 20


class _Proxy:
    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._token = token
        self.own_port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"(?im)^content-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            await self._hand_on(self._rewritten(head).encode("latin-1") + body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # Whoever asked has gone.
        finally:
            writer.close()

    def _rewritten(self, head: str) -> str:
        head = re.sub(r"(?im)^connection:.*\r\n", "", head)
        head = re.sub(rf"(?im)^(host: *\S*):{self.own_port}(?=\r$)", rf"\1:{self._port}", head)
        shown = f"Authorization: Bearer {self._token}\r\nConnection: close\r\n\r\n"
        return head.removesuffix("\r\n") + shown

    async def _hand_on(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            server.write(request)
            while chunk := await answers.read(_MOST):
                writer.write(chunk)
                await writer.drain()
        finally:
            server.close()


@asynccontextmanager
async def showing(token: str, url: str) -> AsyncGenerator[str]:
    """The URL at which the endpoint `url` answers as if the client had sent `token`."""
    parts = urlsplit(url)
    assert parts.port is not None
    proxy = _Proxy(parts.port, token)
    tasks: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(proxy.serve(reader, writer)))

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, limit=_MOST)
    proxy.own_port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{proxy.own_port}{parts.path}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
