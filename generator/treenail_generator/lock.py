"""The lock beside a module: what it was built from, tool by tool, so that drift can be told.

Holds hashes of the closures of the operations in use and of each tool's published surface, and the
fields of its answer; a change elsewhere in the document moves nothing but the document's own hash.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from .document import Document
from .json_texts import laid_out
from .plan import AuthPlan, ConnectorPlan, RecordPlan, ToolPlan, ways_of, wire_facts
from .tokens import compact, tokens_of
from .verify import LoadedTool

WHOLE: Final = "whole"
"""A field that is answered as the upstream sends it."""
REDACTED: Final = "redacted"
"""A field whose value is not told."""
REST: Final = "*"
"""In place of a name: all further fields of the object, under the upstream's names."""

Fields: TypeAlias = Mapping[str, str]
"""By the agent's name: `WHOLE`, `REDACTED`, or the record that tells the fields inside."""

_FORMAT: Final = 1


class LockedTool(BaseModel):
    """What the lock knows of one tool.

    Attributes:
        answers: The answer's fields, or the record that tells them; None when the upstream's answer
            passes as it is, and when nothing is known of it: `model_fields_set` tells which.
        answer: JSON Schema of the answer as text, names and types only, to some depth; None when
            the module publishes it.
        published: A hand-written tool as tools/list tells it; the module tells the generated ones.
        scope: The scope that it names; None for the general one of its kind.
        sends: What the upstream sees of its request, by the name of the fact; None when it sends
            none, and when nothing is known of it.
        cache_s: Seconds for which an answer may be given again; None for never.
    """

    model_config = ConfigDict(frozen=True)

    operation: str | None
    answers: str | dict[str, str] | None = None
    answer: str | None = None
    published: dict[str, Any] | None = None
    scope: str | None = None
    sends: dict[str, str] | None = None
    cache_s: float | None = None


class LockedAuth(BaseModel):
    """What the lock knows of logins.

    Attributes:
        use: How several ways go together; None for a single one.
        order: The ways, as they are tried.
        ways: Facts of each, as `ways_of` tells them.
    """

    model_config = ConfigDict(frozen=True)

    use: str | None = None
    order: list[str]
    ways: dict[str, dict[str, str]]


class Lock(BaseModel):
    """A lock that was read again; further keys are left alone.

    Attributes:
        operations: Hash of each operation's closure.
        records: The objects of the answers, by the constant of the module.
        auth: How connections prove who is calling; None when nothing is known of it.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1]
    operations: dict[str, str]
    records: dict[str, dict[str, str]] = {}
    tools: dict[str, LockedTool]
    auth: LockedAuth | None = None


def published(tool: LoadedTool) -> dict[str, Any]:
    """The tool as tools/list tells it (MCP 2026-07-28, `Tool`)."""
    output = {"outputSchema": dict(tool.output_schema)} if tool.output_schema is not None else {}
    return {
        "name": tool.name,
        **({"title": tool.title} if tool.title is not None else {}),
        "description": tool.description,
        "inputSchema": tool.input_schema,
        **output,
        "annotations": tool.annotations.published,
    }


class Surfaces:
    """What tools/list tells, each tool written once: large ones take their time."""

    def __init__(self, tools: Sequence[LoadedTool]) -> None:
        self._texts = {tool.name: compact(published(tool)).encode() for tool in tools}

    def sha256(self, name: str) -> str:
        """The hash of what is told of the tool `name`."""
        return hashlib.sha256(self._texts[name]).hexdigest()

    def tokens(self, name: str) -> int:
        """What the tool `name` costs a model's context."""
        return tokens_of(len(self._texts[name]))

    @property
    def total(self) -> int:
        """Tokens of the whole tools/list result."""
        commas = max(len(self._texts) - 1, 0)
        return tokens_of(len(compact({"tools": []})) + commas + sum(map(len, self._texts.values())))


def lock_text(
    plan: ConnectorPlan,
    document: Document,
    spec_sha256: str,
    tools: Sequence[LoadedTool],
    surfaces: Surfaces,
) -> str:
    """The lock file's text: JSON with sorted keys, one line per fact."""
    used = {endpoint.operation for endpoint in plan.endpoints}
    operations = {
        key: document.closure_sha256(operation)
        for key in used
        if (operation := document.operation(key)) is not None
    }
    planned = {tool.name: tool for tool in plan.tools}
    lock = {
        "format": _FORMAT,
        **_spec(plan, document, spec_sha256),
        "auth": _auth(plan.auth),
        "operations": operations,
        "records": {record.constant: _fields(record) for record in plan.records},
        "tools": {tool.name: _locked(tool, planned.get(tool.name), surfaces) for tool in tools},
        "tokens": surfaces.total,
    }
    return laid_out(lock)


def _spec(plan: ConnectorPlan, document: Document, sha256: str) -> dict[str, Any]:
    """The document; nothing for a connector without an upstream."""
    if not plan.spec:
        return {}
    return {"spec": {"path": plan.spec, "sha256": sha256, **_files(document)}}


def _auth(plan: AuthPlan) -> dict[str, Any]:
    ways = ways_of(plan)
    return {**({"use": plan.use} if plan.use else {}), "order": list(ways), "ways": ways}


def _files(document: Document) -> dict[str, Any]:
    """Overlays and further documents, where there are any."""
    return {"files": dict(document.files)} if document.files else {}


def _locked(tool: LoadedTool, plan: ToolPlan | None, surfaces: Surfaces) -> dict[str, Any]:
    facts = {
        "operation": tool.operation,
        "sha256": surfaces.sha256(tool.name),
        "tokens": surfaces.tokens(tool.name),
        **({"scope": tool.scope} if tool.scope is not None else {}),
    }
    if plan is None:
        return {**facts, "published": published(tool)}
    # As text, so that a lock stays one line a fact.
    answer = {"answer": compact(plan.answer)} if plan.answer is not None else {}
    sends = {"sends": wire_facts(plan.endpoint)} if plan.endpoint is not None else {}
    kept_s = plan.endpoint.cache_s if plan.endpoint is not None else 0
    cache = {"cache_s": kept_s} if kept_s else {}
    return {**facts, "answers": _answers(plan), **answer, **sends, **cache}


def _answers(tool: ToolPlan) -> str | Fields | None:
    if tool.describes_types:
        return dict.fromkeys(("name", "schema"), WHOLE)
    if tool.endpoint is None:
        return dict.fromkeys(("connector", *tool.told), WHOLE)
    answer = tool.endpoint.answer
    if answer.name is None:
        return answer.record
    beside = ("page", "total_pages", "total_items", "next_page") if answer.page is not None else ()
    if answer.max_items is not None:
        beside = (*beside, "truncated")
    if answer.paging is not None and answer.paging.argument:
        beside = (*beside, answer.paging.told)
    return {answer.name: answer.record or WHOLE, **dict.fromkeys(beside, WHOLE)}


def _fields(record: RecordPlan) -> Fields:
    told = {
        kept.name: REDACTED if kept.redacted else kept.record or WHOLE
        for kept in record.fields
        if kept.name is not None
    }
    return {**told, REST: record.values or WHOLE} if record.rest else told


def total_tokens(tools: Sequence[LoadedTool]) -> int:
    """Tokens of the whole tools/list result."""
    return Surfaces(tools).total
