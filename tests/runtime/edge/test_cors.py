"""Which web pages may read which answers, as browsers ask it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import pytest

from tests.support.serving import Running, serving_app
from treenail_runtime.edge.asgi import Receive, Scope, Send, send_json
from treenail_runtime.edge.cors import CorsRules
from treenail_runtime.edge.guard import Guard
from treenail_runtime.edge.hosts import HostRules
from treenail_runtime.edge.routing import Route

AGENT = "https://agent.example"
OPEN = ("/mcp", "/token", "/register", "/revoke", "/.well-known/oauth-protected-resource")
PAGES = ("/authorize", "/login", "/authorize/decision")
ROUTES: Mapping[str, Route] = {
    **{path: Route(methods=("POST",), max_body=100, origins="cors") for path in OPEN},
    OPEN[-1]: Route(methods=("GET", "HEAD"), origins="cors"),
    **{path: Route(methods=("GET", "POST"), max_body=100, origins="own") for path in PAGES},
    "/introspect": Route(methods=("POST",), max_body=100),
}


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send_json(send, 200, b"{}")
        return
    for kind in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{kind}.complete"})


@asynccontextmanager
async def guarding(*cors_origins: str) -> AsyncGenerator[Running]:
    hosts = HostRules.of_base_url(
        "https://mcp.example",
        origins=("https://listed.example",),
        cors=CorsRules.of(cors_origins),
    )
    async with serving_app(Guard(hello, ROUTES, hosts)) as server:
        yield server


def asked(origin: str, *more: tuple[str, str], method: str = "POST") -> list[tuple[str, str]]:
    return [("Origin", origin), ("Access-Control-Request-Method", method), *more]


@pytest.mark.requirement("T-087", "X-11", "S1-10", "S4-05", "S2-03")
@pytest.mark.parametrize("path", OPEN)
async def test_a_listed_page_may_ask_and_read(path: str) -> None:
    method = ROUTES[path].methods[0]
    async with guarding(AGENT) as server:
        before = await server.request("OPTIONS", path, headers=asked(AGENT, method=method))
        after = await server.request(method, path, headers=[("Origin", AGENT)])
        without = await server.request(method, path)

    assert (before.status, before.body) == (204, b"")
    assert before.headers["access-control-allow-origin"] == AGENT
    assert before.headers["access-control-allow-methods"] == ", ".join(ROUTES[path].methods)
    assert before.headers["access-control-allow-headers"] == (
        "Accept, Authorization, Content-Type, Last-Event-ID, MCP-Protocol-Version, Mcp-Method,"
        " Mcp-Name, Mcp-Session-Id"
    )
    assert before.headers["access-control-max-age"] == "7200"
    assert before.headers["vary"] == "Origin, Access-Control-Request-Headers"
    assert after.status == 200
    assert after.headers["access-control-allow-origin"] == AGENT
    assert after.headers["access-control-expose-headers"].startswith(
        "WWW-Authenticate, Mcp-Session-Id, Retry-After"
    )
    assert after.headers["vary"] == without.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in without.headers
    assert "access-control-allow-credentials" not in {**before.headers, **after.headers}


@pytest.mark.requirement("T-085", "RS-12", "S4-24")
@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "https://agent.example.evil",
        "https://agent.example:8443",
        "http://agent.example",
        "https://AGENT.example",
        "https://agent.example.",
        "*",
    ],
)
async def test_any_other_page_is_refused(path: str, origin: str) -> None:
    method = ROUTES[path].methods[0]
    async with guarding(AGENT) as server:
        before = await server.request("OPTIONS", path, headers=asked(origin))
        after = await server.request(method, path, headers=[("Origin", origin)])

    assert (before.status, after.status) == (403, 403)
    assert "access-control-allow-origin" not in {**before.headers, **after.headers}


@pytest.mark.requirement("T-087", "X-11")
async def test_every_page_means_without_credentials_and_not_the_pages_for_people() -> None:
    async with guarding("*") as server:
        answer = await server.request("POST", "/token", headers=[("Origin", "https://any.example")])
        before = await server.request("OPTIONS", "/mcp", headers=asked("https://any.example"))
        nobody = await server.request("POST", "/token", headers=[("Origin", "null")])
        login = await server.request("POST", "/login", headers=[("Origin", "https://any.example")])

    assert answer.headers["access-control-allow-origin"] == "*"
    assert before.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in {**answer.headers, **before.headers}
    assert (nobody.status, login.status) == (403, 403)


@pytest.mark.requirement("T-087")
@pytest.mark.parametrize("path", [*PAGES, "/introspect"])
async def test_pages_for_people_have_no_cors(path: str) -> None:
    async with guarding(AGENT, "*") as server:
        before = await server.request("OPTIONS", path, headers=asked("https://mcp.example"))
        answer = await server.request("POST", path)

    assert before.status in {403, 405}
    assert answer.status == 200
    headers = {**before.headers, **answer.headers}
    assert not [name for name in headers if name.startswith("access-control-")]
    assert "OPTIONS" not in headers.get("allow", "")


@pytest.mark.requirement("T-085")
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((), 200),
        ((("Origin", "https://mcp.example"),), 200),
        ((("Origin", "null"), ("Sec-Fetch-Site", "same-origin")), 200),
        ((("Origin", "null"),), 403),
        ((("Origin", "null"), ("Sec-Fetch-Site", "cross-site")), 403),
        ((("Origin", "null"), ("Sec-Fetch-Site", "none")), 403),
        ((("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")), 403),
        ((("Origin", AGENT),), 403),
        ((("Origin", "https://listed.example"),), 403),
        ((("Origin", "http://localhost:3000"),), 403),
        ((("Origin", "https://mcp.example:8443"),), 403),
        ((("Origin", "http://mcp.example"),), 403),
    ],
)
async def test_a_login_is_posted_by_our_own_page(
    path: str, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    """Browsers send `null` for our own page too, since it has `Referrer-Policy: no-referrer`."""
    async with guarding(AGENT) as server:
        assert (await server.request("POST", path, headers=headers)).status == status


async def test_a_page_that_may_call_need_not_be_one_that_may_read() -> None:
    async with guarding(AGENT) as server:
        answer = await server.request(
            "POST", "/mcp", headers=[("Origin", "https://listed.example")]
        )

    assert answer.status == 200
    assert "access-control-allow-origin" not in answer.headers


async def test_a_page_can_read_why_it_was_refused() -> None:
    async with guarding(AGENT) as server:
        answer = await server.request("PUT", "/token", headers=[("Origin", AGENT)])

    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert answer.headers["access-control-allow-origin"] == AGENT


async def test_parameter_headers_are_allowed_by_name() -> None:
    names = "content-type, Mcp-Param-Region, mcp-param-x y, x-evil, mcp-param-" + "a" * 99
    async with guarding(AGENT) as server:
        headers = asked(AGENT, ("Access-Control-Request-Headers", names))
        allowed = (await server.request("OPTIONS", "/mcp", headers=headers)).headers

    assert allowed["access-control-allow-headers"].endswith("Mcp-Session-Id, mcp-param-region")


async def test_whoever_asks_what_is_allowed_is_told() -> None:
    async with guarding(AGENT) as server:
        answer = await server.request("OPTIONS", "/token")

    assert (answer.status, answer.headers["allow"]) == (204, "POST, OPTIONS")
    assert "access-control-allow-methods" not in answer.headers


@pytest.mark.requirement("T-087")
async def test_without_a_list_there_is_no_cors() -> None:
    async with guarding() as server:
        before = await server.request("OPTIONS", "/mcp", headers=asked("https://listed.example"))
        answer = await server.request("POST", "/mcp", headers=[("Origin", AGENT)])

    assert (before.status, before.headers["allow"]) == (405, "POST")
    assert answer.status == 403


@pytest.mark.requirement("S1-25", "X-10")
@pytest.mark.parametrize(
    ("base_url", "host", "status"),
    [
        ("https://mcp.example", "mcp.example", 200),
        ("https://mcp.example", "mcp.example:443", 200),
        ("https://MCP.example:443", "mcp.example", 200),
        ("https://mcp.example", "mcp.example:80", 421),
        ("https://mcp.example:8443", "mcp.example:8443", 200),
        ("https://mcp.example:8443", "mcp.example", 421),
        ("http://127.0.0.2", "127.0.0.2:80", 200),
        ("https://mcp.example", "evil.example", 421),
    ],
)
async def test_the_announced_name_is_served(base_url: str, host: str, status: int) -> None:
    async with serving_app(Guard(hello, ROUTES, HostRules.of_base_url(base_url))) as server:
        answer = await server.request("POST", "/mcp", headers=[("Host", host)])

    assert answer.status == status
