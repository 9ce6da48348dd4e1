"""Clients of the token endpoints, on the real server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.support.authorizing import CLIENT, GOOD, REDIRECT, VERIFIER, Site
from treenail_runtime.auth.records import Client, Digest
from treenail_runtime.crypto.opaque import digest, new_token

SECRET = new_token("smpl", "sec")
CONFIDENTIAL = replace(
    CLIENT,
    client_id="app-2",
    auth_method="client_secret_post",
    secret_digest=Digest(digest(SECRET)),
)
RESOURCE_SERVER = replace(CONFIDENTIAL, client_id="resource-server", may_introspect=True)


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def outcome(self) -> tuple[int, str | None]:
        """Status and error code."""
        return self.status, self.body.get("error")


async def post(site: Site, path: str, **form: str | None) -> Told:
    """Send a form; None leaves a parameter out."""
    sent = urlencode({name: value for name, value in form.items() if value is not None})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(site.base_url + path, data=sent, headers=headers) as answer,
    ):
        return Told(answer.status, dict(answer.headers), json.loads(await answer.text()))


async def log_in(site: Site, client: Client = CLIENT, scope: str = "mcp.tools.call") -> str:
    """A person connects; the code that the client gets."""
    async with site.browser() as browser:
        asked = await browser.authorize(client_id=client.client_id, scope=scope)
        done = await browser.submit(asked, GOOD)
        return dict(done.answer)["code"]


def proof(client: Client) -> dict[str, str]:
    """How a client proves itself."""
    secret = {} if client.is_public else {"client_secret": SECRET}
    return {"client_id": client.client_id, **secret}


async def exchange(site: Site, code: str, client: Client = CLIENT, **changes: str | None) -> Told:
    """A right request with `code`, with `changes`."""
    asked: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
        **proof(client),
    }
    return await post(site, "/token", **{**asked, **changes})


async def tokens_of(site: Site, client: Client = CLIENT) -> dict[str, Any]:
    """Log in and exchange the code."""
    return (await exchange(site, await log_in(site, client), client)).body


async def refresh(site: Site, token: str, client: Client = CLIENT, **changes: str | None) -> Told:
    """A right request with a refresh token, with `changes`."""
    asked = {"grant_type": "refresh_token", "refresh_token": token, **proof(client)}
    return await post(site, "/token", **{**asked, **changes})


async def call(site: Site, access: str) -> int:
    """The status of a tool list that is asked for with `access`."""
    headers = {
        "Authorization": f"Bearer {access}",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-06-18",
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{site.base_url}/mcp", json=message, headers=headers) as answer,
    ):
        return answer.status
