"""Whether a tool's schema says every constraint that the document says of its inputs.

`python bench/corpus/constraints.py --documents 40`: a seeded sample through `gen init --all` and
`gen build`; what is enforced is compared with the raw document, place by place. Reads the document by
itself, like `inputs.py`. Alternatives (`oneOf`, `anyOf`) are compared by their number.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import documents
import inputs
from pointing import followed, items, mapping

from treenail_generator.connector_file import read_connector_file
from treenail_generator.document import read_document
from treenail_generator.verify import load

Place: TypeAlias = tuple[str, ...]
Constraint: TypeAlias = tuple[Place, str, str]

_GEN: Final = Path(sys.executable).with_name("gen")
_LOWEST: Final = ("minimum", "minLength", "minItems", "minProperties", "exclusiveMinimum")
_HIGHEST: Final = ("maximum", "maxLength", "maxItems", "maxProperties", "exclusiveMaximum")
_MOST_STEPS: Final = 6
_SHOWN: Final = 5


def lost(document: Any, operation: str, enforced: Any) -> list[Constraint]:
    """What the document says of the inputs of `operation`, and `enforced` does not."""
    said = set(_of_operation(document, operation))
    arguments = enforced.get("properties", {})
    kept: dict[Place, dict[str, str]] = {}
    for name, schema in arguments.items():
        for place, keyword, value in _constraints(schema, enforced, (name,)):
            kept.setdefault(place, {})[keyword] = value
    whole = set(arguments) if len(arguments) == 1 else {"body"} & set(arguments)
    for place in [place for place in kept if place[0] in whole and len(place) > 1]:
        kept.setdefault(place[1:], kept[place])
    parts = (mapping(followed(enforced, arguments[name])).get("properties", {}) for name in whole)
    names = {*arguments, *(name for part in parts for name in part)}
    return sorted(
        (place, keyword, value)
        for place, keyword, value in said
        if place[0] in names
        and not any(_covers(kept.get(each, {}), keyword, value) for each in _called(place))
    )


def _called(place: Place) -> Iterator[Place]:
    """What a place may be called: inputs of the same name get one each."""
    for suffix in ("", "_body", "_query", "_path"):
        yield (place[0] + suffix, *place[1:])


def _of_operation(document: Any, operation: str) -> Iterator[Constraint]:
    taken = inputs.operations(document)[operation]
    for (place, name), schema in taken.parameters.items():
        if place in {"path", "query"}:
            yield from _constraints(schema, document, (name,))
    for schema in taken.bodies[:1]:
        yield from _constraints(schema, document, ())


def _constraints(schema: Any, root: Any, place: Place, steps: int = 0) -> Iterator[Constraint]:
    node = mapping(followed(root, schema))
    if steps > _MOST_STEPS:
        return
    for member in items(node.get("allOf")):
        yield from _constraints(member, root, place, steps + 1)
    if place:
        yield from ((place, keyword, value) for keyword, value in _own(node))
    required = [str(each) for each in items(node.get("required"))]
    for name, inner in mapping(node.get("properties")).items():
        if mapping(followed(root, inner)).get("readOnly") is not True:
            yield from _constraints(inner, root, (*place, name), steps + 1)
            if place and name in required:
                yield (*place, name), "required", "true"
    if "items" in node:
        yield from _constraints(node["items"], root, (*place, "[]"), steps + 1)


def _own(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for keyword in (*_LOWEST, *_HIGHEST, "multipleOf"):
        value = node.get(keyword)
        if isinstance(value, int | float) and not isinstance(value, bool) and _says(keyword, value):
            strict = node.get(f"exclusive{keyword.capitalize()}") is True
            yield f"exclusive{keyword.capitalize()}" if strict else keyword, json.dumps(value)
    for keyword in ("oneOf", "anyOf"):
        if len(items(node.get(keyword))) > 1:
            yield keyword, str(len(node[keyword]))
    values = [node["const"]] if "const" in node else items(node.get("enum"))
    if values:
        yield "enum", json.dumps(sorted({json.dumps(each) for each in values if each is not None}))
    if isinstance(node.get("pattern"), str):
        yield "pattern", "any"
    if node.get("uniqueItems") is True:
        yield "uniqueItems", "true"


def _says(keyword: str, value: float) -> bool:
    return not (keyword in {"minLength", "minItems", "minProperties"} and value == 0)


def _covers(found: dict[str, str], keyword: str, value: str) -> bool:
    """Whether what was found at a place says as much."""
    told = found.get(keyword)
    if told is None:
        # The values of an enumeration are checked when the document is read.
        return "enum" in found and keyword != "required"
    if keyword in _LOWEST:
        return float(told) >= float(value)
    return (
        float(told) <= float(value) if keyword in _HIGHEST else told == value or keyword == "type"
    )


def _judged(path: Path) -> tuple[int, list[str]]:
    """How many tools a document became, and what they lost."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        init = [str(_GEN), "init", "doc", "--spec", str(path), "--all", "--project", name]
        for command in (init, [str(_GEN), "build", "doc", "--project", name]):
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return 0, [f"not built: {command[1]}"]
        request = read_connector_file((project / "connectors/doc.yaml").read_text(), "doc.yaml")
        read = read_document((project / request.file.spec_path).read_text(), "doc")
        loaded = load((project / "connectors/doc.py").read_text(), "doc").connector
    raw = json.loads(path.read_text("utf-8-sig"))
    found: list[str] = []
    for tool in loaded.tools:
        operation = read.operation(tool.operation) if tool.operation is not None else None
        if operation is not None:
            missing = lost(raw, operation.endpoint, tool.exact_schema)
            found += [f"{tool.name}: {'.'.join(each[0])}: {each[1]} {each[2]}" for each in missing]
    return len(loaded.tools), found


def main() -> None:
    """Tell what was lost, document by document."""
    parser = argparse.ArgumentParser(description="Look for constraints that no schema says.")
    parser.add_argument("--documents", type=int, default=40, help="how many to draw")
    parser.add_argument("--seed", type=int, default=20261120, help="which ones")
    parser.add_argument("--only", action="append", help="documents with this in their name")
    chosen = parser.parse_args()
    drawn = (
        documents.named(chosen.only)
        if chosen.only
        else documents.sample(chosen.documents, chosen.seed)
    )
    tools = every = 0
    for name, path in drawn:
        count, found = _judged(path)
        tools, every = tools + count, every + len(found)
        print(f"{name}: {count} tools, {len(found)} constraints lost", flush=True)
        for each in found[:_SHOWN]:
            print(f"    {each[:300]}")
    print(f"{len(drawn)} documents, {tools} tools, {every} constraints lost")


if __name__ == "__main__":
    main()
