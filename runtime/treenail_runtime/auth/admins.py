"""People and programs that administer instances, each by a token of their own."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from .records import Digest, InstanceSettings, UpstreamTrip

AdminRole: TypeAlias = Literal["owner", "admin"]
"""Administers the instances of one owner, or all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """Whoever holds an admin token.

    Attributes:
        id: Names the token in lists, in the log and in the audit; it is no secret.
        owner: Whose instances it makes.
        expires_at: After that moment it is unknown; None for never.
    """

    id: str
    owner: str
    role: AdminRole
    created_at: datetime
    expires_at: datetime | None = None

    @property
    def sees(self) -> str | None:
        """Whose instances it knows; None for everybody's."""
        return None if self.role == "admin" else self.owner


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Invitation:
    """An instance for which somebody may go to the upstream's provider, from a page of ours.

    Attributes:
        admin_id: The admin token by which it was begun.
        wanted: What the instance gets in the place of what it has, once they return.
    """

    instance_id: str
    admin_id: str
    wanted: InstanceSettings = field(default_factory=InstanceSettings)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Setup:
    """An instance that waits for somebody to return from the upstream's provider.

    Attributes:
        admin_id: The admin token by which it was begun.
        browser: Digest of the cookie of the browser in which they agreed and went there.
        trip: What must be known then.
        wanted: As in `Invitation`.
    """

    instance_id: str
    admin_id: str
    browser: Digest
    trip: UpstreamTrip
    wanted: InstanceSettings = field(default_factory=InstanceSettings)
