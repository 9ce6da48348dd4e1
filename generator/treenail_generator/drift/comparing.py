"""From the committed state and a fresh build to the changes of each tool."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

from treenail_generator.lock import Lock
from treenail_generator.plan import FIELD, LINE, UNSAID

from .answers import AnswerChanges
from .drift import Change, Drift, Found
from .logins import login_changes
from .schemas import schema_changes

Surface: TypeAlias = Mapping[str, Any]
"""A tool as tools/list tells it."""


def compare(
    old: Sequence[Surface],
    new: Sequence[Surface],
    old_lock: Lock | None,
    new_lock: Lock,
    version: str,
) -> Drift:
    """The drift from the committed state to a fresh build.

    Args:
        old: What the committed module publishes; its lock tells of hand-written tools.
        new: What a build would publish, hand-written tools included.
        old_lock: None when there is none; then nothing is known of hand-written tools.
        new_lock: The lock of the fresh build.
        version: The committed version.
    """
    before = {str(tool["name"]): tool for tool in (*old, *_hand_written(old_lock))}
    after = {str(tool["name"]): tool for tool in new}
    unknown = _hand_written(new_lock) if old_lock is None else ()
    for surface in unknown:
        after.pop(surface["name"])
    changes = [
        Change("", *each) for each in login_changes(old_lock and old_lock.auth, new_lock.auth)
    ]
    changes += [
        Change(name, "breaking", "the tool is gone") for name in before if name not in after
    ]
    answers = AnswerChanges(old_lock, new_lock)
    for name, tool in after.items():
        if name not in before:
            changes.append(Change(name, "compatible", "the tool is new"))
            continue
        found = (
            *_surface(before[name], tool),
            *answers.of(name),
            *_scope(old_lock, new_lock, name),
            *_request(old_lock, new_lock, name),
            *_cache(old_lock, new_lock, name),
        )
        # What a published schema and the lock both know is told once.
        changes.extend(Change(name, *each) for each in dict.fromkeys(found))
    told = {change.tool for change in changes}
    for name, operation in _moved(old_lock, new_lock):
        if name not in told and name in before and name in after:
            changes.append(
                Change(
                    name, "invisible", f"{operation} changed upstream; the arguments are the same"
                )
            )
    return Drift(tuple(changes), version)


def _hand_written(lock: Lock | None) -> Sequence[Surface]:
    tools = lock.tools.values() if lock is not None else ()
    return [tool.published for tool in tools if tool.published is not None]


def _surface(old: Surface, new: Surface) -> Iterator[Found]:
    yield from schema_changes(old["inputSchema"], new["inputSchema"], "arguments")
    before, after = old.get("outputSchema"), new.get("outputSchema")
    if before is not None and after is not None:
        yield from schema_changes(before, after, "answer")
    elif before is not None:
        yield "breaking", "the answer has no schema any more"
    elif after is not None:
        yield "compatible", "the answer has a schema now"
    hints = _hints(old), _hints(new)
    for hint, value in hints[1].items():
        if hints[0][hint] != value:
            yield "compatible", f"{hint} is {value} now"
    for key in ("title", "description"):
        if old.get(key) != new.get(key):
            yield "invisible", f"the {key} reads differently"


def _hints(surface: Surface) -> Mapping[str, bool]:
    """All hints, with what clients assume of those that are not told (MCP, `ToolAnnotations`)."""
    told = cast("Mapping[str, bool]", surface["annotations"])
    reads = told.get("readOnlyHint", False)
    return {
        "readOnlyHint": reads,
        "destructiveHint": not reads and told.get("destructiveHint", True),
        "idempotentHint": reads or told.get("idempotentHint", False),
        "openWorldHint": told.get("openWorldHint", True),
    }


def _scope(old: Lock | None, new: Lock, name: str) -> Iterator[Found]:
    """Breaking, since tokens that were issued already do not hold the other scope."""
    before = old.tools.get(name) if old is not None else None
    after = new.tools.get(name)
    if before is not None and after is not None and before.scope != after.scope:
        needed = f"the scope {after.scope}" if after.scope else "no scope of its own"
        yield "breaking", f"it needs {needed} now"


def _request(old: Lock | None, new: Lock, name: str) -> Iterator[Found]:
    """Compatible: agents say the same, and the upstream hears it only from a new build."""
    before = old.tools.get(name) if old is not None else None
    after = new.tools.get(name)
    if before is None or after is None or before.sends is None or after.sends is None:
        return
    for fact in dict.fromkeys((*before.sends, *after.sends)):
        texts = _text(before.sends, fact), _text(after.sends, fact)
        # An argument that is gone or new is told already.
        if None not in texts and texts[0] != texts[1]:
            what = fact if fact == LINE else f"{LINE}'s {fact}"
            yield "compatible", f"the {what} changes: {texts[0]} -> {texts[1]}; build again"


def _cache(old: Lock | None, new: Lock, name: str) -> Iterator[Found]:
    """Compatible: the answer is one that the upstream gave, but maybe not the latest."""
    before = old.tools.get(name) if old is not None else None
    after = new.tools.get(name)
    if before is not None and after is not None and before.cache_s != after.cache_s:
        told = "always new" if after.cache_s is None else f"up to {after.cache_s:g} s old"
        yield "compatible", f"its answers are {told} now"


def _text(facts: Mapping[str, str], name: str) -> str | None:
    return facts.get(name, UNSAID if name.startswith(FIELD) else None)


def _moved(old: Lock | None, new: Lock) -> Iterator[tuple[str, str]]:
    """(tool, operation) for each operation whose closure has another hash."""
    before = old.operations if old is not None else {}
    for name, tool in new.tools.items():
        operation = tool.operation
        if operation in before and before[operation] != new.operations.get(operation):
            yield name, operation
