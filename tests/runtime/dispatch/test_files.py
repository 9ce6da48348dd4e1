"""Files of an upstream, over the wire to the SDK's own client, in both eras and both framings."""

from base64 import b64decode
from dataclasses import replace

import pytest
from mcp.client.client import Client
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    TextContent,
)

from tests.support.loopback import Reply, loopback, reply
from tests.support.sample import CONNECTOR, READS, WRITES, Nothing
from tests.support.serving import offering, serving
from tests.support.wire import modern, modern_headers
from treenail_runtime.contract import (
    Answer,
    Attachment,
    Endpoint,
    JsonObject,
    Tool,
    ToolContext,
    WithFiles,
)

FRAMINGS = pytest.mark.parametrize("framing", ["kernel", "sdk"])
MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])

_FILE = Endpoint(
    "GET", "/file", answer=Answer(media_type="application/zip", max_file_bytes=64), reads=True
)
_MADE = Endpoint("POST", "/file", answer=_FILE.answer)
_MOVED = Endpoint("GET", "/file", answer=Answer(tells_redirects=True), reads=True)
BINARY = bytes(range(64))


async def get_file(_: Nothing, context: ToolContext) -> JsonObject:
    return await context.call(_FILE)


async def make_file(_: Nothing, context: ToolContext) -> JsonObject:
    return await context.call(_MADE)


async def find_file(_: Nothing, context: ToolContext) -> JsonObject:
    return await context.call(_MOVED)


async def draw(_: Nothing, __: ToolContext) -> JsonObject:
    return WithFiles({"title": "A dot"}, [Attachment(b"dot", "image/png")])


def tool(name: str, run: object, *, reads: bool = True) -> Tool:
    return Tool(
        name=name, title=name, description=name, arguments=Nothing, run=run,  # pyright: ignore[reportArgumentType]  # one of the four above
        annotations=READS if reads else WRITES,
    )  # fmt: skip


SHOP = replace(
    CONNECTOR,
    tools=(
        tool("get_file", get_file),
        tool("make_file", make_file, reads=False),
        tool("find_file", find_file),
        tool("draw", draw),
    ),
)


def file(content_type: str, *fields: str, body: bytes = BINARY) -> Reply:
    return reply(200, body, f"Content-Type: {content_type}", *fields)


async def content_of(answer: Reply, name: str, framing: str, mode: str) -> list[ContentBlock]:
    async with (
        loopback(answer) as upstream,
        serving(offering(upstream.url, SHOP), framing=framing) as server,
        Client(server.url, mode=mode) as client,
    ):
        return list((await client.call_tool(name, {})).content)


@pytest.mark.requirement("ANS-FILES")
@MODES
@FRAMINGS
async def test_an_image_is_image_content(framing: str, mode: str) -> None:
    text, block = await content_of(file("image/png"), "get_file", framing, mode)

    assert text == TextContent(type="text", text='{"file":{"media_type":"image/png","bytes":64}}')
    assert isinstance(block, ImageContent)
    assert (b64decode(block.data), block.mime_type) == (BINARY, "image/png")


@pytest.mark.requirement("ANS-FILES")
@MODES
@FRAMINGS
async def test_a_sound_is_audio_content(framing: str, mode: str) -> None:
    _, block = await content_of(file("audio/wav"), "get_file", framing, mode)

    assert isinstance(block, AudioContent)
    assert (b64decode(block.data), block.mime_type) == (BINARY, "audio/wav")


@pytest.mark.requirement("ANS-FILES")
@MODES
@FRAMINGS
async def test_any_other_file_is_an_embedded_resource(framing: str, mode: str) -> None:
    named = file("application/pdf", 'Content-Disposition: attachment; filename="June 2.pdf"')

    _, block = await content_of(named, "get_file", framing, mode)

    assert isinstance(block, EmbeddedResource)
    assert isinstance(block.resource, BlobResourceContents)
    assert block.resource.uri == "treenail://answers/get_file/June%202.pdf"
    assert block.resource.mime_type == "application/pdf"
    assert b64decode(block.resource.blob) == BINARY


@pytest.mark.requirement("ANS-TEXT", "ANS-JSON-KINDS")
@FRAMINGS
@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (file("application/json", body=b'{"a":[1,null]}'), '{"a":[1,null]}'),
        (file("application/hal+json", body=b'"x"'), '{"value":"x"}'),
        (file("application/x-ndjson", body=b'{"a":1}\n{"a":2}\n'), '{"value":[{"a":1},{"a":2}]}'),
        (file("text/csv; charset=latin-1", body=b"a,\xfc"), '{"text":"a,ü"}'),
        (file("application/xml", body=b"<a/>"), '{"text":"<a/>"}'),
        (Reply(b"HTTP/1.1 204 X\r\n\r\n"), '{"ok":true,"status":204}'),
    ],
)
async def test_data_and_text_are_text_content(answer: Reply, text: str, framing: str) -> None:
    (block,) = await content_of(answer, "make_file", framing, "auto")

    assert isinstance(block, TextContent)
    assert block.text == text


@pytest.mark.requirement("ANS-FILES")
@FRAMINGS
async def test_a_hand_written_tool_may_answer_with_files(framing: str) -> None:
    text, block = await content_of(reply(), "draw", framing, "auto")

    assert text == TextContent(type="text", text='{"title":"A dot"}')
    assert isinstance(block, ImageContent)


@pytest.mark.requirement("ANS-FILES", "MCP-FRAMING")
async def test_both_framings_answer_files_with_the_same_json() -> None:
    headers = modern_headers("tools/call", "get_file")
    body = modern("tools/call", {"name": "get_file", "arguments": {}})
    answers: list[object] = []
    for framing in ("kernel", "sdk"):
        async with (
            loopback(file("application/pdf")) as upstream,
            serving(offering(upstream.url, SHOP), framing=framing) as server,
        ):
            answers.append((await server.request(headers=headers, body=body)).json)

    assert answers[0] == answers[1]


@pytest.mark.requirement("ANS-FILE-CAP")
@FRAMINGS
async def test_a_large_file_is_told_by_size_and_type(framing: str) -> None:
    large = file("application/pdf", body=b"x" * 65)

    async with (
        loopback(large) as upstream,
        serving(offering(upstream.url, SHOP), framing=framing) as server,
        Client(server.url) as client,
    ):
        read = await client.call_tool("get_file", {})
        made = await client.call_tool("make_file", {})

    assert read.is_error is True
    assert "application/pdf, 65 bytes, was not handed on: 64 bytes may be" in str(read.content)
    assert made.is_error is False
    assert "application/pdf, 65 bytes, was not handed on" in str(made.structured_content)


@pytest.mark.requirement("ANS-REDIRECT")
async def test_a_documented_redirect_is_told_and_not_followed() -> None:
    moved = reply(302, b"", "Location: http://elsewhere.invalid/x")

    async with (
        loopback(moved) as upstream,
        serving(offering(upstream.url, SHOP)) as server,
        Client(server.url) as client,
    ):
        answer = await client.call_tool("find_file", {})

    assert answer.structured_content == {
        "status": 302,
        "location": "http://elsewhere.invalid/x",
    }
