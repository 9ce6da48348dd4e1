"""The MCP endpoints of the instances, and what stands before each of them."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from treenail_runtime.auth.metadata import resource_document_url
from treenail_runtime.auth.records import Instance, Principal
from treenail_runtime.edge.callers import CallerRule
from treenail_runtime.edge.framings import Framing
from treenail_runtime.edge.gates import BearerGate, ClosedGate, Principals, Surroundings
from treenail_runtime.edge.mcp_endpoint import McpEndpoint
from treenail_runtime.edge.oauth.services import OAuth
from treenail_runtime.edge.recognising import Recogniser
from treenail_runtime.edge.running import RunningCalls
from treenail_runtime.edge.scopes import ToolScopes
from treenail_runtime.edge.sessions import BoundSessions
from treenail_runtime.measures import Measures
from treenail_runtime.storage.sessions import SessionStore
from treenail_runtime.tracing import UNTRACED, Traces

from .administering import Core
from .calling import CallContexts
from .directory import Directory

_MOST: Final = 4096
"""Endpoints that one worker keeps ready; others are made again when they are asked for."""


class Gates:
    """What stands before each MCP endpoint."""

    def __init__(
        self,
        core: Core,
        services: OAuth,
        contexts: CallContexts,
        principals: Principals,
        callers: CallerRule,
        measures: Measures,
    ) -> None:
        self._core = core
        self._measures = measures
        self._services = services
        self._contexts = contexts
        self._principals = principals
        self._callers = callers

    def gate(self, instance: Instance) -> BearerGate:
        """Who may pass."""

        def context_of(principal: Principal) -> Surroundings:
            return self._contexts.of(instance, principal)

        async def is_open() -> bool:
            found = await self._core.directory.by_id(instance.id)
            return found is not None and found.is_open

        return BearerGate(
            instance=instance,
            document_url=resource_document_url(instance, self._core.base_url),
            principals=self._principals,
            recogniser=Recogniser(self._core.sealer, self._core.macs),
            context_of=context_of,
            limits=self._services.limiter.at(instance),
            caller_address=self._callers.address,
            is_open=is_open,
            measures=self._measures,
        )

    def scopes(self, instance: Instance) -> ToolScopes:
        """What each tool needs."""
        connector = self._services.connectors[instance.connector]
        return ToolScopes.of(
            connector, instance, resource_document_url(instance, self._core.base_url)
        )


class Endpoints:
    """The MCP endpoints, each made when it is first asked for."""

    def __init__(
        self,
        directory: Directory,
        framings: Mapping[str, Framing],
        gates: Gates,
        sessions: SessionStore | None,
        calls: RunningCalls | None = None,
        traces: Traces = UNTRACED,
    ) -> None:
        self._traces = traces
        self._calls = calls
        self._directory = directory
        self._framings = framings
        self._gates = gates
        self._sessions = sessions
        self._made: OrderedDict[str, tuple[Instance, McpEndpoint]] = OrderedDict()

    async def find(self, name: str) -> McpEndpoint | None:
        """The endpoint of the instance of that name; None when there is none.

        Raises:
            StoreUnavailableError: The database does not answer.
        """
        instance = await self._directory.find(name)
        return None if instance is None else self.of(instance)

    def of(self, instance: Instance) -> McpEndpoint:
        """The endpoint of `instance`."""
        made = self._made.get(instance.id)
        if made is not None and made[0] is instance:
            self._made.move_to_end(instance.id)
            return made[1]
        endpoint = self._make(instance)
        self._made[instance.id] = (instance, endpoint)
        while len(self._made) > _MOST:
            self._made.popitem(last=False)
        return endpoint

    def _make(self, instance: Instance) -> McpEndpoint:
        sessions = self._sessions
        return McpEndpoint(
            connector=instance.connector,
            framing=self._framings[instance.connector],
            gate=self._gates.gate(instance) if instance.is_open else ClosedGate(),
            scopes=self._gates.scopes(instance),
            sessions=None if sessions is None else BoundSessions(sessions, instance.token_prefix),
            instance_id=instance.id,
            calls=self._calls,
            traces=self._traces,
        )
