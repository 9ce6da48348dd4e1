"""Connectors without a document: hand-written tools alone, and no upstream."""

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.connector_file.auth import NoAuthKind
from treenail_generator.diagnostics import BuildError

from .faults import Faults


def tell_missing_document(request: ConnectorRequest, faults: Faults) -> None:
    """Report a document without servers, and what makes no sense without a document.

    Raises:
        BuildError: There are operations, and no document that has them.
    """
    file = request.file
    if file.spec is not None:
        if not file.servers.regions:
            fault = "the connector file needs 'servers'"
            faults.add(request.at(), "missing-key", fault, hint="see docs/connector-file.md")
        return
    asks = {
        "servers": bool(file.servers.regions),
        "auth": not isinstance(file.auth, NoAuthKind),
        "tools": bool(file.tools),
    }
    for key in (key for key, is_there in asks.items() if is_there):
        fault = f"{key!r} is about an upstream, and there is no document of one"
        faults.add(request.at(key), "no-document", fault, hint="spec: specs/<name>.yaml")
    if file.tools:
        raise BuildError(faults.diagnostics)
