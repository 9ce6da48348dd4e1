"""What is found out about a document's schemas: the same, whichever tools are planned over it."""

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.document import Document

from .changes import Changes
from .descriptions import Descriptions
from .forms import Forms
from .views import Views


class Readings:
    """The schemas of one document as requests and as answers need them; each is read once."""

    def __init__(self, request: ConnectorRequest, document: Document) -> None:
        """Only the defaults of `request` count, not its tools."""
        defaults = request.file.defaults
        self.views = Views(
            document,
            Descriptions(defaults.description_length),
            formats=defaults.formats == "assert",
        )
        self.forms = Forms(document)
        self.changes = Changes(self.forms, defaults.naming)
