"""References to anchors lead to the schema that names itself so."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.proposed import DONE, connector, proposed, written
from treenail_runtime.contract import InvalidArguments
from treenail_runtime.testing import capture

NUMBER = {"type": "integer"}


def tree(**keywords: Any) -> dict[str, Any]:
    """A closed object that holds itself, by what `keywords` say."""
    properties = {"v": NUMBER, "sub": keywords.pop("sub")}
    return {"type": "object", "properties": properties, "additionalProperties": False, **keywords}


SCHEMAS: dict[str, Any] = {
    "Node": tree(sub={"$ref": "#node"}, **{"$anchor": "node"}),
    "Outer": {"properties": {"in": tree(sub={"$ref": "#inner"}, **{"$anchor": "inner"})}},
    "Rec": tree(sub={"$dynamicRef": "#rec"}, **{"$dynamicAnchor": "rec"}),
    "One": {"$anchor": "twice"},
    "Two": {"$anchor": "twice"},
}


def post(folder: Path, ref: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": ref}}}
    body = {"required": True, "content": content}
    operation = {"operationId": "send", "requestBody": body, "responses": DONE}
    more: dict[str, Any] = {"components": {"schemas": SCHEMAS}}
    return proposed(folder, written(folder, {"/x": {"post": operation}}, **more))


@pytest.mark.requirement("SCHEMA-CONSTRAINTS")
@pytest.mark.parametrize("ref", ["#node", "#inner", "#/components/schemas/Rec"])
async def test_an_anchor_is_followed(tmp_path: Path, ref: str) -> None:
    post(tmp_path, ref)
    built = connector(tmp_path)

    request = await capture(built, "send", {"v": 1, "sub": {"v": 2, "sub": {}}})
    assert request.content == b'{"v":1,"sub":{"v":2,"sub":{}}}'
    with pytest.raises(InvalidArguments):
        await capture(built, "send", {"sub": {"sub": {"w": 1}}})


@pytest.mark.requirement("SCHEMA-CONSTRAINTS")
def test_an_anchor_that_comes_twice_names_no_place(tmp_path: Path) -> None:
    (refused,) = post(tmp_path, "#twice")["refused"]

    assert refused["diagnostics"][0]["message"] == "'#twice' names no place in the document"
