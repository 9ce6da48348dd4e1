"""The proof of the wire catches what a faulty template or runtime would send."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from treenail_generator.build import Built, Sources, build
from treenail_generator.lock import published
from treenail_generator.verify import load
from treenail_generator.verify.decoding import RequestDecoder, equals, told
from treenail_generator.verify.oracle import Oracle
from treenail_generator.verify.proof import prove
from treenail_generator.verify.recording import Recorder, sent, wire
from treenail_generator.verify.upstream_terms import says


def sources(root: Path) -> Sources:
    return Sources(
        connector=(root / "connectors/phorest.yaml").read_text(encoding="utf-8"),
        connector_name="connectors/phorest.yaml",
        spec=(root / "specs/phorest.yaml").read_text(encoding="utf-8"),
        spec_name="specs/phorest.yaml",
    )


@pytest.fixture(scope="module")
def built(root: Path) -> Built:
    return build(sources(root))


FAULTY = {
    "a value in the wrong parameter": (
        '"firstName": arguments.first_name,',
        '"firstName": arguments.last_name,',
        "list_clients",
    ),
    "a parameter that is never sent": (
        '"updatedAfter": arguments.updated_after,',
        "",
        "list_clients",
    ),
    "a parameter nobody asked for": (
        '"updatedAfter": arguments.updated_after,',
        '"updatedAfter": arguments.updated_after, "debug": True,',
        "list_clients",
    ),
    "another path": (
        '"/api/business/{businessId}/voucher/{voucherId}"',
        '"/api/business/{businessId}/vouchers/{voucherId}"',
        "get_voucher",
    ),
    "a list written in another style": (
        '"service_type": arguments.service_type',
        '"service_type": [arguments.service_type, arguments.service_type]',
        "list_services",
    ),
    "a body field under the agent's name": (
        'serialization_alias="serviceId"',
        'serialization_alias="service_id"',
        "check_availability",
    ),
    "an argument that its own model refuses": (
        "start_time: DateTime = Field(",
        "start_time: int = Field(",
        "check_availability",
    ),
    "a page that is never turned": (
        'query={"size": 100, "page": page}',
        'query={"size": 100}',
        "the choices of branch_id",
    ),
    "the number of the page in the wrong parameter": (
        'query={"size": 100, "page": page}',
        'query={"size": page}',
        "the choices of branch_id",
    ),
}


@pytest.mark.requirement("GEN-PROOF")
@pytest.mark.parametrize("faulty", FAULTY.values(), ids=FAULTY)
def test_a_module_that_sends_something_else_is_refused(
    built: Built, faulty: tuple[str, str, str]
) -> None:
    old, new, tool = faulty
    assert old in built.module
    module = load(built.module.replace(old, new), "phorest")

    faults = prove(module, built.plan, built.document)

    assert tool in {fault.message.partition(":")[0] for fault in faults}
    assert {fault.code for fault in faults} == {"unfaithful-request"}


@pytest.mark.requirement("GEN-PROOF")
def test_the_module_as_built_proves_itself(built: Built) -> None:
    assert prove(built.loaded, built.plan, built.document) == []


CONNECTION = {"region": "eu", "business_id": "business-1", "branch_id": "branch-1"}


@pytest.mark.requirement("GEN-PROOF")
def test_openapi_core_reads_the_arguments_of_every_tool_back(built: Built) -> None:
    endpoints = [tool.endpoint for tool in built.plan.tools if tool.endpoint is not None]
    oracle = Oracle(built.document, endpoints)
    decoder = RequestDecoder(built.document.resolve)
    loaded = {tool.name: tool for tool in built.loaded.connector.tools}
    read = 0
    for tool in built.plan.tools:
        if tool.endpoint is None:
            continue
        operation = built.document.operation(tool.endpoint.operation)
        assert operation is not None
        for case in tool.cases:
            run = loaded[tool.name].run(
                loaded[tool.name].arguments.model_validate(case),
                built.loaded.context(CONNECTION, Recorder()),
            )
            request = sent(run)
            theirs, problems = oracle.values(tool.endpoint, request)
            ours = decoder.read(operation, wire(request))
            assert not problems
            for key, value in theirs.items():
                if key in ours:
                    # The others are defaults of the document, which it fills in.
                    assert says(value, told(ours[key])) or equals(ours[key], value)
                    read += 1
    assert read > 150


@pytest.mark.requirement("JS-2020")
def test_every_published_schema_is_json_schema_2020_12_with_an_object_at_its_root(
    built: Built,
) -> None:
    for tool in built.tools:
        schema = published(tool)["inputSchema"]
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        )
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        assert not {"oneOf", "anyOf", "allOf", "not"} & set(schema)


def test_every_argument_of_every_tool_is_described(built: Built) -> None:
    def undescribed(schema: dict[str, Any], path: str) -> list[str]:
        missing: list[str] = []
        for name, each in schema.get("properties", {}).items():
            if not each.get("description"):
                missing.append(f"{path}{name}")
            missing += undescribed(each, f"{path}{name}.")
            missing += undescribed(each.get("items", {}), f"{path}{name}[].")
        return missing

    for tool in built.tools:
        schema = published(tool)["inputSchema"]
        found = undescribed(schema, f"{tool.name}.")
        for definition in schema.get("$defs", {}).values():
            found += undescribed(definition, f"{tool.name}.$defs.")
        assert not found
