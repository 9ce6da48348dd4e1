"""Whether a server counts, and where its counts are told: on a port of their own, if at all."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from treenail_runtime.measures import UNMEASURED, Measures
from treenail_runtime.settings import Settings


@contextmanager
def measured(settings: Settings) -> Generator[Measures]:
    """What this process counts, told while the block runs.

    Raises:
        ConfigurationError: The address cannot be had.
    """
    if settings.metrics_port is None:
        yield UNMEASURED
        return
    from . import metrics  # noqa: PLC0415  # most servers do without

    measures = metrics.Prometheus()
    with metrics.telling(settings.metrics_host, settings.metrics_port, measures.registry):
        yield measures


@contextmanager
def gathering(settings: Settings) -> Generator[Path | None]:
    """Tell what workers count while the block runs; the folder where they keep it, if they do.

    Raises:
        ConfigurationError: The address cannot be had.
    """
    if settings.metrics_port is None:
        yield None
        return
    from . import metrics  # noqa: PLC0415  # as above

    with tempfile.TemporaryDirectory(prefix="treenail-metrics-") as name:
        folder = Path(name)
        registry = metrics.gathered(folder)
        with metrics.telling(settings.metrics_host, settings.metrics_port, registry):
            yield folder


def counting_in(folder: Path | None) -> Measures:
    """What a worker counts."""
    if folder is None:
        return UNMEASURED
    # Read when the library is imported, which nothing has done yet in this process.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    from . import metrics  # noqa: PLC0415  # see above

    return metrics.Prometheus()
