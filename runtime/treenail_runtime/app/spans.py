"""Traces as OpenTelemetry keeps them. Names, places and outcomes; never an argument, query or text."""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType, TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    SpanKind,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace import Span as KeptSpan
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from treenail_runtime.dispatch.strict_json import is_object
from treenail_runtime.tracing import GrantType, Span, Traces

_HEADER: Final = "traceparent"
_LONGEST: Final = 55
"""Of a `traceparent` of version 00 (W3C Trace Context, 3.2)."""

_CALL: Final = "tools/call"
_KNOWN: Final = frozenset(
    {_CALL, "tools/list", "initialize", "server/discover", "ping", "subscriptions/listen"}
)
_OTHER: Final = "_OTHER"
"""Stands for what a client made up (semantic conventions, `http.request.method`)."""

_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_PORTS: Final[Mapping[str, int]] = MappingProxyType({"http": 80, "https": 443})

_propagator: Final = TraceContextTextMapPropagator()

Attributes = Mapping[str, str | int]


class OpenTelemetry(Traces):
    """Keeps spans with a tracer.

    Args:
        tracer: Makes them.
        carried: Connectors whose upstreams are told the trace.
    """

    def __init__(self, tracer: Tracer, carried: Container[str] = ()) -> None:
        self._tracer = tracer
        self._carried = carried

    def request(
        self, connector: str, method: str, route: str, headers: Iterable[tuple[bytes, bytes]]
    ) -> Span:
        """A SERVER span below the client's."""
        attributes: Attributes = {
            "http.request.method": method,
            "http.route": route,
            "treenail.connector": connector,
        }
        parents = [value for name, value in headers if name == b"traceparent"]
        # Sent twice, it is as good as not sent.
        parent = _remote(parents[0].decode("latin-1")) if len(parents) == 1 else None
        return _Kept(self._tracer, f"{method} {route}", SpanKind.SERVER, attributes, parent)

    def message(
        self, method: str, params: Mapping[str, Any] | None, version: str, tools: Container[str]
    ) -> Span:
        """A SERVER span below the one that `_meta` names, else below the request."""
        given = params or {}
        name = method if method in _KNOWN else _OTHER
        attributes = {"mcp.method.name": name, "mcp.protocol.version": version}
        tool = given.get("name")
        if method == _CALL:
            attributes["gen_ai.operation.name"] = "execute_tool"
            if isinstance(tool, str) and tool in tools:
                attributes["gen_ai.tool.name"] = tool
                name = f"{name} {tool}"
        meta = given.get("_meta")
        parent = _remote(meta.get(_HEADER)) if is_object(meta) else None
        around = get_current_span()
        links = () if parent is None or around is INVALID_SPAN else (_link(around),)
        return _Kept(self._tracer, name, SpanKind.SERVER, attributes, parent, links)

    def asking(self, connector: str, method: str, path: str, server_url: str, attempt: int) -> Span:
        """A CLIENT span, one for each attempt."""
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "url.template": path,
            "treenail.connector": connector,
            **_place(server_url),
        }
        if attempt > 1:
            attributes["http.request.resend_count"] = attempt - 1
        return _Kept(
            self._tracer,
            f"{method} {path}",
            SpanKind.CLIENT,
            attributes,
            is_carried=connector in self._carried,
        )

    def refreshing(self, instance_id: str, grant_type: GrantType) -> Span:
        """A CLIENT span below the call that waits, if one does."""
        attributes: Attributes = {
            "treenail.instance": instance_id,
            "treenail.grant_type": grant_type,
        }
        return _Kept(self._tracer, f"oauth {grant_type}", SpanKind.CLIENT, attributes)


class _Kept(Span):
    """A span that is kept, and the current one as long as it lasts."""

    def __init__(  # what a span is made of
        self,
        tracer: Tracer,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        parent: Context | None = None,
        links: Sequence[Link] = (),
        *,
        is_carried: bool = False,
    ) -> None:
        self._span: KeptSpan = tracer.start_span(
            name, parent, kind=kind, attributes=attributes, links=links
        )
        self._is_client = kind is SpanKind.CLIENT
        self._has_failed = False
        self._is_carried = is_carried

    @property
    def facts(self) -> Mapping[str, str]:  # pyright: ignore[reportIncompatibleVariableOverride]  # made when asked for
        return {"trace_id": f"{self._span.get_span_context().trace_id:032x}"}

    @property
    def traceparent(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # as above
        if not self._is_carried:
            return ""
        known = self._span.get_span_context()
        return f"00-{known.trace_id:032x}-{known.span_id:016x}-{known.trace_flags:02x}"

    def __enter__(self) -> Span:
        self._token = contexts.attach(set_span_in_context(self._span))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The type and no more: messages of exceptions hold what people typed.
        if kind is not None and not self._has_failed:
            self.failed(kind.__name__)
        contexts.detach(self._token)
        self._span.end()

    def answered(self, status: int) -> None:
        self._span.set_attribute("http.response.status_code", status)
        if status >= (_CLIENT_ERROR if self._is_client else _SERVER_ERROR):
            self.failed(str(status))

    def failed(self, error: str, outcome: str = "") -> None:
        self._has_failed = True
        self._span.set_attribute("error.type", error)
        if outcome:
            self._span.set_attribute("treenail.outcome", outcome)
        self._span.set_status(StatusCode.ERROR)


def _remote(text: object) -> Context | None:
    """The context that a `traceparent` names; None for none, or one that says nothing.

    `tracestate` and baggage are not read: they would be a client's words in the operator's traces.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    context = _propagator.extract({_HEADER: text}, Context())
    return context if get_current_span(context).get_span_context().is_valid else None


def _link(span: KeptSpan) -> Link:
    return Link(span.get_span_context())


@lru_cache(maxsize=256)
def _place(server_url: str) -> Attributes:
    """Host and port of a URL, without whatever else stands in it."""
    parts = urlsplit(server_url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return {
        "server.address": parts.hostname or "",
        "server.port": port,
        "url.scheme": parts.scheme,
    }
