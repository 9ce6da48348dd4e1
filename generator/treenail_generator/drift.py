"""What a new build means for the tools that agents know: broken, widened, or the same.

Compares the published surfaces of the committed module with those of a fresh build, and the hashes
of the operations behind them. Additions never break; what an agent could send before and cannot
send now does.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

Severity: TypeAlias = Literal["breaking", "compatible", "none"]
Surface: TypeAlias = Mapping[str, Any]
"""A tool as tools/list tells it."""

_BUMPS: Mapping[Severity, str] = {"breaking": "major", "compatible": "minor", "none": "patch"}
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in one tool."""

    tool: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class Drift:
    """All differences of one connector.

    Attributes:
        version: The committed version of the tool surface.
    """

    changes: tuple[Change, ...]
    version: str

    @property
    def severity(self) -> Severity:
        """The worst severity of all changes."""
        severities = {change.severity for change in self.changes}
        return (
            "breaking"
            if "breaking" in severities
            else "compatible"
            if "compatible" in severities
            else "none"
        )

    @property
    def proposed_version(self) -> str:
        """The version that semantic versioning asks for; the same when nothing changed."""
        if not self.changes:
            return self.version
        major, minor, patch = map(int, self.version.split("."))
        match self.severity:
            case "breaking":
                return f"{major + 1}.0.0"
            case "compatible":
                return f"{major}.{minor + 1}.0"
            case "none":
                return f"{major}.{minor}.{patch + 1}"

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "severity": self.severity,
            "bump": _BUMPS[self.severity] if self.changes else None,
            "version": self.version,
            "proposed_version": self.proposed_version,
            "changes": [
                {"tool": change.tool, "severity": change.severity, "message": change.message}
                for change in self.changes
            ],
        }


def compare(
    old: Sequence[Surface], new: Sequence[Surface], old_lock: str, new_lock: str, version: str
) -> Drift:
    """The drift from the committed state to a fresh build."""
    before = {str(tool["name"]): tool for tool in old}
    after = {str(tool["name"]): tool for tool in new}
    changes = [Change(name, "breaking", "the tool is gone") for name in before if name not in after]
    for name, tool in after.items():
        if name not in before:
            changes.append(Change(name, "compatible", "the tool is new"))
        else:
            changes.extend(Change(name, *found) for found in _tool(before[name], tool))
    told = {change.tool for change in changes}
    for name, operation in _moved(old_lock, new_lock):
        if name not in told and name in before and name in after:
            changes.append(
                Change(name, "none", f"{operation} changed upstream; the arguments are the same")
            )
    return Drift(tuple(changes), version)


def _tool(old: Surface, new: Surface) -> Iterator[tuple[Severity, str]]:
    yield from _object("", old["inputSchema"], new["inputSchema"])
    yield from _answers(old.get("outputSchema"), new.get("outputSchema"))
    for hint, value in cast("Mapping[str, Any]", old["annotations"]).items():
        if new["annotations"].get(hint) != value:
            yield "compatible", f"{hint} is {new['annotations'].get(hint)} now"
    for key in ("title", "description"):
        if old[key] != new[key]:
            yield "none", f"the {key} reads differently"


def _answers(old: Surface | None, new: Surface | None) -> Iterator[tuple[Severity, str]]:
    """Changes of what is answered: there, what is gone breaks and what is new does not."""
    if old is not None and new is None:
        yield "breaking", "the answer has no schema any more"
    elif old is None and new is not None:
        yield "compatible", "the answer has a schema now"
    elif old is not None and new is not None:
        yield from _object("answer.", old, new)


def _object(path: str, old: Surface, new: Surface) -> Iterator[tuple[Severity, str]]:
    before = cast("Mapping[str, Any]", old.get("properties", {}))
    after = cast("Mapping[str, Any]", new.get("properties", {}))
    was, now = set(old.get("required", ())), set(new.get("required", ()))
    for name in before:
        if name not in after:
            yield "breaking", f"{path}{name} is gone"
    for name, schema in after.items():
        if name not in before:
            severity: Severity = "breaking" if name in now else "compatible"
            yield severity, f"{path}{name} is new" + (" and required" if name in now else "")
            continue
        if name in now and name not in was:
            yield "breaking", f"{path}{name} is required now"
        if name in was and name not in now:
            yield "compatible", f"{path}{name} may be left out now"
        yield from _schema(f"{path}{name}", before[name], schema)


def _schema(path: str, old: Any, new: Any) -> Iterator[tuple[Severity, str]]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield "breaking", f"{path} has another schema"
        return
    before, after = cast("Surface", old), cast("Surface", new)
    if before.get("type") != after.get("type"):
        yield (
            "breaking",
            f"{path} is {after.get('type', 'any type')}, was {before.get('type', 'any type')}",
        )
        return
    yield from _choices(path, before, after)
    yield from _bounds(path, before, after)
    if "properties" in before or "properties" in after:
        yield from _object(f"{path}.", before, after)
    if "items" in before or "items" in after:
        yield from _schema(f"{path}[]", before.get("items", {}), after.get("items", {}))
    handled = {
        "type",
        "enum",
        "const",
        "properties",
        "required",
        "items",
        "description",
        *_LOWER,
        *_UPPER,
    }
    for key in sorted((set(before) | set(after)) - handled):
        if before.get(key) != after.get(key):
            severity: Severity = "none" if key in {"default", "examples", "title"} else "breaking"
            yield severity, f"{path}: {key} is {after.get(key)!r}, was {before.get(key)!r}"
    if before.get("description") != after.get("description"):
        yield "none", f"{path} is described differently"


def _choices(path: str, old: Surface, new: Surface) -> Iterator[tuple[Severity, str]]:
    before = old.get("enum") or ([old["const"]] if "const" in old else None)
    after = new.get("enum") or ([new["const"]] if "const" in new else None)
    if before is None and after is None:
        return
    if after is None:
        yield "compatible", f"{path} takes any value now"
    elif before is None:
        yield "breaking", f"{path} takes only {after} now"
    else:
        lost = [value for value in before if value not in after]
        won = [value for value in after if value not in before]
        if lost:
            yield "breaking", f"{path} no longer takes {', '.join(map(repr, lost))}"
        if won:
            yield "compatible", f"{path} takes {', '.join(map(repr, won))}, too"


def _bounds(path: str, old: Surface, new: Surface) -> Iterator[tuple[Severity, str]]:
    for key in (*_LOWER, *_UPPER):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if after is None:
            narrower = False
        elif before is None:
            narrower = True
        else:
            narrower = after > before if key in _LOWER else after < before
        was = f", was {before}" if before is not None else ""
        now = f"is {after}" if after is not None else "is gone"
        yield "breaking" if narrower else "compatible", f"{path}: {key} {now}{was}"


def _moved(old_lock: str, new_lock: str) -> Iterator[tuple[str, str]]:
    """(tool, operation) for each operation whose closure has another hash."""
    old, new = json.loads(old_lock or "{}"), json.loads(new_lock)
    before = cast("dict[str, str]", old.get("operations", {}))
    for name, entry in cast("dict[str, Any]", new["tools"]).items():
        operation = entry["operation"]
        if operation in before and before[operation] != new["operations"].get(operation):
            yield name, operation
