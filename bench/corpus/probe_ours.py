"""Usage: probe_ours.py PROJECT HIDDEN: write the tools of the built connector `doc` to stdout.

One JSON list: each tool as tools/list tells it, its operation, and what of it can be sent. HIDDEN is
a JSON file with what `gen init` said it hides.
"""

import json
import sys
from pathlib import Path

from treenail_generator.connector_file import read_connector_file
from treenail_generator.document import read_document
from treenail_generator.lock import published
from treenail_generator.planning import plan_connector
from treenail_generator.verify import load

_UNSENDABLE = frozenset(
    {
        "unsupported-parameter",
        "unsupported-field",
        "unsupported-body",
        "field-left-out",
        "header-of-connection",
    }
)
"""Codes of inputs that no request can carry; what is left out for another reason counts as lost."""

if __name__ == "__main__":
    project, hidden_file = map(Path, sys.argv[1:])
    request = read_connector_file(
        (project / "connectors/doc.yaml").read_text(), "connectors/doc.yaml"
    )
    document = read_document((project / request.file.spec_path).read_text(), request.file.spec_path)
    plan = plan_connector(request, document)
    loaded = load((project / "connectors/doc.py").read_text(), "doc").connector
    hidden: dict[str, list[str]] = {}
    for each in json.loads(hidden_file.read_text())["hidden"]:
        if each["code"] not in _UNSENDABLE:
            continue
        hidden.setdefault(each["tool"], []).append(each["parameter"])
    tools: list[object] = []
    for tool, own in zip(loaded.tools, plan.tools, strict=True):
        if own.endpoint is None:
            # A helper, which costs tokens like all others.
            tools.append({"tool": published(tool), "operation": "", "inputs": []})
            continue
        operation = document.operation(own.endpoint.operation)
        assert operation is not None  # noqa: S101  # it was built
        names = {field.attribute: field.name for field in own.model.fields}
        told = [name.partition(":") for name in hidden.get(tool.name, [])]
        # A body as such is called like its place.
        inputs = [(place, "" if place == name else name, None) for place, _, name in told]
        inputs += [
            (each.place, each.upstream, names.get(getattr(each.value, "attribute", "")))
            for each in own.endpoint.bindings
        ]
        inputs = [
            (place, name.lower() if place == "header" else name, argument)
            for place, name, argument in inputs
        ]
        tools.append({"tool": published(tool), "operation": operation.endpoint, "inputs": inputs})
    json.dump(tools, sys.stdout)
