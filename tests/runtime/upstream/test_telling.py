import json
import traceback
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests.support.loopback import Reply, loopback
from tests.support.upstreams import connected, mocked
from treenail_runtime.contract import (
    ApiKeyAuth,
    Auth,
    BasicAuth,
    BearerAuth,
    Endpoint,
    ErrorRules,
    JsonBody,
    ToolError,
    UpstreamRefused,
)
from treenail_runtime.upstream import Credentials, credentials_for

READ = Endpoint("GET", "/things", reads=True)
WRITE = Endpoint("POST", "/things", body=JsonBody())
RULES = ErrorRules(code="error.code", message="error.text")


async def _refusal(
    response: httpx.Response, endpoint: Endpoint = READ, **facts: Any
) -> UpstreamRefused:
    with pytest.raises(UpstreamRefused) as refused:
        await mocked(lambda _: response, **facts).send(endpoint.request())
    return refused.value


async def test_code_and_message_come_from_where_the_connector_says() -> None:
    body = {"error": {"code": "SLOT_UNAVAILABLE", "text": "The slot is taken"}}
    refused = await _refusal(httpx.Response(409, json=body), errors=RULES)
    assert refused.message == "the upstream answered 409 Conflict: The slot is taken"
    assert (refused.status, refused.code) == (409, "SLOT_UNAVAILABLE")


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (httpx.Response(400, json={"other": 1}), ': {"other":1}'),
        (httpx.Response(400, json={"error": {"text": True}}), ': {"error":{"text":true}}'),
        (httpx.Response(400, text="no such\r\n\tthing\x00\x1b[31m!"), ": no such thing [31m!"),
        (httpx.Response(400, text="a\u202eb\u200bc\u2028d"), ": a b c d"),
        (
            httpx.Response(400, content=b"\xff\xfe{", headers={"Content-Type": "text/plain"}),
            ": ��{",
        ),
        (httpx.Response(400, content=b""), ""),
        (httpx.Response(400, html="<h1>Bad</h1>"), ""),
        (httpx.Response(400, content=b"\x89PNG", headers={"Content-Type": "image/png"}), ""),
        (httpx.Response(400, content=b'"\\ud800"'), ': "\\ud800"'),
        (httpx.Response(400, content=b"[" * 100_000), f": {'[' * 499}…"),
    ],
)
async def test_any_body_gives_one_short_printable_line(response: httpx.Response, told: str) -> None:
    refused = await _refusal(response, errors=RULES)
    assert refused.message == f"the upstream answered 400 Bad Request{told}"
    assert refused.code is None


@pytest.mark.requirement("ANS-PROBLEM")
@pytest.mark.parametrize(
    ("problem", "told", "code"),
    [
        (
            {"type": "https://x.test/out", "title": "Out of credit", "detail": "30 are missing."},
            ": Out of credit: 30 are missing.",
            "https://x.test/out",
        ),
        ({"type": "about:blank", "title": "Bad"}, ": Bad", None),
        ({"title": "Bad", "detail": "Bad"}, ": Bad", None),
        ({"status": 400, "why": "?"}, ': {"status":400,"why":"?"}', None),
    ],
)
async def test_a_problem_is_told_by_its_members(
    problem: dict[str, Any], told: str, code: str | None
) -> None:
    fields = {"Content-Type": "application/problem+json; charset=utf-8"}
    response = httpx.Response(400, content=json.dumps(problem).encode(), headers=fields)

    refused = await _refusal(response)

    assert refused.message == f"the upstream answered 400 Bad Request{told}"
    assert refused.code == code


@pytest.mark.requirement("ANS-PROBLEM")
async def test_what_the_connector_says_goes_before_the_members_of_a_problem() -> None:
    problem = {"type": "https://x.test/out", "title": "Out", "error": {"code": "E", "text": "Our"}}
    fields = {"Content-Type": "application/problem+json"}
    response = httpx.Response(400, content=json.dumps(problem).encode(), headers=fields)

    refused = await _refusal(response, errors=RULES)

    assert (refused.message.rpartition(": ")[2], refused.code) == ("Our", "E")


async def test_long_texts_are_cut() -> None:
    body = {"error": {"code": "C" * 1000, "text": "é" * 100_000}}
    refused = await _refusal(httpx.Response(400, json=body), errors=RULES)
    assert refused.message == f"the upstream answered 400 Bad Request: {'é' * 499}…"
    assert refused.code == f"{'C' * 99}…"


@pytest.mark.requirement("MCP-ADVICE", "S2-16")
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "connect again"),
        (403, "connect again"),
        (404, "copy ids"),
        (409, "conflicts"),
        (412, "changed meanwhile"),
        (429, "wait"),
        (500, "Try again later"),
        (503, "Try again later"),
    ],
)
async def test_every_common_status_comes_with_advice(status: int, words: str) -> None:
    refused = await _refusal(httpx.Response(status))
    assert refused.advice
    assert words in refused.advice


async def test_a_failed_write_is_not_advised_to_be_repeated() -> None:
    refused = await _refusal(httpx.Response(502), WRITE)
    assert refused.advice
    assert "read the current state" in refused.advice


async def test_an_unknown_status_has_no_advice_of_ours() -> None:
    refused = await _refusal(httpx.Response(418 + 40))
    assert (refused.message, refused.advice) == ("the upstream answered 458", None)


ECHOED = 's3cr3t"&/ü'
AUTHS: list[Auth] = [
    BasicAuth("ann", "{pw}"),
    ApiKeyAuth("query", "key", "{pw}"),
    BearerAuth("tok-{plain}"),
]


def _credentials(auth: Auth) -> Credentials:
    return credentials_for(auth, {}, {"pw": SecretStr(ECHOED), "plain": SecretStr("pl41n")})


@pytest.mark.requirement("NO-SECRETS")
@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("where", ["message", "code", "text", "json", "unicode", "late"])
async def test_an_upstream_that_repeats_the_credentials_is_not_quoted(
    auth: Auth, where: str
) -> None:
    credentials = _credentials(auth)
    (_, sent) = (*credentials.headers, *credentials.query)[0]
    said = f"{ECHOED} pl41n {sent} {sent.partition(' ')[2]}"
    response = {
        "message": httpx.Response(401, json={"error": {"text": f"bad {said}"}}),
        "code": httpx.Response(401, json={"error": {"code": said, "text": "bad"}}),
        "text": httpx.Response(401, text=f"bad {said}"),
        "json": httpx.Response(401, json={"key": said}),
        "unicode": httpx.Response(
            401, content="".join(f"\\u{ord(c):04x}" for c in said).join(('{"a":"', '"}'))
        ),
        "late": httpx.Response(401, text=f"{'x' * 495} {said}"),
    }[where]
    refused = await _refusal(response, errors=RULES, credentials=credentials)
    assert refused.code is None
    assert refused.message == "the upstream answered 401 Unauthorized" + (
        ": bad" if where == "code" else ""
    )
    for text in (refused.message, str(refused.advice), repr(refused), repr(vars(refused))):
        for secret in ("s3cr3t", "pl41n", sent.partition(" ")[2] or sent):
            assert secret not in text


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize(
    "answer",
    [
        Reply(then="close"),
        Reply(b"s3cr3t\r\n\r\n", "close"),
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ns3cr3t", "close"),
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"s3cr3t" * 1000, "close"),
        Reply(then="hang"),
    ],
)
async def test_no_error_shows_the_credentials_even_in_its_traceback(
    auth: Auth, answer: Reply
) -> None:
    endpoint = Endpoint("GET", "/things", reads=True, timeout_s=0.03, max_bytes=100)
    async with (
        loopback(answer) as site,
        connected(site.url, credentials=_credentials(auth)) as client,
    ):
        with pytest.raises(ToolError) as error:
            await client.send(endpoint.request())
    for text in (str(error.value), repr(error.value), json.dumps(error.value.advice)):
        assert "s3cr3t" not in text
    printed = "".join(traceback.format_exception(error.value))
    assert "s3cr3t" not in printed
    assert "pl41n" not in printed


@pytest.mark.requirement("ANS-REDIRECTED")
@pytest.mark.parametrize(
    ("endpoint", "advice"),
    [(WRITE, "not known whether the change was made"), (READ, "Redirects are not followed")],
)
async def test_a_redirect_is_told_with_its_place_and_blames_no_arguments(
    endpoint: Endpoint, advice: str
) -> None:
    moved = httpx.Response(302, headers={"Location": "/things/7"})

    refused = await _refusal(moved, endpoint)

    assert refused.message == "the upstream answered 302 Found, which leads to /things/7"
    assert refused.advice is not None
    assert advice in refused.advice


@pytest.mark.requirement("ANS-REDIRECTED", "ANS-LOCATION")
@pytest.mark.parametrize("status", [201, 302])
async def test_a_location_with_a_credential_is_not_told(status: int) -> None:
    auth = ApiKeyAuth("query", "key", "{key}")
    credentials = credentials_for(auth, {}, {"key": SecretStr("s3cret-key")})
    reply = httpx.Response(status, headers={"Location": "/things/7?key=s3cret-key"})
    client = mocked(lambda _: reply, credentials=credentials)

    try:
        told = str((await client.send(WRITE.request())).headers)
    except UpstreamRefused as refused:
        told = refused.message

    assert "things/7" not in told
