"""Sessions of the protocol versions before 2026-07-28, bound to their grant and kept in storage.

Any worker serves any session. A session is no proof of anything: the token is shown with every
request, and a session that is not its owner's is answered like one that never was.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from mcp_types import INVALID_REQUEST

from treenail_runtime.auth.records import Digest, Principal
from treenail_runtime.crypto.opaque import digest, is_well_formed, new_token
from treenail_runtime.dispatch.envelope import Reply, error_reply

from .asgi import Header

SESSION_HEADER: Final = b"mcp-session-id"

NOT_FOUND: Final = error_reply(None, INVALID_REQUEST, "Session not found", status=404)
MISSING: Final = error_reply(
    None, INVALID_REQUEST, "Bad Request: Missing session ID; initialize first", status=400
)


class Sessions(Protocol):
    """Where they are kept."""

    async def open(self, digest: Digest, principal: Principal) -> bool:
        """Keep a new one; False when its grant has ended meanwhile."""
        ...

    async def touch(self, digest: Digest, principal: Principal) -> bool:
        """Whether it is alive and this principal's."""
        ...

    async def end(self, digest: Digest, principal: Principal) -> bool:
        """End it; False when there is none that is this principal's."""
        ...


@dataclass(frozen=True, slots=True)
class BoundSessions:
    """What `Mcp-Session-Id` means here.

    Attributes:
        store: Where they are kept.
        prefix: Of the ids.
    """

    store: Sessions
    prefix: str

    async def opened(self, principal: Principal) -> Header | None:
        """A new session, as the header that tells its id; None when the grant has just ended."""
        token = new_token(self.prefix, "ses")
        opened = await self.store.open(Digest(digest(token)), principal)
        return (SESSION_HEADER, token.encode()) if opened else None

    async def refusal(self, shown: str, principal: Principal) -> Reply | None:
        """Why a request of the session `shown` is not served; None when it is."""
        alive = is_well_formed(shown, "ses") and await self.store.touch(
            Digest(digest(shown)), principal
        )
        return None if alive else NOT_FOUND

    async def ended(self, shown: str, principal: Principal) -> Reply:
        """The answer to DELETE."""
        ended = is_well_formed(shown, "ses") and await self.store.end(
            Digest(digest(shown)), principal
        )
        return Reply(204) if ended else NOT_FOUND
