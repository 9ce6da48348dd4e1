"""The tools of a connector file planned one at a time, to find out which of them can be carried."""

from dataclasses import dataclass

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.diagnostics import Diagnostic
from treenail_generator.document import Document
from treenail_generator.plan import EndpointPlan

from .answers import Answers
from .faults import Faults
from .module_names import ModuleNames
from .readings import Readings
from .tools import Tools
from .types import Types


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came out for one tool.

    Attributes:
        faults: Why it cannot be planned; none when it can.
        notes: What was decided by rule.
        endpoint: What it would send; None when its operation cannot be read.
    """

    faults: tuple[Diagnostic, ...]
    notes: tuple[Diagnostic, ...]
    endpoint: EndpointPlan | None


class Trial:
    """Plans tools of one request; whatever a faulty one left behind is forgotten."""

    def __init__(
        self, request: ConnectorRequest, document: Document, readings: Readings | None = None
    ) -> None:
        """`readings` of another trial with the same defaults spare this one to read again."""
        self._request = request
        self._document = document
        self.readings = readings or Readings(request, document)
        self._begin()

    def tried(self, index: int) -> Tried:
        """What comes out for the tool at `index`."""
        self._faults.forget_notes()
        tool = self._planner.carried(index)
        found = Tried(
            faults=tuple(self._faults.diagnostics),
            notes=tuple(self._faults.notes),
            endpoint=tool.endpoint if tool is not None else None,
        )
        if found.faults:
            # A component that was planned once is not looked at again, so its fault would be
            # told of the first tool alone.
            self._begin()
        return found

    def _begin(self) -> None:
        request, names, self._faults = self._request, ModuleNames(), Faults()
        types = Types(self.readings.views, request.file.defaults, names, self._faults)
        answers = Answers(request, self.readings, names, self._faults)
        self._planner = Tools(request, self._document, types, answers, names, self._faults)
