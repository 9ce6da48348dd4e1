import ssl

import httpx
import pytest

from tests.support.loopback import loopback
from tests.support.upstreams import outgoing, sent
from treenail_runtime.upstream import AiohttpTransport


async def test_an_untrusted_certificate_is_refused(
    tls_pair: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server, trusting = tls_pair
    async with loopback(tls=server) as site:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await sent(outgoing(site.url))
        async with AiohttpTransport(tls=trusting) as transport:
            response = await transport.handle_async_request(outgoing(site.url))
    assert response.status_code == 200
    assert len(site.requests) == 1
