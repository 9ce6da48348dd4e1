"""What a browser brings home from a provider, honest or not."""

from collections.abc import Mapping

import pytest

from tests.support.providers import CALLBACK, Upstream, browsing, upstream
from treenail_runtime.providers import Departure, ProviderBroken, ProviderError, ProviderRefused


async def _departure(up: Upstream) -> Departure:
    return await up.oauth.depart(up.auth, up.client, redirect_uri=CALLBACK, state="our-state")


async def _refusal(up: Upstream, answer: Mapping[str, list[str]]) -> ProviderError:
    departure = await _departure(up)
    with pytest.raises(ProviderError) as refused:
        await up.oauth.code(up.auth, departure.attempt.issuer, answer)
    return refused.value


@pytest.mark.requirement("PX-07")
async def test_an_answer_that_names_another_issuer_never_gets_its_code_exchanged() -> None:
    async with upstream() as up:
        up.fake.switches.wrong_issuer_in = "answer"
        departure = await _departure(up)
        async with browsing() as browser:
            answer = await browser.visit(departure.url)

        with pytest.raises(ProviderBroken, match="names another issuer"):
            await up.oauth.code(up.auth, departure.attempt.issuer, answer)
        assert up.fake.journal.of("token") == []


@pytest.mark.requirement("PX-07")
async def test_who_promises_to_name_itself_has_to() -> None:
    async with upstream() as up:
        answer = {"code": ["c"], "state": ["our-state"]}
        assert isinstance(await _refusal(up, answer), ProviderBroken)


async def test_who_does_not_promise_it_is_believed_without() -> None:
    async with upstream() as up:
        up.fake.switches.names_itself = False
        tokens = await up.logged_in()

        assert tokens.subject == "Ann"


@pytest.mark.requirement("PX-07", "PX-08")
async def test_a_code_is_never_shown_to_a_provider_that_it_is_not_of() -> None:
    async with upstream() as honest, upstream() as other:
        departure = await _departure(honest)
        async with browsing() as browser:
            answer = await browser.visit(departure.url)
        code = await honest.oauth.code(honest.auth, departure.attempt.issuer, answer)

        with pytest.raises(ProviderBroken):
            await other.oauth.code(other.auth, departure.attempt.issuer, answer)
        with pytest.raises(ProviderRefused) as refused:
            await other.exchanged(code, departure.attempt)
        assert refused.value.ends_the_grant
        assert other.fake.journal.of("token") == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"code": [""]},
        {"code": ["a", "b"]},
        {"code": ["a"], "iss": ["x", "x"]},
        {"code": ["a\nb"]},
        {"code": ["ключ"]},
        {"code": ["c" * 5000]},
    ],
)
async def test_an_answer_without_one_usable_code_is_refused(answer: dict[str, list[str]]) -> None:
    async with upstream() as up:
        whole = {"iss": [up.fake.issuer], "state": ["our-state"], **answer}
        assert isinstance(await _refusal(up, whole), ProviderBroken)


@pytest.mark.requirement("UP-ERRORS")
async def test_an_error_goes_before_a_code_and_is_bounded() -> None:
    async with upstream() as up:
        answer = {
            "iss": [up.fake.issuer],
            "code": ["c"],
            "error": ["<script>" * 100],
            "error_description": ["\x1b[31m" + "x" * 5000],
        }
        refused = await _refusal(up, answer)

        assert isinstance(refused, ProviderRefused)
        assert refused.error == "unreadable_error"
        assert refused.description.isprintable()
        assert len(refused.description) == 200
