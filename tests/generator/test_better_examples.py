"""A module tells arguments that its tools send."""

import dataclasses
from pathlib import Path

from treenail_generator.connector_file import read_connector_file
from treenail_generator.document import read_document
from treenail_generator.planning import plan_connector
from treenail_generator.render import render, with_examples

CASE = Path(__file__).parent / "cases" / "outputs"


def test_other_examples_change_the_text_as_if_it_were_printed_anew() -> None:
    request = read_connector_file((CASE / "connector.yaml").read_text(), "outputs.yaml")
    before = plan_connector(request, read_document((CASE / "spec.yaml").read_text(), "spec.yaml"))
    tools = [dataclasses.replace(tool, example={"person_id": "7"}) for tool in before.tools]
    after = dataclasses.replace(before, tools=tuple(tools))

    text = with_examples(render(before), before, after)

    assert text == render(after)
    assert text.count("{'person_id': '7'}") == len(tools)
