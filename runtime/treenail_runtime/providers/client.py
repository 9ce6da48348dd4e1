"""The client of providers: finds them, exchanges codes, refreshes, gives tokens back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import httpx
from pydantic import SecretStr

from treenail_runtime.clock import Clock, utc_now
from treenail_runtime.contract import OAuthClientAuth, OAuthCodeAuth, OAuthProvider

from .answers import read_granted, was_known
from .asking import Asker
from .authorization import Attempt, Departure, depart, returned_code
from .discovery import Discovered, document_url, read_discovered
from .errors import ProviderBroken, ProviderRefused, ProviderUnavailable
from .id_tokens import Expected, KeyList, UnknownKeyError, read_id_token, read_keys
from .provider import (
    Provider,
    ProviderClient,
    check_endpoint,
    document_of,
    issuer_of,
    put_together,
)
from .remembering import Memory
from .tokens import TokenSet, read_tokens, revocation_request, secrets_of, token_request

SECONDS: Final = 10.0
"""For one request to a provider, from the connection to the last byte."""

_NOTHING_TO_REVOKE: Final = frozenset({"unsupported_token_type", "invalid_token"})
_LIFETIME: Final = timedelta(hours=1)
_KEY_PAUSE: Final = timedelta(minutes=1)


class OAuthClient:
    """Asks providers; every method raises a `ProviderError` when no answer comes of it.

    Follows no redirect, sends no cookie, and reads at most 1 MB of an answer.

    Args:
        transport: Carries the requests; not closed here.
        clock: The time of day.
        seconds: For one request.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        clock: Clock = utc_now,
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._clock = clock
        self._asker = Asker(transport, clock, seconds)
        self._documents = Memory[Discovered](clock, _LIFETIME)
        self._keys = Memory[KeyList](clock, _LIFETIME)

    async def aclose(self) -> None:
        """Give up what is being asked for."""
        await self._documents.aclose()
        await self._keys.aclose()

    async def provider(self, declared: OAuthProvider) -> Provider:
        """The provider with its endpoints; its document is read at most once an hour."""
        kind = document_of(declared)
        if kind is None:
            return put_together(declared)
        issuer = issuer_of(declared)
        url = document_url(issuer, kind)
        check_endpoint(url, issuer, "document")

        async def ask() -> Discovered:
            return read_discovered(await self._asker.document(url), issuer)

        return put_together(declared, await self._documents.value(f"{issuer} {url}", ask))

    async def depart(
        self, auth: OAuthCodeAuth, client: ProviderClient, *, redirect_uri: str, state: str
    ) -> Departure:
        """Where to send a browser, with what to keep until it returns (RFC 6749 4.1.1)."""
        provider = await self.provider(auth.provider)
        return depart(provider, auth, client.client_id, redirect_uri=redirect_uri, state=state)

    async def code(
        self, auth: OAuthCodeAuth, issuer: str, answer: Mapping[str, Sequence[str]]
    ) -> SecretStr:
        """The code of an authorization response; see `returned_code`."""
        return returned_code(await self.provider(auth.provider), issuer, answer)

    async def exchange(
        self,
        declared: OAuthProvider,
        client: ProviderClient,
        *,
        code: SecretStr,
        attempt: Attempt,
    ) -> TokenSet:
        """Tokens for a code (RFC 6749 4.1.3), with the subject when an ID token was asked for.

        The code is spent by this, whatever comes of it.
        """
        provider = await self._same(declared, attempt.issuer)
        form = {
            "grant_type": "authorization_code",
            "code": code.get_secret_value(),
            "redirect_uri": attempt.redirect_uri,
        }
        if attempt.verifier:
            form["code_verifier"] = attempt.verifier.get_secret_value()
        said = await self._granted(provider, client, form)
        tokens = read_tokens(said, provider)
        if attempt.nonce is None:
            return tokens
        expected = Expected(
            issuers=provider.preset.issuer_aliases | {provider.issuer},
            client_id=client.client_id,
            nonce=attempt.nonce.get_secret_value(),
        )
        subject = await self._subject(provider, said.get("id_token"), expected)
        return replace(tokens, subject=subject)

    async def refresh(
        self, declared: OAuthProvider, client: ProviderClient, *, refresh: SecretStr, issuer: str
    ) -> TokenSet:
        """New tokens for a refresh token (RFC 6749 6), with the old one when no new one comes.

        An ID token that comes along is not looked at: who it is was known before.

        Args:
            declared: The provider that the connector declares now.
            client: As which the old tokens were granted.
            refresh: The refresh token.
            issuer: Who granted it. Another one than the declared never sees it: `invalid_grant`.
        """
        provider = await self._same(declared, issuer)
        form = {"grant_type": "refresh_token", "refresh_token": refresh.get_secret_value()}
        said = await self._granted(provider, client, form)
        return read_tokens(said, provider, old_refresh=refresh)

    async def client_credentials(self, auth: OAuthClientAuth, client: ProviderClient) -> TokenSet:
        """Tokens for ourselves (RFC 6749 4.4)."""
        provider = await self.provider(auth.provider)
        form = {**auth.parameters, "grant_type": "client_credentials"}
        if auth.scopes:
            form["scope"] = " ".join(auth.scopes)
        return read_tokens(await self._granted(provider, client, form), provider)

    async def revoke(
        self,
        declared: OAuthProvider,
        client: ProviderClient,
        *,
        access: SecretStr | None,
        refresh: SecretStr | None,
        issuer: str,
    ) -> bool:
        """Give tokens back (RFC 7009); false when they cannot be.

        There may be no endpoint, it may be another provider's, or GitHub may not know the access
        token any more, by which alone a refresh token could be ended.

        The refresh token goes first, since it is worth more. That a provider only takes one kind of
        token back is no failure.
        """
        provider = await self.provider(declared)
        if not provider.revoke_url or issuer != provider.identity:
            return False
        if provider.preset.revocation == "github":
            known = access and await self._give_back(provider, client, access, "access_token")
            return bool(known) or refresh is None
        for token, hint in ((refresh, "refresh_token"), (access, "access_token")):
            if token is not None:
                await self._give_back(provider, client, token, hint)
        return True

    async def _granted(
        self, provider: Provider, client: ProviderClient, form: Mapping[str, str]
    ) -> Mapping[str, Any]:
        reply = await self._asker.send(token_request(provider, client, form))
        # Without a code or a refresh token, each question of this client is the same.
        stumbled = "client" if form["grant_type"] == "client_credentials" else "grant"
        try:
            return read_granted(reply, provider.preset, self._clock, stumbled)
        except ProviderRefused as refused:
            raise refused.without(secrets_of(form, client)) from None

    async def _give_back(
        self, provider: Provider, client: ProviderClient, token: SecretStr, hint: str
    ) -> bool:
        """Whether the provider knew it, as far as it says."""
        reply = await self._asker.send(revocation_request(provider, client, token, hint))
        try:
            return was_known(reply, provider.preset, self._clock)
        except ProviderRefused as refused:
            if refused.error not in _NOTHING_TO_REVOKE:
                raise refused.without(
                    secrets_of({hint: token.get_secret_value()}, client)
                ) from None
            return False

    async def _same(self, declared: OAuthProvider, issuer: str) -> Provider:
        """The declared provider, if it is the one that granted."""
        provider = await self.provider(declared)
        if provider.identity != issuer:
            raise ProviderRefused("invalid_grant", "the connector has another provider by now")
        return provider

    async def _subject(self, provider: Provider, token: object, expected: Expected) -> str:
        if not isinstance(token, str) or not provider.jwks_url:
            raise ProviderBroken("its answer has no ID token, or it has no key set to check it")
        try:
            keys = await self._key_set(provider.jwks_url, _LIFETIME)
            return read_id_token(token, keys, expected, self._clock)
        except UnknownKeyError:
            # Keys change; but a token that names any key must not make us ask all the time.
            keys = await self._key_set(provider.jwks_url, _KEY_PAUSE)
            return read_id_token(token, keys, expected, self._clock)

    async def _key_set(self, url: str, no_older: timedelta) -> KeyList:
        async def ask() -> KeyList:
            try:
                return read_keys(await self._asker.document(url))
            except ProviderUnavailable as error:
                raise ProviderUnavailable(
                    f"its keys: {error.reason}", error.retry_after_s, concerns="keys"
                ) from None

        return await self._keys.value(url, ask, no_older=no_older)
