"""The mock as a whole, without any networking: one request in, one answer out."""

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.document import Document

from .answering import Answers
from .credentials import Credentials
from .faults import Fault, FaultName, asked_fault, refusal, spoilt
from .identifiers import Identifiers
from .journal import Journal
from .problems import Problems
from .resources import find_resources
from .routing import Match, Router, url_path
from .sampling import Sampler
from .shapes import Shapes
from .store import Store
from .validating import RequestReader
from .wire import Answer, Call, Refusal
from .writing import Writer


class Upstream:
    """The API of a document, over records that are made up and kept in memory.

    Attributes:
        name: Of the connector.
        base_path: The path of the connector's default server.
        journal: The requests so far.
    """

    def __init__(
        self, document: Document, request: ConnectorRequest, *, seed: int, fault: Fault | None
    ) -> None:
        servers = request.file.servers
        urls = {key: region.url for key, region in servers.regions.items()}
        self.name = request.file.name
        self.base_path = url_path(urls.get(servers.default, ""))
        shapes = Shapes(document)
        identifiers = Identifiers(seed, shapes)
        sampler = Sampler(shapes, identifiers)
        resources = find_resources(document, shapes, identifiers)
        self._store = Store(shapes, sampler, identifiers)
        writer = Writer(shapes, sampler, identifiers, resources, self._store)
        self._answers = Answers(shapes, sampler, resources, self._store, writer)
        self._problems = Problems(document, shapes, sampler, identifiers)
        self._router = Router(document, [*urls.values(), *servers.others])
        self._credentials = Credentials(document, request.file.auth)
        self._reader = RequestReader(document, shapes)
        self._fault = fault
        self._count = 0
        self.journal = Journal(self._credentials.secret_names)

    def reset(self) -> None:
        """Back to the state after the start."""
        self._count = 0
        self._store.reset()
        self._problems.reset()
        self.journal.reset()

    def fault_of(self, call: Call) -> FaultName | None:
        """The fault that this request meets; counts the request.

        Raises:
            Refusal: It asks for one that there is not.
        """
        self._count += 1
        asked = asked_fault(call)
        if asked is None and self._fault is not None and self._fault.strikes(self._count):
            return self._fault.name
        return asked

    def answer(self, call: Call, fault: FaultName | None = None) -> Answer:
        """What the upstream answers, good or bad."""
        match: Match | None = None
        try:
            match = self._router.match(call)
            return self._spoilt(call, fault) or self._regular(match, call)
        except Refusal as found:
            return self.refused(found, match)

    def refused(self, found: Refusal, match: Match | None = None) -> Answer:
        """The error answer."""
        return self._problems.answer(match and match.operation, found)

    def _spoilt(self, call: Call, fault: FaultName | None) -> Answer | None:
        if fault is None:
            return None
        if (found := refusal(fault, call)) is not None:
            raise found
        return spoilt(fault)

    def _regular(self, match: Match, call: Call) -> Answer:
        self._credentials.check(match.operation, call)
        keys = self._credentials.query_names(match.operation)
        given = self._reader.read(match, call, also=keys)
        self._answers.check_ids(given)
        if given.faults:
            raise Refusal(400, "; ".join(given.faults))
        return self._answers.answer(given, call)
