"""Secrets that operators chose are costly to compare; who makes us do it, and how often."""

import asyncio

import pytest
from pydantic import SecretStr

from treenail_runtime.auth.client_ids import is_client_id
from treenail_runtime.auth.client_secrets import ChosenSecrets, keep_chosen
from treenail_runtime.auth.errors import OAuthError

SECRET = "correct-horse-battery-staple-0123456789"  # noqa: S105  # of nothing


async def outcomes(secrets: ChosenSecrets, *presented: str) -> list[object]:
    kept = keep_chosen(SecretStr(SECRET))
    asked = (secrets.fits(each, kept) for each in presented)
    return await asyncio.gather(*asked, return_exceptions=True)


@pytest.mark.requirement("S1-34")
async def test_nobody_makes_us_work_for_a_client_without_such_a_secret() -> None:
    secrets = ChosenSecrets()
    async with asyncio.timeout(2):
        told = await asyncio.gather(*(secrets.fits(f"guess {n}", None) for n in range(1000)))

    assert not any(told)


@pytest.mark.requirement("S1-34")
async def test_a_flood_of_guesses_is_turned_away_and_not_queued() -> None:
    told = await outcomes(ChosenSecrets(), *(f"guess {number}" for number in range(60)))

    busy = [each for each in told if isinstance(each, OAuthError)]
    assert told.count(False) == 40
    assert {(each.error, each.status, each.retry_after_s) for each in busy} == {
        ("temporarily_unavailable", 503, 2)
    }
    assert len(busy) == 20


async def test_a_client_that_was_right_once_waits_for_no_guesses() -> None:
    secrets = ChosenSecrets()
    kept = keep_chosen(SecretStr(SECRET))
    assert await secrets.fits(SECRET, kept)
    flood = asyncio.gather(
        *(secrets.fits(f"guess {number}", kept) for number in range(60)), return_exceptions=True
    )
    await asyncio.sleep(0)

    assert await secrets.fits(SECRET, kept)
    assert not flood.done()
    await flood
    assert await secrets.fits(SECRET, kept)


async def test_a_right_secret_is_not_remembered_for_another_one_in_its_place() -> None:
    secrets = ChosenSecrets()
    old, new = keep_chosen(SecretStr(SECRET)), keep_chosen(SecretStr(SECRET[::-1]))
    assert await secrets.fits(SECRET, old)

    assert not await secrets.fits(SECRET, new)


def test_a_client_id_is_visible_ascii_of_bounded_length() -> None:
    right = ["app-1", "a", "x" * 512, "https://app.example/client.json", "a:b+c%"]
    wrong = ["", " ", "a b", "a\0", "a\n", "\u00e9", "\x7f", "x" * 513]

    assert [each for each in [*right, *wrong] if is_client_id(each)] == right
