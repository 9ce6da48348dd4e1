"""Form fields of OpenAPI 2.0 that may be empty, whatever their type."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.proposed import connector, proposed
from treenail_runtime.contract import InvalidArguments
from treenail_runtime.testing import capture

FIELDS: dict[str, dict[str, Any]] = {
    "flag": {"type": "boolean"},
    "kind": {"type": "string", "enum": ["a", "b"]},
    "code": {"type": "string", "pattern": "^x+$"},
    "tags": {"type": "array", "items": {"type": "string"}, "collectionFormat": "multi"},
}


def swagger(*, may_be_empty: bool) -> dict[str, Any]:
    more = {"in": "formData", "allowEmptyValue": may_be_empty}
    fields = [{"name": name, **more, **told} for name, told in FIELDS.items()]
    send = {"operationId": "send", "parameters": fields, "responses": {"204": {"description": "."}}}
    info = {"title": "Own", "version": "1"}
    return {
        "swagger": "2.0",
        "info": info,
        "host": "api.example.com",
        "paths": {"/": {"post": send}},
    }


@pytest.mark.requirement("WIRE-FORM")
@pytest.mark.parametrize("name", FIELDS)
async def test_a_field_that_may_be_empty_is_sent_empty(tmp_path: Path, name: str) -> None:
    for may_be_empty in (True, False):
        file = tmp_path / "own.json"
        file.write_text(json.dumps(swagger(may_be_empty=may_be_empty)), encoding="utf-8")
        proposed(tmp_path, file, "--force")
        if may_be_empty:
            request = await capture(connector(tmp_path), "send", {name: ""})
            assert request.content == f"{name}=".encode()
        else:
            with pytest.raises(InvalidArguments):
                await capture(connector(tmp_path), "send", {name: ""})
