"""An instance gets its credentials at the upstream's provider, from whoever holds the account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hmac import compare_digest
from math import ceil
from typing import Final

import structlog
from pydantic import SecretStr

from treenail_runtime.auth.admins import Admin, Invitation, Setup
from treenail_runtime.auth.instances import InstanceRecord, ObtainedTokens, StoredInstance
from treenail_runtime.auth.login import Typed, make_config
from treenail_runtime.auth.records import Digest, Instance, InstanceSettings
from treenail_runtime.contract import Connector
from treenail_runtime.crypto.opaque import digest, is_well_formed, new_token
from treenail_runtime.providers import ProviderError, ProviderRefused, ProviderUnavailable
from treenail_runtime.storage.setups import SetupStore
from treenail_runtime.upstream.ways import code_grant

from .departures import CONNECT
from .errors import AdministrationError, unknown_instance
from .instances import Administration, Created, require_own, unavailable
from .wanted import Wanted, judged_settings, judged_values, login_form, with_wanted

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_TICKET: Final = "txn"
_STATE: Final = "ups"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Begun:
    """Where somebody has to go now.

    Attributes:
        url: Of our page, which tells what it is for and sends them on.
        ticket: Names this attempt, and stands in `url`.
        access_key: Of an instance that was made for this.
    """

    record: InstanceRecord
    url: str
    ticket: str
    access_key: SecretStr | None


class Setups:
    """Invites people to fetch an account for an instance, and takes what they bring back.

    Whoever agrees need not be in the browser of the administrator, but has to return in the one in
    which they agreed. Invitation and state are 256 random bits each, good once, for five minutes
    together, at one connector, and only as long as the admin token is good by which it was begun.
    """

    def __init__(self, administration: Administration, store: SetupStore, base_url: str) -> None:
        self._administration = administration
        self._store = store
        self._base_url = base_url

    async def begin(self, wanted: Wanted, admin: Admin) -> Begun:
        """Make the instance unless there is one, and tell where to agree to log in for it.

        Raises:
            AdministrationError: It cannot be done now, or at all.
            StoreUnavailableError: The database does not answer.
        """
        connector = self._administration.connector(wanted.service)
        if code_grant(connector.auth) is None:
            raise AdministrationError(
                "wrong-state", "nobody logs in at a provider for this service: set credentials"
            )
        typed = judged_values(connector, wanted.values, before_provider=True)
        created = await self._made(wanted, connector, admin)
        try:
            return await self._begin(created, wanted, typed, admin)
        except AdministrationError:
            if created.access_key is not None:
                # Nobody was told its key.
                await self._administration.parts.store.delete(created.record.id)
            raise

    async def _begin(self, created: Created, wanted: Wanted, typed: Typed, admin: Admin) -> Begun:
        record = created.record
        connector = self._administration.connector(record.service)
        config = typed.config(connector.name, connector.login)
        asked = replace(
            judged_settings(wanted, connector), values=config.values, secrets=config.secrets
        )
        instance = await self._administration.served(record)
        own = with_wanted(instance.own, asked)
        if record.status == "active" and _leads(own) != _leads(instance.own):
            raise AdministrationError(
                "wrong-state", "its tokens were granted for other settings: change these first"
            )
        if not self._administration.parts.clients.knows(replace(instance, own=own)):
            raise AdministrationError(
                "no-client", "the upstream's provider knows no client of ours: give client_id"
            )
        # It waits from now on, as long as the invitation.
        await self._administration.parts.store.set_status(record.id, "pending")
        ticket = new_token(connector.token_prefix, _TICKET)
        invitation = Invitation(instance_id=record.id, admin_id=admin.id, wanted=asked)
        await self._store.invite(Digest(digest(ticket)), invitation)
        fresh = await self._administration.find(record.slug, None)
        return Begun(
            record=fresh.record,
            url=f"{self._base_url}{CONNECT}{connector.name}?txn={ticket}",
            ticket=ticket,
            access_key=created.access_key,
        )

    async def finish(
        self,
        service: str,
        state: str,
        answer: Mapping[str, Sequence[str]],
        browser: Digest | None,
    ) -> InstanceRecord:
        """Connect the instance for which somebody returns.

        Args:
            service: Where they return.
            state: What they bring back.
            answer: All parameters of the authorization response, with all their values.
            browser: Digest of their browser's cookie; None when it has none.

        Raises:
            AdministrationError: Nothing was connected.
            StoreUnavailableError: The database does not answer.
        """
        setup = await self._taken(state)
        if browser is None or not compare_digest(setup.browser, browser):
            # Its state got about: whoever brings it, it is not safe to go on.
            raise AdministrationError("not-allowed", "the login was begun in another browser")
        parts = self._administration.parts
        stored = await parts.store.show(setup.instance_id)
        if stored is None or stored.record.service != service:
            raise unknown_instance()
        try:
            await self._connect(stored, setup, answer)
        except AdministrationError as error:
            await parts.store.set_status(stored.record.id, "failed", error=error.kind)
            parts.known.forget(stored.record.id)
            raise
        return stored.record

    async def _taken(self, state: str) -> Setup:
        if not is_well_formed(state, _STATE):
            raise unknown_instance()
        setup = await self._store.take(Digest(digest(state)))
        if setup is None:
            raise unknown_instance()
        return setup

    async def _connect(
        self, stored: StoredInstance, setup: Setup, answer: Mapping[str, Sequence[str]]
    ) -> None:
        parts = self._administration.parts
        settings = with_wanted(stored.settings, setup.wanted)
        served = await self._administration.served(stored.record)
        instance = replace(served, own=settings)
        try:
            tokens = await parts.clients.arrive(instance, setup.trip, answer)
        except ProviderError as error:
            log.info("setup.failed", reason=str(error), instance=instance.id)
            raise _unconfirmed(error) from None
        try:
            await self._keep(instance, StoredInstance(stored.record, settings), tokens)
        except BaseException:
            # Nobody will use them, also when the server ends.
            await parts.revocations.forsake(instance, tokens)
            raise

    async def _keep(
        self, instance: Instance, wanted: StoredInstance, tokens: ObtainedTokens
    ) -> None:
        """Keep the settings and the account, if the upstream takes it."""
        parts = self._administration.parts
        record, settings = wanted.record, wanted.settings
        connector = self._administration.connector(record.service)
        given = {name: SecretStr(value) for name, value in settings.values.items()}
        fields = login_form(connector).before_provider
        config = make_config(connector.name, fields, {**given, **settings.secrets})
        await self._administration.check(instance, config, tokens.access)
        kept = replace(settings, values={}, secrets={})
        if not await parts.store.connect(
            record.id, config, tokens, settings=kept, version=record.version
        ):
            raise AdministrationError("changed-meanwhile", "the instance was changed meanwhile")
        parts.known.forget(record.id)
        parts.keeper.forget(record.id)

    async def _made(self, wanted: Wanted, connector: Connector, admin: Admin) -> Created:
        """The instance of that slug, or a new one."""
        try:
            stored = await self._administration.find(wanted.slug, admin.sees)
        except AdministrationError as error:
            if error.kind != "unknown-instance":
                raise
            return await self._administration.create(wanted, admin.sees)
        if stored.record.service != connector.name:
            raise AdministrationError("wrong-state", "the instance is of another service")
        require_own(stored.record, "pending", "failed", "reauth", "active")
        _require_same(stored.record, wanted, admin)
        return Created(record=stored.record)


def _unconfirmed(error: ProviderError) -> AdministrationError:
    """What a login comes to for which there are no tokens."""
    match error:
        case ProviderUnavailable(retry_after_s=retry_after_s):
            return unavailable(0 if retry_after_s is None else ceil(retry_after_s))
        case ProviderRefused(error="access_denied"):
            return AdministrationError("declined", "it was not allowed at the upstream's provider")
        case _:
            return AdministrationError(
                "credentials-refused", "the upstream's provider did not confirm the login"
            )


def _require_same(record: InstanceRecord, wanted: Wanted, admin: Admin) -> None:
    """See that nothing is asked for that only a new instance would get.

    Raises:
        AdministrationError: Something is.
    """
    faults: dict[str, str] = {}
    if wanted.title not in {None, record.title}:
        faults["title"] = "the instance is there and has another: change it first"
    # Unless asked for, a new one is the administrator's.
    if wanted.owner not in {record.owner, admin.owner}:
        faults["owner"] = "the instance is there and is another's"
    if faults:
        raise AdministrationError("invalid", "some fields cannot be taken", faults=faults)


def _leads(settings: InstanceSettings) -> tuple[object, ...]:
    """Where tokens were got, and to whom they were granted."""
    return (settings.upstream_client_id, settings.server_url, settings.region)
