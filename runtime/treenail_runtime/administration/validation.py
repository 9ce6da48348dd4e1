"""Whether an account or a client would work, without keeping any of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pydantic import SecretStr

from treenail_runtime.auth.instances import ObtainedTokens, StoredInstance, UpstreamTokens
from treenail_runtime.auth.login import Accepted, Denied, make_config
from treenail_runtime.auth.records import ConnectionConfig
from treenail_runtime.contract import Connector, OAuthClientAuth, OAuthCodeAuth
from treenail_runtime.providers import ProviderClient, ProviderError, ProviderRefused, identity_of
from treenail_runtime.upstream.ways import is_ready, needed_grant

from .errors import AdministrationError
from .instances import Administration
from .wanted import judged_values, login_form

_CODE: Final = re.compile(r"[a-z_]{1,40}")

Result: TypeAlias = Literal["passed", "failed", "unknown", "skipped"]
"""`unknown` when nobody answered, `skipped` when there is nothing to be looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: `client`, `scopes`, `tokens` or `api`.
        detail: For people.
    """

    name: str
    result: Result
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was looked at."""

    checks: Sequence[Check]

    @property
    def valid(self) -> bool | None:
        """Whether it would work; None when that could not be found out."""
        results = {each.result for each in self.checks}
        if "failed" in results:
            return False
        return None if "unknown" in results or "passed" not in results else True


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Candidate:
    """What is to be looked at.

    Attributes:
        client: None for the client that there is.
        slug: Of an instance whose tokens are looked at; None for none.
    """

    service: str
    client: ProviderClient | None
    values: Mapping[str, str]
    slug: str | None


class Validator:
    """Asks providers and upstreams."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def validate(self, candidate: Candidate, sees: str | None) -> Verdict:
        """What providers and upstreams say of a candidate.

        Raises:
            AdministrationError: The service or the instance is unknown, or a value is not allowed.
            StoreUnavailableError: The database does not answer.
        """
        connector = self._administration.connector(candidate.service)
        stored = await self._stored(candidate, connector, sees)
        held = None
        if stored is not None:
            held = await self._administration.parts.credentials.get(stored.record.id)
        by_provider = held is not None or not is_ready(connector.auth, candidate.values)
        grant = needed_grant(connector.auth, candidate.values, has_tokens=by_provider)
        is_code = isinstance(grant, OAuthCodeAuth)
        typed = judged_values(connector, candidate.values, before_provider=is_code)
        if held is not None and grant is not None and held.issuer != identity_of(grant.provider):
            held = None
        client, given = await self._client(candidate, stored, grant)
        scopes = held.scopes if given is None and held is not None else given and given.scopes
        access = given.access if given is not None else held and held.access
        config = make_config(connector.name, login_form(connector).fields, typed.values)
        checks = [client, _scopes(grant, scopes, has_tokens=access is not None), _tokens(held)]
        if grant is not None and access is None:
            checks.append(Check("api", "skipped", "there is no token to call it with"))
        else:
            checks.append(await self._api(connector, stored, config, access))
        return Verdict(checks)

    async def _stored(
        self, candidate: Candidate, connector: Connector, sees: str | None
    ) -> StoredInstance | None:
        if candidate.slug is None:
            return None
        stored = await self._administration.find(candidate.slug, sees)
        if stored.record.service != connector.name:
            raise AdministrationError("wrong-state", "the instance is of another service")
        return stored

    async def _client(
        self,
        candidate: Candidate,
        stored: StoredInstance | None,
        grant: OAuthCodeAuth | OAuthClientAuth | None,
    ) -> tuple[Check, ObtainedTokens | None]:
        if grant is None:
            return Check("client", "skipped", "the service needs no client at a provider"), None
        client = candidate.client
        if client is None and stored is not None and stored.settings.upstream_client_id:
            has = stored.settings
            client = ProviderClient(stored.settings.upstream_client_id, has.upstream_client_secret)
        try:
            given = await self._administration.parts.clients.prove(candidate.service, client)
        except ProviderRefused as error:
            return Check("client", "failed", f"the provider refuses it: {_word(error.error)}"), None
        except ProviderError:
            return Check("client", "unknown", "the provider does not answer usefully"), None
        return Check("client", "passed", "the provider takes it"), given

    async def _api(
        self,
        connector: Connector,
        stored: StoredInstance | None,
        config: ConnectionConfig,
        access: SecretStr | None,
    ) -> Check:
        parts = self._administration.parts
        if connector.check is None:
            return Check("api", "skipped", "the service has no harmless call to try")
        known = await parts.known.by_id(connector.name if stored is None else stored.record.id)
        if known is None:
            return Check("api", "unknown", "the instance is gone")
        match await parts.checker.check(known, config, access):
            case Accepted():
                return Check("api", "passed", "a harmless call succeeded")
            case Denied():
                return Check("api", "failed", "it does not accept the credentials")
            case _:
                return Check("api", "unknown", "it did not judge the credentials")


def _word(error: str) -> str:
    """An error code (RFC 6749 5.2), if it looks like one."""
    return error if _CODE.fullmatch(error) else "an unreadable error"


def _scopes(
    grant: OAuthCodeAuth | OAuthClientAuth | None,
    granted: frozenset[str] | None,
    *,
    has_tokens: bool,
) -> Check:
    if grant is None or not grant.scopes:
        return Check("scopes", "skipped", "the service asks for none")
    if not has_tokens:
        return Check("scopes", "skipped", f"would ask for {' '.join(grant.scopes)}")
    missing = set[str]() if granted is None else set(grant.scopes) - granted
    if missing:
        return Check("scopes", "failed", f"not granted: {' '.join(sorted(missing))}")
    return Check("scopes", "passed", f"granted: {' '.join(grant.scopes)}")


def _tokens(held: UpstreamTokens | None) -> Check:
    if held is None:
        return Check("tokens", "skipped", "there are none")
    if held.left_s is not None and held.left_s <= 0 and held.refresh is None:
        return Check("tokens", "failed", "they are over and cannot be refreshed")
    left = "the provider did not tell how long they last"
    if held.left_s is not None:
        left = f"over in {held.left_s} s" if held.left_s > 0 else "over, to be refreshed"
    return Check("tokens", "passed", left)
