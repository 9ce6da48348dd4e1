"""Discriminators: the name in the request chooses the alternative, before anything is sent."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.project import case_project, run
from treenail_generator.verify.loaded import load


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The arguments of the tools of the golden case, by name."""
    folder: Path = tmp_path_factory.mktemp("discriminators") / "project"
    result = run(case_project("discriminators", folder), "build", "discriminators")
    assert result.exit_code == 0, result.output
    text = (folder / "connectors/discriminators.py").read_text(encoding="utf-8")
    return {tool.name: tool.arguments for tool in load(text, "discriminators").connector.tools}


@pytest.mark.requirement("SCHEMA-DISCRIMINATOR")
@pytest.mark.parametrize(
    ("pet", "accepted"),
    [
        ({"kind": "feline"}, True),
        ({"kind": "feline", "lives": 9}, True),
        ({"kind": "dog", "tricks": ["roll"]}, True),
        ({"kind": "dog", "lives": "many"}, True),
        ({"kind": "feline", "lives": "many"}, False),
        ({"kind": "Cat"}, False),
        ({"lives": 9}, False),
    ],
)
def test_the_name_chooses_the_alternative(
    tools: dict[str, Any], pet: dict[str, Any], *, accepted: bool
) -> None:
    try:
        tools["add_pet"].model_validate({"pet": pet})
    except ValidationError:
        assert not accepted
    else:
        assert accepted


@pytest.mark.requirement("SCHEMA-DISCRIMINATOR")
def test_an_object_takes_the_fields_of_what_is_derived_from_it(tools: dict[str, Any]) -> None:
    tools["add_shape"].model_validate({"shape": {"type": "round", "radius": 2}})

    with pytest.raises(ValidationError, match="lacks the field 'type'"):
        tools["add_shape"].model_validate({"shape": {"radius": 2}})
