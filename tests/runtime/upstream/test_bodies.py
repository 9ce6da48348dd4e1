"""Bodies and cookies on the wire: what a real server receives, byte for byte."""

import pytest
from pydantic import SecretStr

from tests.support.loopback import loopback, reply
from tests.support.upstreams import connected
from treenail_runtime.contract import (
    ApiKeyAuth,
    BinaryBody,
    Endpoint,
    File,
    FormBody,
    JsonBody,
    MultipartBody,
    NotConfigured,
    TextBody,
    cookie,
)
from treenail_runtime.contract.bodies import Body
from treenail_runtime.upstream import credentials_for

BODIES: list[tuple[Body, object, str, bytes]] = [
    (JsonBody("application/vnd.x+json"), None, "application/vnd.x+json", b"null"),
    (FormBody(), {"a": "x y"}, "application/x-www-form-urlencoded", b"a=x+y"),
    (TextBody("application/xml"), "<ü/>", "application/xml", "<ü/>".encode()),
    (TextBody(), "ü", "text/plain; charset=utf-8", "ü".encode()),
    (BinaryBody("image/*"), File(b"\0\xff\r\n", type="image/png"), "image/png", b"\0\xff\r\n"),
    (BinaryBody(), File(b""), "application/octet-stream", b""),
]


@pytest.mark.requirement("WIRE-JSON", "WIRE-FORM", "WIRE-TEXT", "WIRE-FILE")
@pytest.mark.parametrize("case", BODIES, ids=[f"{kind} {body!r}" for _, _, kind, body in BODIES])
async def test_a_body_arrives_with_its_type_and_length(
    case: tuple[Body, object, str, bytes],
) -> None:
    body, value, kind, expected = case
    endpoint = Endpoint("POST", "/things", body=body)
    async with loopback() as site, connected(site.url) as client:
        await client.send(endpoint.request(body=value))
    (received,) = site.requests

    assert received.body == expected
    assert received.value("Content-Type") == kind
    assert received.value("Content-Length") == str(len(expected))


@pytest.mark.requirement("WIRE-MULTIPART")
async def test_a_retry_sends_the_same_parts_within_the_same_boundary() -> None:
    endpoint = Endpoint("PUT", "/things", body=MultipartBody(), repeatable=True)
    async with (
        loopback(reply(503), reply(200)) as site,
        connected(site.url) as client,
    ):
        await client.send(endpoint.request(body={"f": File(b"\r\n--\0", "a.bin"), "t": "x"}))
    first, second = site.requests

    assert first.body == second.body
    assert first.value("Content-Type") == second.value("Content-Type")
    boundary = first.value("Content-Type").partition("boundary=")[2].encode()
    assert first.body.startswith(b"--" + boundary)
    assert first.body.endswith(b"--" + boundary + b"--\r\n")


@pytest.mark.requirement("WIRE-COOKIE")
async def test_cookies_of_tool_connector_and_credentials_make_one_field() -> None:
    credentials = credentials_for(
        ApiKeyAuth("cookie", "sid", "{key}"), {}, {"key": SecretStr("s3")}
    )
    read = Endpoint("GET", "/things")
    async with (
        loopback() as site,
        connected(site.url, credentials=credentials, headers={"cookie": "v=1; b=2"}) as client,
    ):
        await client.send(read.request(cookies={"a": cookie(["x", "y"]), "sid": "mine", "b": "3"}))
        await client.send(read.request())
    async with loopback() as plain, connected(plain.url) as client:
        await client.send(read.request(cookies={"a": "x y"}))
        await client.send(read.request())

    assert [request.value("Cookie") for request in site.requests] == [
        "sid=s3; v=1; b=2; a=x; a=y",
        "sid=s3; v=1; b=2",
    ]
    assert plain.requests[0].value("Cookie") == "a=x%20y"
    assert "cookie" not in plain.requests[1].names


@pytest.mark.requirement("WIRE-COOKIE")
def test_a_key_that_no_cookie_can_hold_is_refused_without_being_shown() -> None:
    with pytest.raises(NotConfigured) as refused:
        credentials_for(ApiKeyAuth("cookie", "sid", "{key}"), {}, {"key": SecretStr("a;b")})

    assert "a;b" not in str(refused.value)


async def test_an_endpoint_says_what_it_accepts() -> None:
    async with loopback() as site, connected(site.url) as client:
        await client.send(Endpoint("GET", "/", accept="image/png").request())

    assert site.requests[0].value("Accept") == "image/png"
