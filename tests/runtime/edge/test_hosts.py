"""Under which names the server answers, and which web pages may call it."""

import pytest

from tests.support.serving import serving
from tests.support.wire import LIST, LIST_HEADERS


@pytest.mark.requirement("S1-25", "V-04", "S4-24")
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8750", 200),
        ("127.0.0.1", 200),
        ("[::1]:1", 200),
        ("shop.example:443", 200),
        ("tunnel.example:7", 200),
        ("tunnel.example", 200),
        ("shop.example", 421),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.", 400),
        ("localhost:", 400),
        ("localhost:99999999", 400),
        ("user@localhost", 400),
        ("localhost/mcp?x=", 400),
        ("localhost#", 400),
        ("a\\@localhost", 400),
        ("[::1", 400),
        ("%6cocalhost", 400),
        ("loc\xe4lhost", 400),
        ("", 400),
    ],
)
async def test_only_listed_names_are_served(host: str, status: int) -> None:
    """DNS rebinding: a page under another name reaches 127.0.0.1, but not us."""
    allowed = ("shop.example:443", "tunnel.example:*")
    async with serving(allowed_hosts=allowed) as server:
        answer = await server.request(headers=(*LIST_HEADERS, ("Host", host)), body=LIST)

    assert answer.status == status


@pytest.mark.requirement("S1-25", "RS-12")
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("https://127.0.0.1", 200),
        ("http://[::1]:80", 200),
        ("https://agent.example", 200),
        ("https://agent.example:8443", 403),
        ("http://agent.example", 403),
        ("https://AGENT.example", 403),
        ("https://agent.example.", 403),
        ("https://agent.example.evil.example", 403),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("http://localhost:x", 403),
        ("file://", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_only_listed_pages_may_call(origin: str, status: int) -> None:
    async with serving(allowed_origins=("https://agent.example",)) as server:
        answer = await server.request(headers=(*LIST_HEADERS, ("Origin", origin)), body=LIST)

    assert answer.status == status


async def test_the_address_that_is_announced_is_served() -> None:
    async with serving(host="127.0.0.2") as server:
        answer = await server.request(headers=(*LIST_HEADERS, ("Host", "127.0.0.2:1")), body=LIST)

    assert answer.status == 200


@pytest.mark.requirement("S1-12", "S4-08")
async def test_a_probe_that_knows_only_an_address_gets_health_and_nothing_else() -> None:
    async with serving() as server:
        health = await server.request("GET", "/readyz", headers=[("Host", "10.1.2.3:8750")])
        other = await server.request("GET", "/", headers=[("Host", "10.1.2.3:8750")])

    assert health.json == {"status": "ready", "connectors": ["sample"]}
    assert other.status == 421
