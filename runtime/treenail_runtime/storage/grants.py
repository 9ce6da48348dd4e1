"""Grants: made of a code, kept alive by refreshing, ended by one change of one row."""

import uuid
from collections.abc import Callable
from typing import Final, Literal, TypeAlias, assert_never

from sqlalchemy import ColumnElement, and_, bindparam, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from treenail_runtime.auth.introspecting import TokenFacts
from treenail_runtime.auth.records import Digest
from treenail_runtime.auth.redeeming import Burn, CodeDecision, CodeFacts, Issue, Keep, RevokeMade
from treenail_runtime.auth.refreshing import (
    Compromise,
    RefreshDecision,
    RefreshFacts,
    Refuse,
    Replay,
    Rotate,
)
from treenail_runtime.auth.revoking import Revoked
from treenail_runtime.auth.tokens import (
    Denied,
    Exchanged,
    Granted,
    PairDigests,
    Successors,
    invalid_grant,
    seconds_between,
)

from .batches import delete_all, update_all
from .codes import PresentedCode, find_code
from .database import Database, now_ms
from .families import lock_family
from .introspection import find_token
from .tables import auth_codes, connections, grants, tokens

DecideCode: TypeAlias = Callable[[CodeFacts], CodeDecision]
DecideRefresh: TypeAlias = Callable[[RefreshFacts], RefreshDecision]

EndReason: TypeAlias = Literal[
    "client", "operator", "code_reused", "refresh_reused", "instance_deleted"
]
"""Why a grant ended."""

# A grant ends by this one row. Changing the rows of its tokens instead would miss the ones that a
# rotation is just putting in: 59 of 60 in the trial.
_END: Final = (
    update(grants)
    .where(grants.c.status == "active")
    .values(status=bindparam("ended"), reason=bindparam("why"), ended_at=now_ms)
    .returning(grants.c.id)
)
_END_ONE: Final = _END.where(grants.c.id == bindparam("family"))
_END_OF_TOKEN: Final = _END.where(
    grants.c.client_id == bindparam("client"),
    grants.c.instance_id == bindparam("instance"),
    grants.c.id.in_(
        select(tokens.c.grant_id).where(
            tokens.c.token_hash == bindparam("token"), tokens.c.kind == "refresh"
        )
    ),
)
_END_ACCESS: Final = (
    update(tokens)
    .where(
        tokens.c.token_hash == bindparam("token"),
        tokens.c.kind == "access",
        tokens.c.state == "active",
        tokens.c.grant_id.in_(
            select(grants.c.id).where(
                grants.c.client_id == bindparam("client"),
                grants.c.instance_id == bindparam("instance"),
            )
        ),
    )
    .values(state="revoked")
    .returning(tokens.c.grant_id)
)

_VOID_CODES: Final = (
    update(auth_codes).where(auth_codes.c.consumed_at.is_(None)).values(consumed_at=now_ms)
)
_VOID_CODES_OF_CLIENT: Final = _VOID_CODES.where(auth_codes.c.client_id == bindparam("client"))


class GrantStore:
    """Applies what `auth.redeeming` and `auth.refreshing` decide, each in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def redeem(self, code: Digest, pair: PairDigests, decide: DecideCode) -> Exchanged:
        """Turn a code into a grant with its first tokens, or not, as `decide` says.

        Args:
            code: What the client presents.
            pair: The tokens that become valid.
            decide: A pure function of what is known of the code; may be asked twice.
        """
        grant_id = uuid.uuid4().hex

        async def work(connection: AsyncConnection) -> Exchanged:
            for _ in range(2):
                presented = await find_code(connection, code)
                if presented is None:
                    return Denied(error=invalid_grant("unknown code"))
                done = await _apply(connection, presented, decide(presented.facts), grant_id, pair)
                if done is not None:
                    return done
                # Somebody used it up in between; now it is a used one.
            return Denied(error=invalid_grant("code used meanwhile"))

        return await self._database.write(work)

    async def refresh(
        self, token: Digest, successors: Successors, decide: DecideRefresh
    ) -> Exchanged:
        """Give a refresh token's successors, or not, as `decide` says.

        Args:
            token: What the client presents.
            successors: The tokens that become valid, unless the answer of before is repeated.
            decide: A pure function of what is known of the token.
        """

        async def work(connection: AsyncConnection) -> Exchanged:
            return await refresh_in(connection, token, successors, decide)

        return await self._database.write(work)

    async def revoke_by_token(
        self, token: Digest, *, client_id: str, instance_id: str
    ) -> Revoked | None:
        """End what a client gives back; None when nothing changed.

        Nothing changes when the token is unknown, dead, or not the client's at this instance.
        """
        owned = {"token": token, "client": client_id, "instance": instance_id}

        async def work(connection: AsyncConnection) -> Revoked | None:
            ending = {**owned, "ended": "revoked", "why": "client"}
            grant_id = (await connection.execute(_END_OF_TOKEN, ending)).scalar_one_or_none()
            if grant_id is not None:
                return Revoked(grant_id=grant_id, kind="refresh")
            grant_id = (await connection.execute(_END_ACCESS, owned)).scalar_one_or_none()
            return None if grant_id is None else Revoked(grant_id=grant_id, kind="access")

        return await self._database.write(work)

    async def revoke_client(self, client_id: str) -> int:
        """End all grants of a client and void its codes; the number of grants."""
        client = {"client": client_id}

        async def work(connection: AsyncConnection) -> int:
            # The codes first: an exchange that is under way then ends before the grants are ended.
            await connection.execute(_VOID_CODES_OF_CLIENT, client)
            return await _end_many(connection, grants.c.client_id == client_id, "operator")

        return await self._database.write(work)

    async def revoke_instance(self, instance_id: str) -> int:
        """End all grants of an instance and void its codes; the number of grants."""

        async def work(connection: AsyncConnection) -> int:
            # The codes first, as above.
            await delete_all(connection, auth_codes, auth_codes.c.instance_id == instance_id)
            return await _end_many(connection, _is_of(instance_id), "operator")

        return await self._database.write(work)

    async def revoke_all(self) -> int:
        """End all grants and void all codes; the number of grants."""

        async def work(connection: AsyncConnection) -> int:
            await connection.execute(_VOID_CODES)
            return await _end_many(connection, true(), "operator")

        return await self._database.write(work)

    async def introspect(self, token: Digest) -> TokenFacts | None:
        """What is known of an access or refresh token; None when nothing is."""
        return await self._database.read(lambda connection: find_token(connection, token))


async def refresh_in(
    connection: AsyncConnection, token: Digest, successors: Successors, decide: DecideRefresh
) -> Exchanged:
    """`GrantStore.refresh` inside of a transaction that somebody else commits."""
    family = await lock_family(connection, token)
    if family is None:
        return Denied(error=invalid_grant("unknown refresh token"))
    facts = await family.facts()
    decision = decide(facts)
    match decision:
        case Rotate() as to:
            await family.rotate(to, successors, facts.now)
            left = seconds_between(facts.now, to.access_expires_at)
            return Granted(grant_id=family.grant_id, scopes=to.scopes, expires_in_s=left)
        case Replay() as same:
            await family.count_replay()
            left = seconds_between(facts.now, same.access_expires_at)
            return Granted(
                grant_id=family.grant_id,
                scopes=same.scopes,
                expires_in_s=left,
                replay=family.replay,
            )
        case Refuse(error):
            return Denied(error=error)
        case Compromise(error):
            await _end(connection, family.grant_id, "compromised", "refresh_reused")
            return Denied(error=error, ended_grant=family.grant_id)
        case _:
            assert_never(decision)


async def end_grants_of(connection: AsyncConnection, instance_id: str) -> int:
    """End all grants of an instance that is being deleted; their number."""
    return await _end_many(connection, _is_of(instance_id), "instance_deleted")


async def _apply(
    connection: AsyncConnection,
    code: PresentedCode,
    decision: CodeDecision,
    grant_id: str,
    pair: PairDigests,
) -> Exchanged | None:
    """Do as decided; None when somebody else used the code up in between."""
    match decision:
        case Issue() as issue:
            if not await code.consume(grant_id):
                return None
            await code.make_grant(grant_id, issue, pair)
            left = seconds_between(code.facts.now, issue.access_expires_at)
            return Granted(grant_id=grant_id, scopes=code.facts.scopes, expires_in_s=left)
        case Burn(error):
            return Denied(error=error, used_up=True) if await code.consume(None) else None
        case Keep(error):
            return Denied(error=error)
        case RevokeMade(made, error):
            is_first = await _end(connection, made, "revoked", "code_reused")
            return Denied(error=error, ended_grant=made if is_first else None)
        case _:
            assert_never(decision)


async def _end(
    connection: AsyncConnection,
    grant_id: str,
    status: Literal["revoked", "compromised"],
    reason: EndReason,
) -> bool:
    ending = {"family": grant_id, "ended": status, "why": reason}
    return (await connection.execute(_END_ONE, ending)).scalar_one_or_none() is not None


def _is_of(instance_id: str) -> ColumnElement[bool]:
    made = select(connections.c.id).where(connections.c.instance_id == instance_id)
    return grants.c.connection_id.in_(made)


async def _end_many(
    connection: AsyncConnection, condition: ColumnElement[bool], reason: EndReason
) -> int:
    """End all grants that meet a condition, whatever their number, which is returned."""
    alive = and_(condition, grants.c.status == "active")
    ended = {"status": "revoked", "reason": reason, "ended_at": now_ms}
    return await update_all(connection, grants, alive, ended)
