"""Counts for Prometheus, on a port of their own: they are the operator's, not the clients'."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from treenail_runtime.measures import Cache, Circuit, Measures, Refreshed
from treenail_runtime.settings import ConfigurationError

_MOST_PLACES: Final = 200
"""Instances that are told by name, for each process; the others are one."""

_OTHERS: Final = "(others)"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Prometheus(Measures):
    """Keeps counts as Prometheus reads them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = self._counter("tool_calls", "Tool calls", "connector", "tool", "outcome")
        self._call_s = self._histogram("tool_call_seconds", "What tool calls took", "connector")
        self._answers = self._counter(
            "upstream_requests", "Requests to upstreams", "connector", "status"
        )
        self._upstream_s = self._histogram(
            "upstream_request_seconds", "What requests to upstreams took", "connector"
        )
        self._opened = self._counter(
            "upstream_circuit_opened", "Upstreams left alone after many failures", "connector"
        )
        self._left_alone = self._counter(
            "provider_circuit_opened",
            "Providers left alone after many failures",
            "connector",
            "circuit",
        )
        self._refreshes = self._counter(
            "token_refreshes", "Providers asked for new tokens", "outcome"
        )
        self._lookups = self._counter("cache_lookups", "Looks into caches", "cache", "outcome")
        self._entries = self._gauge("cache_entries", "Entries that caches hold", "cache")
        self._bytes = self._gauge("cache_bytes", "Bytes that caches hold", "cache")
        self._streams = self._gauge("streams", "Streams that are open now")
        self._served = self._counter("instance_requests", "Requests of proven callers", "instance")
        self._places: set[str] = set()

    def called(self, connector: str, tool: str, outcome: str, seconds: float) -> None:
        """Count a tool call."""
        self._calls.labels(connector, tool, outcome).inc()
        self._call_s.labels(connector).observe(seconds)

    def asked(self, connector: str, status: int | None, seconds: float) -> None:
        """Count a request to an upstream, by the first digit of its status."""
        told = "none" if status is None else f"{status // 100}xx"
        self._answers.labels(connector, told).inc()
        self._upstream_s.labels(connector).observe(seconds)

    def opened(self, connector: str) -> None:
        """Count an upstream that is left alone."""
        self._opened.labels(connector).inc()

    def provider_left_alone(self, connector: str, circuit: Circuit) -> None:
        """Count a provider that is left alone, for all or for one instance."""
        self._left_alone.labels(connector, circuit).inc()

    def refreshed(self, outcome: Refreshed) -> None:
        """Count a question to a provider."""
        self._refreshes.labels(outcome).inc()

    def looked_up(self, cache: Cache, *, hit: bool) -> None:
        """Count a look into a cache."""
        self._lookups.labels(cache, "hit" if hit else "miss").inc()

    def holds(self, cache: Cache, entries: int, size: int) -> None:
        """Tell what a cache holds now."""
        self._entries.labels(cache).set(entries)
        self._bytes.labels(cache).set(size)

    def listening(self, streams: int) -> None:
        """Tell how many streams are open."""
        self._streams.set(streams)

    def served(self, place: str) -> None:
        """Count a request, by name for the first instances that have any."""
        if place not in self._places:
            if len(self._places) >= _MOST_PLACES:
                place = _OTHERS
            self._places.add(place)
        self._served.labels(place).inc()

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"treenail_{name}", words, labels, registry=self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        # Of several workers the sum; a worker that has ended holds nothing.
        return Gauge(
            f"treenail_{name}",
            words,
            labels,
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def _histogram(self, name: str, words: str, *labels: str) -> Histogram:
        return Histogram(
            f"treenail_{name}", words, labels, registry=self.registry, buckets=_SECONDS
        )


@contextmanager
def telling(host: str, port: int, registry: CollectorRegistry) -> Generator[None]:
    """Answer at `http://host:port/metrics` from a thread of its own.

    Raises:
        ConfigurationError: The address cannot be had.
    """
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"cannot tell metrics at {host}:{port}: {reason}") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def gathered(folder: Path) -> CollectorRegistry:
    """What all processes have counted whose `PROMETHEUS_MULTIPROC_DIR` is `folder`."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # pyright: ignore[reportUnknownMemberType]  # untyped
    return registry
