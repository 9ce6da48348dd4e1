"""Who may use an MCP endpoint: everybody of this machine, or whoever shows a token for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

import structlog

from treenail_runtime.auth.bearer import PrincipalFacts, Refusal
from treenail_runtime.auth.errors import StoreUnavailableError
from treenail_runtime.auth.records import Digest, Instance, Principal
from treenail_runtime.contract import ToolContext, ToolError
from treenail_runtime.crypto.opaque import digest, is_well_formed
from treenail_runtime.dispatch.callers import Caller
from treenail_runtime.dispatch.envelope import Reply, error_reply
from treenail_runtime.limits import Limits
from treenail_runtime.measures import UNMEASURED, Measures
from treenail_runtime.upkeep import ProviderAway, ReauthNeeded

from .asgi import Header, Scope
from .limiting import first_refusal, too_many_calls
from .recognising import Recogniser

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_SCHEME: Final = b"bearer "
_LONGEST: Final = 128
_UNAUTHORIZED: Final = -32_001
"""Of the range that JSON-RPC 2.0 leaves to servers; what earlier servers used."""

_UNAVAILABLE: Final = -32_002
_CLOSED_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """The request may be served.

    Attributes:
        principal: None where there is no authorization.
        prepare: To be called before a tool is: has a token of the upstream ready, or tells why
            the request is not served after all. None where nothing has to be prepared.
    """

    caller: Caller
    principal: Principal | None = None
    prepare: "Callable[[], Awaitable[Barred | None]] | None" = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a principal's calls are made in.

    Attributes:
        prepare: Has a token of the upstream ready; None where none is needed. Raises an
            `UpkeepError` when there is none, and `StoreUnavailableError`.
    """

    context: ToolContext
    prepare: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Barred:
    """The request is not served.

    Attributes:
        reply: 401, 429 or 503; says nothing about what is wrong with a token.
    """

    reply: Reply
    headers: Sequence[Header] = ()


class Principals(Protocol):
    """Where tokens are looked up."""

    async def find(self, token: Digest) -> PrincipalFacts | None:
        """What is known of a token; None when nothing is."""
        ...

    async def note_use(self, facts: PrincipalFacts) -> None:
        """Remember that its grant is in use."""
        ...


class Gate(Protocol):
    """Decides who may pass."""

    async def admit(self, scope: Scope) -> Admitted | Barred:
        """Whether the request may be served, by its head alone."""
        ...


class OpenGate:
    """Everybody who reaches it, as one connection."""

    def __init__(self, context: ToolContext) -> None:
        self._admitted = Admitted(caller=Caller(context))

    async def admit(self, scope: Scope) -> Admitted | Barred:  # noqa: ARG002  # everybody
        """Everybody may pass."""
        return self._admitted


class ClosedGate:
    """Nobody: the instance waits for credentials, is switched off, or its connector is gone."""

    async def admit(self, scope: Scope) -> Admitted | Barred:  # noqa: ARG002  # nobody
        """Nobody may pass; tokens stay good for when it is open again."""
        return _CLOSED


def challenge(instance: Instance, document_url: str, **attributes: str) -> Header:
    """`WWW-Authenticate` (RFC 6750 3, RFC 9728 5.1); without `error` where no token came."""
    given = {
        **attributes,
        "scope": attributes.get("scope") or " ".join(sorted(instance.default_scopes)),
        "resource_metadata": document_url,
    }
    text = ", ".join(f'{name}="{value}"' for name, value in given.items())
    return (b"www-authenticate", f"Bearer {text}".encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerGate:
    """Whoever shows an access token that was issued for this instance (MCP, Authorization).

    Attributes:
        document_url: The protected resource's metadata, told in the challenge.
        context_of: The connection's surroundings.
        caller_address: For the limit on requests without a good token.
        is_open: Whether the instance is still in service; raises `StoreUnavailableError`.
        measures: Told of each request that may pass.
    """

    instance: Instance
    document_url: str
    principals: Principals
    recogniser: Recogniser
    context_of: Callable[[Principal], Surroundings]
    limits: Limits
    caller_address: Callable[[Scope], str]
    is_open: Callable[[], Awaitable[bool]]
    measures: Measures = UNMEASURED
    _absent: Barred = field(init=False)
    _invalid: Barred = field(init=False)
    _noting: set[asyncio.Task[None]] = field(init=False, default_factory=set["asyncio.Task[None]"])

    def __post_init__(self) -> None:
        """Make the two refusals once: every bad token gets the same bytes."""
        absent = challenge(self.instance, self.document_url)
        invalid = challenge(self.instance, self.document_url, error="invalid_token")
        object.__setattr__(self, "_absent", _unauthorized(absent))
        object.__setattr__(self, "_invalid", _unauthorized(invalid))

    async def admit(self, scope: Scope) -> Admitted | Barred:
        """The owner of the token in `Authorization`, which is the only place for one."""
        shown = _authorization(scope)
        if shown is None:
            return await self._barred(scope, "no token", self._absent)
        token = _token(shown)
        if token is None:
            return await self._barred(scope, "malformed token", self._invalid)
        token_hash = Digest(digest(token))
        try:
            found = await self._principal(token_hash)
        except StoreUnavailableError as error:
            log.warning("bearer.unavailable", reason=str(error))
            return unavailable(error.retry_after_s)
        if isinstance(found, Refusal):
            return await self._barred(scope, found.reason, self._invalid)
        exceeded = await first_refusal(
            self.limits, ("mcp_grant", found.grant_id), ("mcp_instance", "")
        )
        if exceeded is not None:
            return Barred(*too_many_calls(exceeded))
        try:
            surroundings = self.context_of(found)
        except ToolError as error:
            log.warning("bearer.connection_unusable", reason=error.message, grant=found.grant_id)
            return self._invalid
        self.measures.served(self.instance.base_path or "/")
        return Admitted(
            caller=Caller(
                surroundings.context,
                found.scopes,
                grant_id=found.grant_id,
                instance_id=self.instance.id,
                may_stay=partial(self._may_stay, token_hash),
            ),
            principal=found,
            prepare=self._preparing(surroundings, found),
        )

    async def _may_stay(self, token: Digest) -> bool:
        """Whether a token that was good still is; that is no use of its grant."""
        if not await self.is_open():
            return False
        return not isinstance(await self._principal(token, is_use=False), Refusal)

    def _preparing(
        self, surroundings: Surroundings, principal: Principal
    ) -> Callable[[], Awaitable[Barred | None]] | None:
        prepare = surroundings.prepare
        if prepare is None:
            return None

        async def prepared() -> Barred | None:
            try:
                await prepare()
            except ReauthNeeded as error:
                log.info("bearer.refused", reason=str(error), grant=principal.grant_id)
                return self._invalid
            except ProviderAway as error:
                return unavailable(error.retry_after_s)
            return None

        return prepared

    async def _principal(self, token: Digest, *, is_use: bool = True) -> Principal | Refusal:
        facts = await self.principals.find(token)
        principal = self.recogniser.principal(facts, self.instance)
        if isinstance(principal, Principal) and is_use and facts is not None and facts.is_use_due:
            self._note(facts)
        return principal

    def _note(self, facts: PrincipalFacts) -> None:
        """Beside the call, which does not wait for it."""
        noting = asyncio.create_task(self.principals.note_use(facts))
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)

    async def _barred(self, scope: Scope, reason: str, refusal: Barred) -> Barred:
        log.info("bearer.refused", reason=reason, instance=self.instance.id)
        exceeded = await first_refusal(self.limits, ("mcp", self.caller_address(scope)))
        if exceeded is None:
            return refusal
        reply, headers = too_many_calls(exceeded)
        # Many people may share the address; each of them still learns where tokens come from.
        return Barred(reply, (*headers, *refusal.headers))


def _authorization(scope: Scope) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == b"authorization"), None)


def _token(shown: bytes) -> str | None:
    """The token of `Bearer <token>` when it can be one of ours; nothing else is looked up."""
    if len(shown) > _LONGEST or shown[: len(_SCHEME)].lower() != _SCHEME or not shown.isascii():
        return None
    token = shown[len(_SCHEME) :].decode("ascii")
    return token if is_well_formed(token, "atk") else None


def _unauthorized(header: Header) -> Barred:
    return Barred(error_reply(None, _UNAUTHORIZED, "Unauthorized", status=401), (header,))


def unavailable(retry_after_s: int) -> Barred:
    """The database does not answer: the token may be good, so nobody is told that it is not."""
    message = "The server cannot answer now; try again"
    reply = error_reply(None, _UNAVAILABLE, message, status=503)
    return Barred(reply, ((b"retry-after", b"%d" % retry_after_s),))


_CLOSED: Final = Barred(
    error_reply(None, _UNAVAILABLE, "This instance is not in service", status=503),
    ((b"retry-after", b"%d" % _CLOSED_S),),
)
