"""What a new build means for the tools that agents know: broken, widened, or the same.

Compares what the committed module publishes, and what its lock knows of answers and hand-written
tools, with a fresh build. docs/drift.md says what counts as breaking, and why.
"""

from .comparing import compare
from .drift import Change, Drift
from .markdown import as_markdown
from .schemas import schema_changes
from .upstream import compare_documents

__all__ = [
    "Change",
    "Drift",
    "as_markdown",
    "compare",
    "compare_documents",
    "schema_changes",
]
