"""Output schemas that generated modules give as text."""

import pytest

from treenail_runtime.contract import OutputSchema


def test_an_output_schema_reads_like_the_object_that_its_text_says() -> None:
    schema = OutputSchema('{"type":"object","properties":{  "id":{"type":"string"}}}')

    assert dict(schema) == {"type": "object", "properties": {"id": {"type": "string"}}}
    assert (len(schema), schema["type"]) == (2, "object")


def test_an_output_schema_is_parsed_only_when_it_is_looked_at() -> None:
    schema = OutputSchema("no JSON")

    with pytest.raises(ValueError, match="Expecting value"):
        dict(schema)
