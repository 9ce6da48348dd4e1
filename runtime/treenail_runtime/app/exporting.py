"""Sends spans to a collector, in a thread of its own: a collector that is away is nobody's trouble."""

import logging
import uuid
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from threading import Thread
from typing import Any, Final

import requests
import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Tracer

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

FLUSH_SECONDS: Final = 3.0
"""How long the last spans may hold up the end."""

_NAME: Final = "treenail"
_UNNAMED: Final = "unknown_service"
_NOISY: Final = ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal")
"""They tell each batch that is lost and each try; what they tell is told here, once."""


@contextmanager
def tracer() -> Generator[Tracer]:
    """A tracer whose spans are sent; what is left at the end of the block is sent then.

    Endpoint, headers, sampler, resource and batches are what `OTEL_*` say, which the SDK reads.
    """
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    session = _Session()
    exporter = _ToldOnce(OTLPSpanExporter(session=session), session)
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield provider.get_tracer(_NAME, version(_NAME))
    finally:
        _close(provider, exporter)


def _resource() -> Resource:
    """Whose spans these are: of one process of the service."""
    own = {"service.version": version(_NAME), "service.instance.id": uuid.uuid4().hex}
    given = Resource.create()
    if str(given.attributes.get(SERVICE_NAME, _UNNAMED)).startswith(_UNNAMED):
        own[SERVICE_NAME] = _NAME
    # What the operator said goes before what we would say.
    told = {
        key: value
        for key, value in own.items()
        if key == SERVICE_NAME or key not in given.attributes
    }
    return given.merge(Resource(told))


def _close(provider: TracerProvider, exporter: SpanExporter) -> None:
    """Send what is left; a collector that does not answer by then gets nothing."""
    closing = Thread(target=provider.shutdown, daemon=True)
    closing.start()
    closing.join(FLUSH_SECONDS)
    if closing.is_alive():
        log.warning("traces.left_behind", seconds=FLUSH_SECONDS)
        exporter.shutdown()


class _Session(requests.Session):
    """Remembers what became of the last request, in words without an address."""

    outcome = ""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        try:
            response = super().request(*arguments, **options)
        except Exception as error:
            self.outcome = type(error).__name__
            raise
        self.outcome = f"status {response.status_code}"
        return response


class _ToldOnce(SpanExporter):
    """Tells when spans begin to be lost, and when they arrive again."""

    def __init__(self, exporter: SpanExporter, session: _Session) -> None:
        self._exporter = exporter
        self._session = session
        self._is_failing = False
        self._lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            if self._is_failing:
                log.info("traces.exported", lost=self._lost)
            self._is_failing, self._lost = False, 0
            return result
        self._lost += len(spans)
        if not self._is_failing:
            log.warning("traces.not_exported", reason=self._session.outcome or "shutting down")
        self._is_failing = True
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
