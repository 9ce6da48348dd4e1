"""What another document of the upstream would mean for each tool, before it is committed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from treenail_generator.build import Built, Sources, build
from treenail_generator.diagnostics import BuildError, Diagnostic
from treenail_generator.lock import Lock, published

from .comparing import compare
from .drift import Change, Drift

_NOT_COMPARED: Final = frozenset({"budget", "custom_tools"})
"""Sections that another document does not touch."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What of a connector could be built.

    Attributes:
        built: None when not one tool could.
        refused: Why a tool could not, by its name.
    """

    built: Built | None
    refused: Mapping[str, tuple[Diagnostic, ...]]


def compare_documents(sources: Sources, spec: str, spec_name: str) -> Drift:
    """The drift of the connector of `sources` when its document becomes `spec`.

    Both sides are built with the schemas of their answers, whatever the connector publishes, so
    that types and values of answers are compared, too. A tool that the new document does not
    support any more is breaking; it does not hide what becomes of the others. Hand-written tools
    are left out: no document speaks of them.

    Raises:
        BuildError: The committed document does not build, or the new one is none at all.
    """
    data = _connector(sources)
    old = _build(sources, data)
    new = _buildable(replace(sources, spec=spec, spec_name=spec_name), data)
    gone = [
        Change(tool, "breaking", f"it cannot be built any more: {_told(faults)}")
        for tool, faults in new.refused.items()
    ]
    if new.built is None:
        return Drift(tuple(gone), old.plan.version)
    drift = compare(
        [each for each in map(published, old.tools) if each["name"] not in new.refused],
        [published(tool) for tool in new.built.tools],
        Lock.model_validate_json(old.lock),
        Lock.model_validate_json(new.built.lock),
        old.plan.version,
    )
    order = {tool.name: number for number, tool in enumerate(old.tools)}
    changes = sorted((*gone, *drift.changes), key=lambda change: order.get(change.tool, len(order)))
    return Drift(tuple(changes), old.plan.version)


def _connector(sources: Sources) -> dict[str, Any]:
    """The connector file as data, without what has no part in this."""
    found = sources.connector_source().value
    data = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    return {key: value for key, value in data.items() if key not in _NOT_COMPARED}


def _build(sources: Sources, data: Mapping[str, Any]) -> Built:
    """A build that tells answers, too; as the connector has it where they cannot be told."""
    try:
        return _built(sources, _telling(data))
    except BuildError:
        return _built(sources, data)


def _built(sources: Sources, data: Mapping[str, Any]) -> Built:
    """A build without those defaults that none of its tools has a use for."""
    # JSON is YAML.
    own = replace(sources, connector=json.dumps(data), custom=None)
    try:
        return build(own)
    except BuildError as error:
        idle = _idle(own, data, error)
        if not idle:
            raise
    params = {name: param for name, param in _defaults(data).items() if name not in idle}
    return _built(sources, {**data, "defaults": {**data["defaults"], "params": params}})


def _idle(sources: Sources, data: Mapping[str, Any], error: BuildError) -> set[str]:
    """The defaults that the faults are about: those of tools that are not built."""
    places = {fault.location for fault in error.diagnostics if fault.code == "unknown-parameter"}
    source = sources.connector_source()
    return {
        name for name in _defaults(data) if source.key_at(("defaults", "params", name)) in places
    }


def _defaults(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", data.get("defaults", {}).get("params", {}))


def _telling(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with every answer's schema published in full."""
    tools = [
        {**tool, "response": {**tool.get("response", {}), "output": "strict"}}
        for tool in _tools(data)
    ]
    return {**data, "tools": tools}


def _tools(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", data["tools"])


def _buildable(sources: Sources, data: Mapping[str, Any]) -> _Attempt:
    """A build of all tools that can be built, found by halves.

    Raises:
        BuildError: Without any tool it does not build either: the document is none, or lacks what
            the login needs.
    """
    try:
        return _Attempt(_build(sources, data), {})
    except BuildError:
        _built(sources, {**data, "tools": []})
    refused = dict(_refused(sources, data, _tools(data)))
    left = [tool for tool in _tools(data) if tool["name"] not in refused]
    return _Attempt(_build(sources, {**data, "tools": left}), refused)


def _refused(
    sources: Sources, data: Mapping[str, Any], tools: Sequence[dict[str, Any]]
) -> Iterator[tuple[str, tuple[Diagnostic, ...]]]:
    try:
        _built(sources, {**data, "tools": tools})
    except BuildError as error:
        if len(tools) == 1:
            yield str(tools[0]["name"]), error.diagnostics
            return
        middle = len(tools) // 2
        yield from _refused(sources, data, tools[:middle])
        yield from _refused(sources, data, tools[middle:])


def _told(faults: Sequence[Diagnostic]) -> str:
    return "; ".join(dict.fromkeys(fault.message for fault in faults))
