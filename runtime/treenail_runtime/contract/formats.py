"""Formats of texts that are enforced (JSON Schema 2020-12 validation, 7.3)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

_TIME: Final = re.compile(
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
)


def _is_time(value: str) -> bool:
    """RFC 3339 full-time; documents that say `time` mostly mean one without a zone."""
    return _TIME.fullmatch(value) is not None


def validator(
    schema: Mapping[str, Any], *, formats: bool = True
) -> jsonschema_rs.Draft202012Validator:
    """What checks values against `schema`, with formats as assertions or as annotations.

    A format that JSON Schema does not know is an annotation always.
    """
    return jsonschema_rs.Draft202012Validator(
        dict(schema), validate_formats=formats, formats={"time": _is_time}
    )


@lru_cache(maxsize=64)
def _of_format(name: str) -> jsonschema_rs.Draft202012Validator:
    return validator({"format": name})


class Format:
    """A text of a format: `Annotated[str, Format("email")]`, published with it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def check(self, value: str) -> str:
        """`value` itself.

        Raises:
            PydanticCustomError: It is not of the format.
        """
        if not _of_format(self.name).is_valid(value):
            problem = "should be of the format {name}"
            raise PydanticCustomError("format", problem, {"name": self.name})
        return value

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "format": self.name}
