"""An OpenTelemetry collector on the loopback interface, which keeps the spans that it is sent."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from tests.support.loopback import Loopback, Reply, loopback, reply

TAKEN = reply(200, b"", "Content-Type: application/x-protobuf")


@dataclass(frozen=True)
class Seen:
    """A span as it arrived, and the resource that it came with."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    facts: Mapping[str, str]
    failed: bool
    resource: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Collector:
    """What arrived, and how to reach it."""

    site: Loopback

    @property
    def environment(self) -> dict[str, str]:
        """Has a server send its spans here, soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.site.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}

    def ask_for(self, patch: pytest.MonkeyPatch) -> None:
        """Have servers of this process send their spans here."""
        for name, value in self.environment.items():
            patch.setenv(name, value)

    @property
    def bytes(self) -> bytes:
        """All that arrived, as it came."""
        return b"\n".join(each.body for each in self.site.requests)

    @property
    def spans(self) -> list[Seen]:
        """In the order of their arrival."""
        return [span for each in self.site.requests for span in _read(each.body)]


@asynccontextmanager
async def collector(*replies: Reply) -> AsyncGenerator[Collector]:
    """A collector that answers with `replies` in turn, unless given it takes everything."""
    async with loopback(*(replies or (TAKEN,))) as site:
        yield Collector(site)


def _read(body: bytes) -> Sequence[Seen]:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    return [
        Seen(
            span.name,
            WireSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            _facts(span.attributes),
            span.status.code == span.status.STATUS_CODE_ERROR,
            _facts(group.resource.attributes),
        )
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _facts(pairs: Sequence[KeyValue]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        kind = pair.value.WhichOneof("value")
        found[pair.key] = str(getattr(pair.value, kind)) if kind else ""
    return found
