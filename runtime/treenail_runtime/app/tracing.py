"""Whether a server keeps traces, and where they go: as OpenTelemetry's variables say."""

import logging
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from treenail_runtime.settings import ConfigurationError, Settings, environment
from treenail_runtime.tracing import UNTRACED, Traces

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORTER: Final = "OTEL_TRACES_EXPORTER"
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL: Final = "http/protobuf"
_HEADERS: Final = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_HEADER_LOGGER: Final = "opentelemetry.util.re"
"""Told what cannot be read of the headers, which are keys of collectors."""
_PACKAGES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


@contextmanager
def traced(settings: Settings) -> Generator[Traces]:
    """What keeps the traces of this process; what is left is sent when the block ends.

    Raises:
        ConfigurationError: They are wanted and cannot be sent.
    """
    check_traces(settings)
    if not _is_wanted(settings, environment()):
        yield UNTRACED
        return
    from . import exporting  # noqa: PLC0415  # most servers do without

    with exporting.tracer() as tracer:
        from . import spans  # noqa: PLC0415  # as above

        yield spans.OpenTelemetry(tracer, frozenset(settings.trace_upstreams))


def check_traces(settings: Settings) -> None:
    """Refuse to start where traces are wanted and could not be sent.

    Raises:
        ConfigurationError: With every reason.
    """
    variables = environment()
    if not _is_wanted(settings, variables):
        return
    problems = [*_problems(variables)]
    if problems:
        raise ConfigurationError(*problems)


def _is_wanted(settings: Settings, variables: Mapping[str, str]) -> bool:
    """Whether traces are kept (OpenTelemetry specification, Environment Variables)."""
    if settings.tracing is False or _read(variables, "OTEL_SDK_DISABLED") == "true":
        return False
    exporter = _read(variables, _EXPORTER)
    if exporter == "none":
        return False
    named = exporter or any(variables.get(each) for each in _ENDPOINTS)
    return bool(settings.tracing or named)


def _problems(variables: Mapping[str, str]) -> Iterator[str]:
    if _read(variables, _EXPORTER) not in {"", "otlp"}:
        yield f"{_EXPORTER}: traces are sent by otlp, or not at all with none"
    protocol = next((told for each in _PROTOCOLS if (told := _read(variables, each))), _PROTOCOL)
    if protocol != _PROTOCOL:
        yield f"{_PROTOCOLS[1]}: traces are sent by {_PROTOCOL} only; collectors take it at port 4318"
    if not all(_is_installed(each) for each in _PACKAGES):
        yield (
            "traces are wanted (OTEL_EXPORTER_OTLP_ENDPOINT or TREENAIL_TRACING), and what sends "
            "them is not installed: pip install 'treenail[tracing]', or set TREENAIL_TRACING=false"
        )
        return
    headers = next((each for each in _HEADERS if variables.get(each)), None)
    if headers is not None and not _is_header_list(variables[headers]):
        yield (
            f"{headers}: write name=value, and a comma before the next one; other characters "
            "percent-encoded, such as %2C for a comma and %3B for a semicolon"
        )


def _is_header_list(text: str) -> bool:
    """Whether the SDK can read all of it."""
    from opentelemetry.util.re import parse_env_headers  # noqa: PLC0415  # as for the others

    logging.getLogger(_HEADER_LOGGER).setLevel(logging.CRITICAL + 1)
    return all(parse_env_headers(each, liberal=True) for each in text.split(",") if each.strip())


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _read(variables: Mapping[str, str], name: str) -> str:
    return variables.get(name, "").strip().lower()
