"""Who is told what a server does."""

from dataclasses import dataclass
from typing import Final

from treenail_runtime.measures import UNMEASURED, Measures
from treenail_runtime.tracing import UNTRACED, Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Observers:
    """Counts, and traces."""

    measures: Measures = UNMEASURED
    traces: Traces = UNTRACED


UNOBSERVED: Final = Observers()
