"""Argument types that are JSON Schemas, and the definitions that a module's schemas share."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, cast

import jsonschema_rs
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from .formats import validator
from .references import PREFIX, references
from .schema_errors import problem_of

EXACT_SCHEMA: Final = "x-exact-schema"
"""Holds a `JsonSchema` as text while pydantic assembles the whole; never published."""


class Definitions:
    """Schemas by name that refer to each other as `#/$defs/<name>`, each parsed when it is needed.

    A module holds one, so that no schema stands in it twice: `Annotated[JsonValue,
    DEFINITIONS["Pod"]]`, or `DEFINITIONS.schema({...})` for a schema that refers to some of them.
    """

    def __init__(self, texts: Mapping[str, str], *, formats: bool = True) -> None:
        """`texts` are JSON texts by name; `formats` says whether those of texts are enforced."""
        self.formats = formats
        self._texts = texts
        self._parsed: dict[str, Any] = {}
        self._references: dict[str, tuple[str, ...]] = {}
        self._whole: dict[str, JsonSchema] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(self._texts)

    def __getitem__(self, name: str) -> "JsonSchema":
        if name not in self._whole:
            self._whole[name] = self.schema({"$ref": PREFIX + name})
        return self._whole[name]

    def __contains__(self, name: object) -> bool:
        return name in self._texts

    def schema(self, own: Mapping[str, Any]) -> "JsonSchema":
        """The type of what satisfies `own`, which refers to definitions."""
        return JsonSchema(own, self)

    def definition(self, name: str) -> Any:
        """One definition, over the others; not to be changed."""
        if name not in self._parsed:
            self._parsed[name] = json.loads(self._texts[name])
        return self._parsed[name]

    def closure(self, schema: Any) -> dict[str, Any]:
        """The definitions that `schema` reaches, those nearest to it first."""
        found: dict[str, Any] = {}
        waiting = list(references(schema))
        for name in waiting:
            if name not in found and name in self:
                found[name] = self.definition(name)
                waiting.extend(self._referred(name))
        return found

    def _referred(self, name: str) -> tuple[str, ...]:
        if name not in self._references:
            self._references[name] = tuple(references(self.definition(name)))
        return self._references[name]


class JsonSchema:
    """A JSON value that satisfies a JSON Schema 2020-12, validated by it and published as it.

    For what pydantic cannot say exactly (oneOf, not, ECMA-262 patterns, uniqueItems, ...):
    `Annotated[JsonValue, JsonSchema({...})]`.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        definitions: Definitions | None = None,
        *,
        formats: bool = True,
    ) -> None:
        """`formats` says whether those of texts are enforced; `definitions` say it for their own."""
        self.own = dict(schema)
        self.definitions = definitions
        self._formats = formats if definitions is None else definitions.formats

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema in one piece."""
        closure = self.definitions.closure(self.own) if self.definitions is not None else {}
        return {**self.own, "$defs": closure} if closure else self.own

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return validator(self.schema, formats=self._formats)

    def check(self, value: object) -> object:
        """`value` itself.

        Raises:
            PydanticCustomError: It does not satisfy the schema; names the first place that does not.
        """
        for error in self._validator.iter_errors(cast("Any", value)):
            raise PydanticCustomError("json_schema", "{problem}", {"problem": problem_of(error)})
        return value

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, core_schema.any_schema())

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        # As text, since pydantic would look up the `$ref`s of a nested schema among its own.
        return {**handler(schema), EXACT_SCHEMA: json.dumps(self.schema)}
