"""Instances that are made while the server runs, and what they hold of the upstream's tokens."""

import hashlib
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NewType, TypeAlias

from pydantic import SecretStr

from treenail_runtime.contract import RESERVED_NAMES

from .records import Digest, InstanceSettings, OwnClient

Slug = NewType("Slug", str)
"""An instance's name in paths, as `read_slug` lets it pass."""

SlugFault: TypeAlias = Literal["malformed", "reserved", "taken"]
"""Not of the form, begins a path of the server, or names a connector or another instance."""

InstanceStatus: TypeAlias = Literal["pending", "active", "reauth", "failed", "disabled", "deleted"]
"""Waits for credentials, works, was refused by the upstream, never got credentials, was switched
off by its owner, is gone."""

CredentialsOf: TypeAlias = Literal["person", "instance"]
"""Whose account of the upstream is used: that of each person, or one of the instance's own."""

ServiceStatus: TypeAlias = Literal["healthy", "degraded", "unhealthy"]

PENDING_S: Final = 300
"""How long an instance may wait for its credentials."""

_SUBJECT: Final = "subject-"

_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")

_BEFORE: Final[Mapping[InstanceStatus, frozenset[InstanceStatus]]] = {
    "pending": frozenset({"pending", "failed"}),
    "active": frozenset({"pending", "reauth"}),
    "reauth": frozenset({"active"}),
    "failed": frozenset({"pending"}),
    "disabled": frozenset({"active", "reauth"}),
    "deleted": frozenset({"pending", "active", "reauth", "failed", "disabled"}),
}


class SlugError(ValueError):
    """No instance can have this slug.

    Attributes:
        fault: Why.
    """

    def __init__(self, fault: SlugFault) -> None:
        super().__init__(f"the slug is {fault}")
        self.fault: SlugFault = fault


class TooManyInstancesError(Exception):
    """An owner has as many instances as one may have."""


class InstanceChangedError(Exception):
    """An instance is no longer in the version for which something was tried."""


def is_slug(text: str) -> bool:
    """Whether `text` has the form of a slug: a DNS label (RFC 1123 2.1) in lower case."""
    return _SLUG.fullmatch(text) is not None


def read_slug(text: str, taken: Collection[str]) -> Slug:
    """The slug of a new instance.

    `-` counts as `_`, so that nobody makes an `open-meteo` beside the connector `open_meteo`.

    Args:
        text: What was asked for.
        taken: Names of connectors, and first parts of other paths of the server.

    Raises:
        SlugError: It cannot be one.
    """
    if not is_slug(text):
        raise SlugError("malformed")
    name = text.replace("-", "_")
    if name in RESERVED_NAMES:
        raise SlugError("reserved")
    if name in {each.replace("-", "_") for each in taken}:
        raise SlugError("taken")
    return Slug(text)


def first_status(credentials: CredentialsOf) -> InstanceStatus:
    """What a new instance is: ready for people to log in, or waiting for its own credentials."""
    return "active" if credentials == "person" else "pending"


def may_become(status: InstanceStatus) -> frozenset[InstanceStatus]:
    """What an instance must be to become `status`."""
    return _BEFORE[status]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstance:
    """An instance to be made.

    Attributes:
        service: The connector's name.
        owner: Who may see and change it.
        access_key: Digest of the key with which people connect to an instance that has credentials
            of its own; None when each person logs in.
    """

    slug: Slug
    service: str
    title: str
    owner: str
    credentials: CredentialsOf = "person"
    settings: InstanceSettings = field(default_factory=InstanceSettings)
    access_key: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRecord:
    """An instance as it is kept, without its settings.

    Attributes:
        id: Random; a slug that is used again gets another one, so no old token fits.
        service: The connector's name.
        version: Of status and settings: counts their changes.
        access_key: As in `NewInstance`.
        pending_since: Since when it waits for credentials; None when it does not.
        last_error: Why it is not active, in a word of ours.
    """

    id: str
    slug: Slug
    service: str
    title: str
    owner: str
    status: InstanceStatus
    credentials: CredentialsOf
    version: int
    access_key: Digest | None = field(repr=False)
    created_at: datetime
    changed_at: datetime
    pending_since: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance with its settings."""

    record: InstanceRecord
    settings: InstanceSettings


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ObtainedTokens:
    """What the upstream's provider has just given.

    Attributes:
        refresh: None when it gave none; a refresh then keeps the one there is (RFC 6749 6).
        expires_in_s: None when it did not tell.
        scopes: None when they are those that were asked for (RFC 6749 5.1).
        issuer: Of the provider; tokens of one are never sent to another.
        subject: Whose they are, as an ID token told; None when none did.
        client: To which they were granted; None for the connector's.
        ends_all: Whether giving them back ends all logins of their person, not only theirs.
    """

    access: SecretStr
    refresh: SecretStr | None = None
    expires_in_s: int | None = None
    scopes: frozenset[str] | None = None
    issuer: str
    subject: str | None = None
    client: OwnClient | None = None
    ends_all: bool = False

    @property
    def account(self) -> str:
        """Whose they are, as a connection keeps it: the same for one subject of one issuer.

        Another one each time where the provider tells no subject.
        """
        if self.subject is None:
            return f"grant-{uuid.uuid4().hex}"
        named = f"{self.issuer}\n{self.subject}".encode()
        return f"{_SUBJECT}{hashlib.sha256(named).hexdigest()}"


def is_another_account(before: str, after: str) -> bool:
    """Whether these are accounts of two subjects; False where either is of an unknown one.

    A provider may end all that it granted to one subject together, the newest, too.
    """
    return before != after and all(each.startswith(_SUBJECT) for each in (before, after))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UpstreamTokens:
    """A connection's tokens of the upstream, as they are kept.

    Attributes:
        version: Of each replacement another one, also after tokens were removed; whoever replaces
            tokens names the version that it replaces.
        expires_at: Of the access token; None when the provider did not tell.
        left_s: Seconds to `expires_at` by the database's clock when they were read; negative when
            they are over, None as `expires_at`.
        scopes: As in `ObtainedTokens`.
        attempts: Refreshes that failed since the last one that did not.
        retry_after_s: Seconds until the next attempt may be made; 0 for now.
        last_error: Of the last attempt, in a word of ours; None when it did not fail.
        is_claimed: Whether an attempt has the lease, or had it and did not give it back.
    """

    connection_id: str
    instance_id: str
    access: SecretStr
    refresh: SecretStr | None
    issuer: str
    scopes: frozenset[str] | None
    version: int
    expires_at: datetime | None
    left_s: int | None
    attempts: int
    retry_after_s: int
    last_error: str | None
    refreshed_at: datetime
    is_claimed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRefresh:
    """An access token that will be over soon and can be refreshed."""

    connection_id: str
    instance_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Whose tokens a server refreshes: those of the connectors that it serves.

    Attributes:
        service: The connector; of the instances that were made of it.
        instance_ids: Of its instances in the settings, which are not kept.
        issuer: Who gave the tokens; others stay for a server that still knows their provider.
    """

    service: str
    instance_ids: frozenset[str]
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OwedRevocation:
    """Tokens that the upstream's provider is to forget.

    Attributes:
        id: Empty where it is not kept.
        instance_id: Whose they were; it may be gone.
        service: The connector's name; None for that of the configured instance.
        client: To which they were granted; None for the connector's.
        attempts: How often it was tried, this time included.
        age_s: Seconds for which they have been owed.
    """

    id: str
    instance_id: str
    service: str | None
    issuer: str
    access: SecretStr
    refresh: SecretStr | None
    client: OwnClient | None
    attempts: int
    age_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedInstance:
    """A deleted instance.

    Attributes:
        tokens: Connections whose tokens its provider is to forget.
        grants: How many were ended.
        connections: How many were emptied.
    """

    record: InstanceRecord
    tokens: int
    grants: int
    connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedByChange:
    """What ends with other settings of an instance, as it was made under those before.

    Attributes:
        sessions: They are bound to what is called, and answer 404 from then on; so are logins that
            were tried, and wait for a choice.
        provider_logins: The upstream's tokens were granted to another client.
        all_logins: What was typed was typed for another server, and is erased.
    """

    sessions: bool = False
    provider_logins: bool = False
    all_logins: bool = False


def ended_by(
    before: InstanceSettings, after: InstanceSettings, *, by_provider: bool
) -> EndedByChange:
    """What cannot go on.

    Args:
        before: What the instance had.
        after: What it gets.
        by_provider: Whether people log in at the upstream's provider; what a client of ours gets
            by itself is asked for again without anybody.
    """
    return EndedByChange(
        sessions=before.region != after.region,
        provider_logins=by_provider and before.upstream_client_id != after.upstream_client_id,
        all_logins=before.server_url != after.server_url,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """A connector that a server has loaded, or tried to.

    Attributes:
        contract: The contract version of its module; None when it could not be read.
        sha256: Of the module's file, in hex.
        reason: Why it is not healthy, for the operator; None when it is.
        loaded_at: None before it is kept.
    """

    name: str
    title: str
    version: str
    contract: int | None
    sha256: str
    status: ServiceStatus
    reason: str | None = None
    loaded_at: datetime | None = None
