"""What a tool sends and answers, in a form that can be compared from run to run."""

import json
from typing import Any, cast

from treenail_generator.build import Built
from treenail_generator.planning.samples import Samples

SHOWN_ITEMS = 2


def richest(built: Built, name: str) -> dict[str, Any]:
    """All arguments of a generated tool, each with its example or a plain value."""
    tool = next((tool for tool in built.plan.tools if tool.name == name), None)
    if tool is None or tool.endpoint is None:
        return {}
    samples = Samples({model.name: model for model in built.plan.models})
    return cast("dict[str, Any]", samples.arguments(tool.model.fields, tool.endpoint, "full"))


def sent(request: dict[str, Any]) -> dict[str, Any]:
    """A request that the mock has logged, without what differs between runs and releases."""
    # Remote-Addr was not sent: the mock's framework adds it.
    headers = {
        name: value for name, value in request["headers"] if name not in {"host", "remote-addr"}
    }
    headers["user-agent"] = headers["user-agent"].partition("/")[0]
    return {
        "method": request["method"],
        "path": request["path"],
        "query": request["query"].split("&") if request["query"] else [],
        "headers": headers,
        "body": json.loads(request["body"]) if request["body"] else None,
    }


def shortened(value: Any) -> Any:
    """The beginning of every list of records, and how many follow."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: shortened(item) for name, item in fields.items()}
    if not isinstance(value, list):
        return value
    items = [shortened(item) for item in cast("list[Any]", value)]
    hidden = len(items) - SHOWN_ITEMS
    return [*items[:SHOWN_ITEMS], f"... {hidden} more"] if hidden > 0 else items
