"""A section in the place of a word: what is wrong is told of the section alone."""

from pathlib import Path

import pytest

from tests.support.project import replace, run
from tests.support.proposed import DONE, connector, proposed, written
from treenail_runtime.testing import capture


@pytest.mark.requirement("GEN-FAULTS")
def test_an_unknown_key_of_a_section_is_the_only_fault(tmp_path: Path) -> None:
    proposed(tmp_path, written(tmp_path, {"/x": {"get": {"operationId": "x", "responses": DONE}}}))
    replace(tmp_path / "connectors/own.yaml", "name: x", "name: x\n    body: {ass: it}")

    told = run(tmp_path, "build", "own").output
    assert "unknown-key: 'ass' is not a key of tools[0].body" in told
    assert "1 fault; nothing was written" in told


@pytest.mark.requirement("WIRE-JSON")
async def test_a_field_that_only_leaves_out_takes_nothing_of_the_entries_for_every_tool(
    tmp_path: Path,
) -> None:
    fields = {"org": {"type": "string"}, "name": {"type": "string"}}
    content = {"application/json": {"schema": {"type": "object", "properties": fields}}}
    org = {"name": "org", "in": "path", "required": True, "schema": {"type": "string"}}
    operation = {"operationId": "x", "requestBody": {"content": content}, "responses": DONE}
    paths = {"/{org}": {"post": {**operation, "parameters": [org]}}}
    proposed(tmp_path, written(tmp_path, paths))
    file = tmp_path / "connectors/own.yaml"
    replace(file, "name: x", "name: x\n    body: {only: [name]}")
    replace(file, "defaults:", "defaults:\n  params: {org: {inject: team}}")
    replace(
        file, "defaults:", "login: {fields: [{name: team, label: Team, type: text}]}\ndefaults:"
    )
    result = run(tmp_path, "build", "own")

    assert result.exit_code == 0, result.output
    request = await capture(connector(tmp_path), "x", {"name": "a"}, login={"team": "t1"})
    assert (request.url.path, request.content) == ("/t1", b'{"name":"a"}')
