"""Connectors that are found, checked, exchanged and measured while a server runs."""

from typing import Final

from .requirement import Requirement

_TWO: Final = "seed 002"

REQUIREMENTS: Final[dict[str, Requirement]] = {
    "S2-34": Requirement(
        _TWO, "Health states healthy/degraded/unhealthy, with the reason; provider availability"
    ),
    "S2-41": Requirement(_TWO, "Connectors are discovered in their folder and registered"),
    "S2-43": Requirement(
        _TWO,
        "Registry: one place that knows all connectors, dynamic loading, one kind of endpoint for "
        "all, health of all; a broken connector takes no other down",
    ),
    "S2-06": Requirement(
        _TWO, "/cache-tokens endpoint: what is held is told, and forgotten, over the admin API"
    ),
    "S2-07": Requirement(_TWO, "Requests find their instance; statistics and monitoring"),
    "S2-23": Requirement(
        _TWO, "What is known of an instance is held in memory by its id and version, and bounded"
    ),
    "S2-25": Requirement(
        _TWO,
        "Held entries are brought in line with the database",
        reason="nothing held is a second truth: entries end within seconds, and are keyed by version",
    ),
    "S2-28": Requirement(
        _TWO,
        "Upstream refresh: circuit breaker, exponential backoff, refresh before expiry, graceful "
        "degradation",
    ),
    "S2-29": Requirement(
        _TWO, "Refresh: through the breaker, kept in the database, attempts counted and reset"
    ),
    "S2-26": Requirement(
        _TWO, "Held entries of one instance or of all are forgotten on command, in every worker"
    ),
    "S2-36": Requirement(
        _TWO, "Held entries end by themselves; statistics; a lost Redis is recovered from"
    ),
    "S2-33": Requirement(
        _TWO,
        "OAuth service management: connection pooling, breaker, health, performance metrics; started "
        "and stopped with the server, restarted by its supervisor",
    ),
    "TRACES": Requirement(
        "OpenTelemetry specification 1.50, Environment Variables and OTLP Exporter; W3C Trace Context",
        "one trace from the client to the upstream when OTEL_* ask for it; nothing loaded or sent else;"
        " a collector that is away hurts nobody; the upstream is told of it only by setting",
    ),
    "TOKENS-CONNECTOR": Requirement(
        "ours", "what was typed for one connector never reaches the upstream of another"
    ),
}
