"""The tools of a connector file planned one at a time, to find out which of them can be carried."""

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.diagnostics import Diagnostic
from treenail_generator.document import Document

from .answers import Answers
from .faults import Faults
from .module_names import ModuleNames
from .readings import Readings
from .tools import Tools
from .types import Types


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

    def faults_of(self, index: int) -> tuple[Diagnostic, ...]:
        """Why the tool at `index` cannot be planned; empty when it can."""
        self._planner.plan(index)
        found = tuple(self._faults.diagnostics)
        if found:
            # A component that was planned once is not looked at again, so its fault would be
            # told of the first tool alone.
            self._begin()
        return found

    def _begin(self) -> None:
        request, names, self._faults = self._request, ModuleNames(), Faults()
        types = Types(self.readings.views, request.file.defaults, names, self._faults)
        answers = Answers(request, self.readings, names, self._faults)
        self._planner = Tools(request, self._document, types, answers, names, self._faults)
