"""A mock whose tokens come from an authorization server, as those of a real upstream do."""

from pathlib import Path

import aiohttp

from tests.support.loopback import loopback, reply
from tests.support.mock_upstream import MockUpstream

ROOT = Path(__file__).parents[3]
FILES = (ROOT / "connectors" / "fergus.yaml", ROOT / "specs" / "fergus.yaml")


async def asked(mock: MockUpstream, *headers: tuple[str, str]) -> tuple[int, str]:
    """Status and challenge."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{mock.url}/company", headers=headers) as answer,
    ):
        return answer.status, answer.headers.get("WWW-Authenticate", "")


async def test_a_bearer_token_must_be_good_at_the_userinfo_endpoint() -> None:
    async with loopback(reply(200), reply(401), reply(200)) as userinfo:
        with MockUpstream(*FILES, userinfo_url=f"{userinfo.url}/me") as mock:
            good = await asked(mock, ("Authorization", "Bearer living"))
            dead = await asked(mock, ("Authorization", "Bearer dead"))
            wrong = await asked(mock, ("Authorization", "Bearer wrong"))
            none = await asked(mock)

    assert good == (200, "")
    assert dead == (401, 'Bearer error="invalid_token"')
    assert wrong == none == (401, "Bearer")
    shown = [(each.target, each.value("Authorization")) for each in userinfo.requests]
    assert shown == [("/me", f"Bearer {token}") for token in ("living", "dead", "wrong")]


async def test_nobody_gets_in_while_the_authorization_server_is_away() -> None:
    with MockUpstream(*FILES, userinfo_url="http://127.0.0.1:1/me") as mock:
        assert await asked(mock, ("Authorization", "Bearer living")) == (503, "")
