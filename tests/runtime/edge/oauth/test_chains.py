"""Several schemes: one rule decides which go with a connection, from the page to the request."""

from pathlib import Path

import pytest

from tests.support.provider_login import Shape, Town, town
from treenail_runtime.contract import (
    ApiKeyAuth,
    Auth,
    BearerAuth,
    ChainAuth,
    LoginField,
    OAuthClientAuth,
    OAuthCodeAuth,
    OAuthProvider,
)
from treenail_runtime.storage.tables import connections

_TENANT = LoginField(name="tenant", label="Tenant", required=False)
_PASSWORD = LoginField(name="password", label="Password", secret=True, required=False)
_CLIENT = LoginField(name="client", label="Client", required=False)
_KEY = ApiKeyAuth("header", "X-Tenant", "{tenant}")


def _together(grant: OAuthCodeAuth) -> Auth:
    return ChainAuth((grant, _KEY), "all")


def _together_or_typed(grant: OAuthCodeAuth) -> Auth:
    return ChainAuth((ChainAuth((_KEY, grant), "all"), BearerAuth("{password}")))


def _client_or_typed(_: OAuthCodeAuth) -> Auth:
    provider = OAuthProvider(token_url="https://provider.test/token")  # noqa: S106  # a place
    client = OAuthClientAuth(provider=provider, client_id="{client}")
    return ChainAuth((client, BearerAuth("{password}")))


async def _connect(place: Town, **typed: str) -> tuple[int, str, str | None]:
    """Status of a call of somebody who typed this, and what the upstream was shown."""
    async with place.site.browser() as browser:
        page = await browser.authorize(scope="mcp.tools.read offline_access")
        done = await browser.submit(page, typed)
        if typed.get("way") == "provider":
            done = await browser.get(await place.agree(done))
    assert done.status == 303, done.text
    answer = await (await place.redeem(dict(done.answer)["code"])).call()
    seen = place.site.upstream_seen[-1]
    shown = seen.value("Authorization").removeprefix("Bearer ")
    tenant = seen.value("X-Tenant") if "x-tenant" in seen.names else None
    return answer.status, shown, tenant


@pytest.mark.requirement("UP-CHAIN")
@pytest.mark.parametrize("shape", [_together, _together_or_typed])
async def test_a_field_that_goes_along_with_the_token_is_asked_before_the_provider(
    tmp_path: Path, shape: Shape
) -> None:
    login = (_TENANT, _PASSWORD)
    async with town(tmp_path, shape=shape, changes={"login": login}) as place:
        async with place.site.browser() as browser:
            page = await browser.authorize()
            empty = await browser.submit(page, {"way": "provider", "field-tenant": ""})
        status, shown, tenant = await _connect(place, **{"way": "provider", "field-tenant": "acme"})

        assert empty.status == 422
        assert "Tenant is needed to connect like this." in empty.text
        assert "Password is needed" not in empty.text
        assert (status, tenant) == (200, "acme")
        assert place.fake.is_live(shown)


@pytest.mark.requirement("UP-CHAIN")
async def test_who_types_the_other_way_needs_nothing_of_the_first(tmp_path: Path) -> None:
    login = (_TENANT, _PASSWORD)
    async with town(tmp_path, shape=_together_or_typed, changes={"login": login}) as place:
        typed = await _connect(place, **{"field-password": "pat-1"})
        both = await _connect(place, **{"field-password": "pat-1", "field-tenant": "acme"})

        assert typed == both == (200, "pat-1", None)
        assert not place.fake.journal.entries


@pytest.mark.requirement("UP-CHAIN")
async def test_a_client_whose_fields_are_empty_is_not_tried(tmp_path: Path) -> None:
    login = (_CLIENT, _PASSWORD)
    async with town(tmp_path, shape=_client_or_typed, changes={"login": login}) as place:
        typed = await _connect(place, **{"field-password": "pat-1"})

        assert typed == (200, "pat-1", None)


@pytest.mark.requirement("UP-CHAIN")
async def test_whoever_went_to_the_provider_calls_with_its_token_whatever_stands_first(
    tmp_path: Path,
) -> None:
    def shape(grant: OAuthCodeAuth) -> Auth:
        return ChainAuth((BearerAuth("{password}"), grant))

    async with town(tmp_path, shape=shape, changes={"login": (_PASSWORD,)}) as place:
        status, shown, _ = await _connect(place, **{"way": "provider", "field-password": "pat-1"})

        assert status == 200
        assert place.fake.is_live(shown)
        assert await place.site.count(connections) == 1
