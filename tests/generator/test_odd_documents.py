"""What is odd and legal at once in one document, from its first line to tools that are proven."""

import json
from pathlib import Path

import pytest
import yaml

from tests.support.project import run
from treenail_runtime.loading import load_connector

ODD = """\
openapi: 3.1.0
info: {title: Odd, version: 1.10}
servers: [{url: https://api.odd.test}]
x-paging: &paging
  - {name: size, in: query, schema: {type: integer, default: 010, maximum: 0x1F}}
x-answer: &answer
  200: {description: Fine, content: {application/json: {schema: {$ref: '#/$defs/Node'}}}}
paths:
  /nodes:
    get: {operationId: listNodes, parameters: *paging, responses: *answer}
    post:
      operationId: addNode
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/$defs/Node'}}}
      responses:
        <<: *answer
        404: {description: Gone}
  /also: {$ref: '#/x-items/also'}
  /again:
    get:
      operationId: again
      parameters:
        - {$ref: '#/paths/~1nodes/get/parameters/0'}
        - {name: on, in: query, schema: {enum: [on, no, 2026-01-01, 1:30]}}
      responses: {200: {$ref: '#/paths/~1nodes/get/responses/200'}}
x-items:
  also:
    get: {operationId: also, responses: *answer}
$defs:
  Node:
    type: object
    required: [name]
    properties:
      name: {type: string}
      next: {$ref: '#/$defs/Node', description: The next one.}
      ring: {$ref: '#/$defs/Ring'}
  Ring: {allOf: [{$ref: '#/$defs/Back'}, {properties: {a: {type: string}}}]}
  Back: {anyOf: [{$ref: '#/$defs/Ring'}, {type: object}]}
"""


@pytest.mark.requirement("DOC-ODD")
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "marked"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_an_odd_document_becomes_the_tools_that_it_means(
    start: str, end: str, tmp_path: Path
) -> None:
    file = tmp_path / "given.yaml"
    file.write_bytes((start + ODD.replace("\n", end)).encode())

    for command in (("init", "odd", "--all", "--spec", str(file)), ("build", "odd")):
        result = run(tmp_path, *command)
        assert result.exit_code == 0, result.output

    tools = {tool.name: tool for tool in load_connector(tmp_path / "connectors", "odd").tools}
    assert {"listNodes", "addNode", "also", "again"} <= tools.keys()
    again = tools["again"].input_schema["properties"]
    assert again["on"]["enum"] == ["on", "no", "2026-01-01", "1:30"]
    assert (again["size"]["maximum"], again["size"].get("default")) == (31, 10)
    assert tools["addNode"].input_schema["required"] == ["name"]
    proposal = yaml.safe_load((tmp_path / "connectors/odd.yaml").read_text(encoding="utf-8"))
    assert not [tool for tool in proposal["tools"] if "params" in tool]
    assert "Node" in json.dumps(tools["addNode"].input_schema)
