"""Commands that ask one server by its admin API."""

import asyncio
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.support.commands import run
from tests.support.loopback import Reply, loopback
from treenail_runtime.cli.reaching import Server, ask
from treenail_runtime.settings import ConfigurationError


@pytest.mark.requirement("TOLD-COMMANDS", "NO-SECRETS")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://treenail.example", "must begin with https:// unless it names a loopback address"),
        ("treenail.example:8000", "write https://name or https://name:port, without a path"),
    ],
)
async def test_an_admin_token_is_sent_to_no_server_at_which_others_could_read_it(
    tmp_path: Path, url: str, reason: str
) -> None:
    token = tmp_path / "token"
    token.write_text("tn_adm_secret", encoding="utf-8")
    arguments = ("cache", "show", "--server", url, "--token-file", str(token))

    ended = await run(*arguments, folder=tmp_path, environment={})

    assert ended == (2, "", f"treenail: --server: {reason}\n")


async def test_a_server_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    async with loopback(Reply(then="hang")) as site:
        with pytest.raises(ConfigurationError, match=r"0\.1 s; it may still"):
            await asyncio.to_thread(
                ask, Server(site.url, "tn_adm_secret"), "GET", "/", BaseModel, 0.1
            )

    assert len(site.requests) == 1
