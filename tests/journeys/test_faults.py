"""What an agent is told when the salon's system fails, and what it had better do next."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.mock_upstream import CLIENT, MockUpstream
from tests.support.phorest import BOTH_ERAS, CONNECTORS, agent, phorest, refused
from tests.support.serving import serving

NEW: Final = {"first_name": "Nuala", "last_name": "Byrne"}
CHANGED: Final = {**NEW, "client_id": CLIENT, "version": 4}
READ: Final = ("get_client", {"client_id": CLIENT})
CREATE: Final = ("create_client", NEW)
UPDATE: Final = ("update_client", CHANGED)


@pytest.mark.requirement("MCP-ADVICE", "MCP-TOOLS", "S2-16", "GEN-WRITE-DONE")
@pytest.mark.parametrize(
    ("fault", "call", "message", "advice"),
    [
        ("403", READ, "the upstream answered 403 Forbidden", "with an account that may"),
        (
            "404",
            READ,
            "the upstream answered 404 Not Found",
            "Check the id, and pass the branch_id",
        ),
        ("429", CREATE, "the upstream answered 429 Too Many Requests", "Wait a second"),
        ("500", READ, "the upstream answered 500 Internal Server Error", "Try again later."),
        ("500", CREATE, "the upstream answered 500 Internal Server Error", "before you try again"),
        ("503", UPDATE, "the upstream answered 503 Service Unavailable", "before you try again"),
        ("reset", CREATE, "whether the change was made is unknown", "before you try again"),
        ("oversized", READ, "is larger than 1000000 bytes", "Ask for less at once"),
        (
            "malformed",
            READ,
            "something that is not JSON",
            "the upstream or its connector is at fault",
        ),
        ("html", READ, "something that is not JSON", "the upstream or its connector is at fault"),
    ],
)
async def test_a_fault_is_told_with_advice(
    fault: str, call: tuple[str, dict[str, Any]], message: str, advice: str
) -> None:
    tool, arguments = call
    with MockUpstream(fault=fault) as mock:
        async with serving(phorest(mock.url)) as server, agent(server.url) as client:
            text = await refused(client, tool, **arguments)

    told, _, advised = text.partition("\n\nAdvice: ")
    assert message in told
    assert advice in advised


@BOTH_ERAS
@pytest.mark.requirement("MCP-ADVICE")
async def test_a_slow_upstream_is_given_up_at_the_deadline(tmp_path: Path, mode: str) -> None:
    module = (CONNECTORS / "phorest.py").read_text(encoding="utf-8")
    hasty = re.sub(r"(Endpoint\(\s+\S+\s+\S+)", r"\1 timeout_s=0.1,", module)
    (tmp_path / "phorest.py").write_text(hasty, encoding="utf-8")

    with MockUpstream(fault="slow") as mock:
        offering = phorest(mock.url, folder=tmp_path)
        async with serving(offering) as server, agent(server.url, mode) as client:
            read = await refused(client, *READ[:1], **READ[1])
            write = await refused(client, *UPDATE[:1], **UPDATE[1])

    assert read == "the upstream did not answer within 0.1 s\n\nAdvice: Try again later."
    assert write.startswith(
        "the upstream did not answer within 0.1 s; whether the change was made is unknown"
    )


@pytest.mark.requirement("UP-RETRY", "S2-16")
async def test_a_read_survives_a_fault_that_passes() -> None:
    """Every second request fails, so each read is answered by its second attempt."""
    with MockUpstream(fault="503", fault_every=2) as mock:
        async with serving(phorest(mock.url)) as server, agent(server.url) as client:
            results = [await client.call_tool("list_rooms", {}) for _ in range(4)]

    assert [result.is_error for result in results] == [False] * 4


@pytest.mark.requirement("MCP-ADVICE")
async def test_an_upstream_that_is_not_there_is_told_as_such() -> None:
    async with serving(phorest("http://127.0.0.1:9")) as server, agent(server.url) as client:
        read = await refused(client, *READ[:1], **READ[1])
        write = await refused(client, *CREATE[:1], **CREATE[1])

    assert read == "the upstream could not be reached\n\nAdvice: Try again later."
    assert write.startswith("the upstream could not be reached; nothing was sent")
