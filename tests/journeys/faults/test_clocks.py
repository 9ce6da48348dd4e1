"""When a token ends is the database's to say: a server whose clock is wrong is right about it."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.support.deployment import Deployment, Pair, deployment
from tests.support.postgres import Postgres
from treenail_runtime.crypto.opaque import digest
from treenail_runtime.storage.database import now_ms
from treenail_runtime.storage.tables import tokens

SHIFTED = """
import time

for name, shift in (("time", {seconds}), ("time_ns", {seconds} * 10**9)):
    def told(real=getattr(time, name), shift=shift):
        return real() + shift
    setattr(time, name, told)
"""
"""Python runs `sitecustomize` at its start; the clock of the machine is not ours to set."""


def wrong_by(folder: Path, seconds: int) -> dict[str, str]:
    """The environment of a process whose clock goes `seconds` ahead."""
    place = folder / f"ahead{seconds}"
    place.mkdir()
    (place / "sitecustomize.py").write_text(SHIFTED.format(seconds=seconds), encoding="utf-8")
    return {"PYTHONPATH": str(place)}


async def ends(site: Deployment, token: str, in_ms: int) -> None:
    await site.execute(
        update(tokens).where(tokens.c.token_hash == digest(token)).values(expires_at=now_ms + in_ms)
    )


async def left_ms(site: Deployment, token: str) -> int:
    """By the database's clock."""
    left = select(tokens.c.expires_at - now_ms).where(tokens.c.token_hash == digest(token))
    return int((await site.rows(left))[0][0])


async def last_good_and_first_bad(site: Deployment, token: str) -> tuple[int, int]:
    """How long before its end a token was still taken, and how long after it was first refused."""
    await ends(site, token, 1_000)
    last_good = await left_ms(site, token)
    while (await site.list_tools(token)).status == 200:
        last_good = await left_ms(site, token)
    return last_good, -await left_ms(site, token)


@pytest.mark.requirement("T-059", "T-147")
@pytest.mark.parametrize("seconds", [-3600, 3600])
async def test_a_server_whose_clock_is_wrong_ends_tokens_when_the_database_says(
    tmp_path: Path, postgres: Postgres, seconds: int
) -> None:
    async with (
        deployment(tmp_path, postgres.fresh_database()) as site,
        site.server(wrong_by(tmp_path, seconds)),
    ):
        first = await site.log_in()
        issued_for = await left_ms(site, first.access)
        last_good, first_bad = await last_good_and_first_bad(site, first.access)

        await ends(site, first.refresh, 1_000)
        second = Pair.of(await site.refresh(first.refresh))
        await ends(site, second.refresh, -1)
        ended = await site.refresh(second.refresh)
        # The grace of the first is over as well, for the database; and so is the login.
        await site.execute(
            update(tokens)
            .where(tokens.c.token_hash == digest(first.refresh))
            .values(expires_at=now_ms + 60_000, rotated_at=now_ms - 61_000)
        )
        reused = await site.refresh(first.refresh)
        standing = await site.standing()

    assert 3_590_000 < issued_for <= 3_600_000
    assert last_good < 1_000
    assert 0 <= first_bad < 1_000
    assert ended.json["error"] == reused.json["error"] == "invalid_grant"
    assert set(standing) == {("compromised", 1)}
