import asyncio
import base64
from importlib.metadata import version

import httpx
import pytest
from pydantic import SecretStr

from tests.support.loopback import Reply, loopback, reply
from tests.support.upstreams import FakeTime, connected, mocked
from treenail_runtime.contract import (
    ApiKeyAuth,
    BasicAuth,
    Endpoint,
    InvalidArguments,
    JsonBody,
    ToolContext,
    UpstreamAnswer,
    UpstreamMalformed,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
    form,
)
from treenail_runtime.upstream import AiohttpTransport, credentials_for

READ = Endpoint("GET", "/things/{id}", reads=True, repeatable=True)
WRITE = Endpoint("POST", "/things", body=JsonBody())
BASIC = credentials_for(BasicAuth("ann", "{pw}"), {}, {"pw": SecretStr("pä:ss")})


@pytest.mark.requirement("RS-08", "V-10")
async def test_a_request_has_these_headers_and_no_others() -> None:
    async with (
        loopback() as site,
        connected(site.url, credentials=BASIC, headers={"X-Fixed": "1"}) as client,
    ):
        await client.send(READ.request(path={"id": "a"}, headers={"X-Tool": "2"}))
        await client.send(WRITE.request(body={"a": "ü"}))
        await client.send(WRITE.request())
    read, write, empty = site.requests
    common = {
        "host": site.url.removeprefix("http://"),
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "user-agent": f"treenail/{version('treenail')}",
        "x-fixed": "1",
        "authorization": f"Basic {base64.b64encode('ann:pä:ss'.encode()).decode()}",
    }
    assert dict(read.fields) == {**common, "x-tool": "2"}
    assert dict(write.fields) == {
        **common,
        "content-type": "application/json",
        "content-length": "10",
    }
    assert write.body == '{"a":"ü"}'.encode()
    assert dict(empty.fields) == {**common, "content-length": "0"}


async def test_a_connector_may_replace_a_header_but_never_the_credentials() -> None:
    async with (
        loopback() as site,
        connected(
            site.url,
            credentials=BASIC,
            headers={"accept": "application/vnd.x+json", "authorization": "none"},
        ) as client,
    ):
        await client.send(WRITE.request(headers={"AUTHORIZATION": "mine"}))
        await client.send(WRITE.request())
    for request in site.requests:
        assert request.value("Accept") == "application/vnd.x+json"
        assert request.value("Authorization").startswith("Basic ")


async def test_percent_encoding_reaches_the_server_byte_for_byte() -> None:
    async with loopback() as site, connected(f"{site.url}/base%20path") as client:
        await client.send(
            READ.request(
                path={"id": "ü b,c;d"},
                query={"ids": form(["a,b", "c/d"], explode=False), "q": "x y+z&'ä'"},
            )
        )
    assert site.requests[0].target == (
        "/base%20path/things/%C3%BC%20b%2Cc%3Bd?ids=a%2Cb,c%2Fd&q=x%20y%2Bz%26%27%C3%A4%27"
    )


@pytest.mark.parametrize(
    ("query", "target"),
    [({}, "/things/1?api%20key=a%2Fb"), ({"n": 1}, "/things/1?n=1&api%20key=a%2Fb")],
)
async def test_an_api_key_in_the_query(query: dict[str, object], target: str) -> None:
    credentials = credentials_for(ApiKeyAuth("query", "api key", "{k}"), {"k": "a/b"}, {})
    async with loopback() as site, connected(site.url, credentials=credentials) as client:
        await client.send(READ.request(path={"id": 1}, query=query))
    assert site.requests[0].target == target


@pytest.mark.requirement("AUTH-NAME")
@pytest.mark.parametrize("pairs", [{"api key": "mine"}, {"a": 1, "api key": ""}])
async def test_a_query_that_names_the_api_key_is_not_sent(pairs: dict[str, object]) -> None:
    credentials = credentials_for(ApiKeyAuth("query", "api key", "{k}"), {"k": "secret"}, {})
    async with loopback() as site, connected(site.url, credentials=credentials) as client:
        with pytest.raises(InvalidArguments, match="api key: the connection sets") as caught:
            await client.send(READ.request(path={"id": 1}, query={"free": form(pairs)}))
    assert site.requests == []
    assert "secret" not in str(caught.value)


async def test_a_transport_double_sees_an_ordinary_request() -> None:
    seen: list[httpx.Request] = []

    def upstream(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"id": 7})

    answer = await mocked(upstream).send(WRITE.request(query={"a": "b"}, body={"c": 1}))
    assert answer == UpstreamAnswer(201, b'{"id":7}', "application/json")
    (request,) = seen
    assert repr(request) == "OutgoingRequest(POST)"
    assert (request.method, request.url) == ("POST", "http://upstream.test/v1/things?a=b")
    assert request.content == b'{"c":1}'


async def test_the_deadline_ends_a_silent_upstream() -> None:
    slow = Endpoint("GET", "/things", reads=True, repeatable=True, timeout_s=0.3)
    async with loopback(Reply(then="hang")) as site, connected(site.url) as client:
        with pytest.raises(UpstreamTimeout) as error:
            await client.send(slow.request())
        await asyncio.wait_for(site.dropped.wait(), 10)
    assert "within 0.3 s" in error.value.message
    assert "change" not in error.value.message


@pytest.mark.requirement("UP-LIMITS")
async def test_the_deadline_also_ends_a_trickle() -> None:
    slow = Endpoint("GET", "/things", reads=True, timeout_s=0.03)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"
    async with loopback(Reply(head, "hang")) as site, connected(site.url) as client:
        with pytest.raises(UpstreamTimeout):
            await client.send(slow.request())


async def test_a_write_without_answer_may_have_been_made() -> None:
    slow = Endpoint("POST", "/things", body=JsonBody(), timeout_s=0.03)
    async with loopback(Reply(then="hang")) as site, connected(site.url) as client:
        with pytest.raises(
            UpstreamTimeout, match="whether the change was made is unknown"
        ) as error:
            await client.send(slow.request(body={}))
    assert error.value.advice
    assert "read the current state" in error.value.advice


async def test_a_read_that_is_too_large_advises_to_ask_for_less() -> None:
    small = Endpoint("GET", "/things", reads=True, repeatable=True, max_bytes=10)
    async with loopback(reply(200, b'{"a":"123456"}')) as site, connected(site.url) as client:
        with pytest.raises(UpstreamMalformed, match="larger than 10 bytes") as error:
            await client.send(small.request())
    assert error.value.advice
    assert "smaller page" in error.value.advice
    assert len(site.requests) == 1


@pytest.mark.requirement("GEN-WRITE-DONE")
@pytest.mark.parametrize(
    "answer",
    [
        reply(201, b'{"a":"1234567890"}'),
        Reply(b'HTTP/1.1 201 Created\r\nContent-Length: 18\r\n\r\n{"a":"123', "close"),
    ],
)
async def test_a_write_that_took_place_is_told_even_without_its_answer(answer: Reply) -> None:
    """An error would invite the agent to write again."""
    small = Endpoint("POST", "/things", body=JsonBody(), max_bytes=10)
    async with loopback(answer) as site, connected(site.url) as client:
        told = await ToolContext("sample", {}, client).call(small, body={})
    assert (told["ok"], told["status"]) == (True, 201)


async def test_a_refusal_with_an_oversized_page_is_still_that_refusal() -> None:
    small = Endpoint("GET", "/things", reads=True, max_bytes=10)
    async with loopback(reply(404, b"x" * 10_000)) as site, connected(site.url) as client:
        with pytest.raises(UpstreamRefused) as error:
            await client.send(small.request())
    assert error.value.status == 404


async def test_malformed_http_is_told_as_such() -> None:
    async with loopback(Reply(b"hello\r\n\r\n", "close")) as site, connected(site.url) as client:
        with pytest.raises(UpstreamMalformed):
            await client.send(READ.request(path={"id": 1}))
    assert len(site.requests) == 1


@pytest.mark.requirement("UP-REDIRECT", "T-119")
async def test_a_redirect_is_refused_and_nothing_goes_there() -> None:
    """The other host would get the credentials."""
    async with (
        loopback() as elsewhere,
        loopback(reply(307, b"", f"Location: {elsewhere.url}/x")) as site,
        connected(site.url, credentials=BASIC) as client,
    ):
        with pytest.raises(UpstreamRefused) as error:
            await client.send(READ.request(path={"id": 1}))
    assert error.value.status == 307
    assert elsewhere.requests == []


async def test_calls_of_two_connections_share_connections_but_no_credentials() -> None:
    other = credentials_for(BasicAuth("bob", "{pw}"), {}, {"pw": SecretStr("x")})
    async with (
        loopback() as site,
        AiohttpTransport() as transport,
        connected(site.url, credentials=BASIC, transport=transport) as ann,
        connected(site.url, credentials=other, transport=transport) as bob,
    ):
        await ann.send(READ.request(path={"id": 1}))
        await bob.send(READ.request(path={"id": 1}))
    first, second = (request.value("Authorization") for request in site.requests)
    assert (first, second) == (BASIC.headers[0][1], other.headers[0][1])
    assert site.connections == 1


async def test_time_spent_waiting_counts_against_the_deadline() -> None:
    time = FakeTime()
    short = Endpoint("GET", "/things", reads=True, repeatable=True, timeout_s=0.3)
    client = mocked(lambda _: httpx.Response(503), time=time)
    with pytest.raises(UpstreamRefused):
        await client.send(short.request())
    assert time.slept == [0.25]


async def test_no_connection_is_told_as_unavailable() -> None:
    async with loopback() as site:
        pass
    async with connected(site.url) as client:
        with pytest.raises(UpstreamUnavailable, match="could not be reached; nothing was sent"):
            await client.send(WRITE.request(body={}))
