"""openapi-spec-validator, told to say where each fault stands. Import it late: it costs 0.2 s."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, cast

from jsonschema.exceptions import ValidationError
from jsonschema.validators import validator_for
from jsonschema_path.paths import SchemaPath
from openapi_spec_validator.validation import keywords, validators
from openapi_spec_validator.validation.exceptions import ExtraParametersError
from openapi_spec_validator.validation.registries import KeywordValidatorRegistry

from treenail_generator.document.model import Version
from treenail_generator.document.unfetched import Nowhere
from treenail_generator.document.values import mapping
from treenail_generator.yaml_source import JSON, Pointer

_ENDLESS = "this schema contains itself, or nests too deeply"
_NO_REFERENCE = "'$ref' is a required property"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFault:
    """What openapi-spec-validator found.

    Attributes:
        path: Where in the validated document.
        keyword: The JSON Schema keyword that failed; empty when the rule is not one of a schema.
        message: The validator's words.
        value: What stands there; None when the validator does not say.
        allowed_keys: The keys that the mapping at `path` may have, as far as they are listed.
    """

    path: Pointer
    keyword: str
    message: str
    value: JSON
    allowed_keys: tuple[str, ...]


def spec_faults(document: dict[str, JSON], version: Version) -> Iterator[SpecFault]:
    """Every fault of a document whose references all lead to its components.

    Faults of the document's structure hide those of its schemas, whose checks rely on it.
    """
    validator = _VALIDATORS[version](document)
    structure = validator.schema_validator
    if structure.is_valid(document):
        errors = _schema_errors(validator, document)
    else:
        errors = _explained(document, structure.schema)
    for error in errors:
        yield SpecFault(
            path=tuple(error.path),
            keyword=error.validator if isinstance(error.validator, str) else "",
            message=error.message,
            value=_plain(error.instance),
            allowed_keys=tuple(mapping(mapping(_plain(error.schema)).get("properties"))),
        )


def _plain(value: object) -> JSON:
    return cast("JSON", value) if isinstance(value, (str, int, float, list, dict)) else None


def _schema_errors(
    validator: validators.SpecValidator, document: dict[str, JSON]
) -> Iterator[ValidationError]:
    schema_validator, value_validator = (
        validator.keyword_validators_registry[keyword] for keyword in ("schema", "default")
    )
    schemas = mapping(mapping(document.get("components")).get("schemas"))
    ids = {id(schema) for schema in schemas.values()}
    cast("_LocatedSchemaValidator", schema_validator).component_ids = ids
    errors = list(validator.root_validator(validator.schema_path))
    yield from errors
    if not errors:
        yield from cast("_LateValueValidator", value_validator).late_errors()


def _explained(document: JSON, meta_schema: Any) -> Iterator[ValidationError]:
    """The same faults from the slower validator, which knows the alternatives that were tried."""
    slow: Any = validator_for(meta_schema)(meta_schema)
    yield from _located(slow.iter_errors(document), ())


class _LocatedSchemaValidator(keywords.SchemaValidator):
    """Checks every component once, instead of again wherever a reference leads to it.

    The original follows references and keeps no limit: chains of schemas that refer to each
    other overflow Python's stack.
    """

    component_ids: AbstractSet[int] = frozenset()

    def __call__(
        self,
        schema: SchemaPath,
        require_properties: bool = True,  # noqa: FBT001, FBT002  # the base class's signature
        meta_checked: bool = False,  # noqa: FBT001, FBT002  # the same
    ) -> Iterator[ValidationError]:
        is_component = schema.parts[:-1] == ("components", "schemas")
        if not is_component and id(schema.read_value()) in self.component_ids:
            return
        found = super().__call__(schema, require_properties, meta_checked)
        errors = (error for error in found if not isinstance(error, ExtraParametersError))
        try:
            yield from _located(errors, schema.parts)
        except RecursionError:
            yield from _located([ValidationError(_ENDLESS)], schema.parts)

    def _collect_properties(self, schema: SchemaPath) -> set[str]:  # noqa: ARG002  # as above
        """Nothing: the original never returns from schemas that contain each other.

        It serves only ExtraParametersError, which JSON Schema does not call a fault.
        """
        return set()


class _LateValueValidator(keywords.ValueValidator):
    """Checks defaults after all schemas: the original crashes on schemas not yet checked."""

    def __init__(self, registry: KeywordValidatorRegistry) -> None:
        super().__init__(registry)
        self._waiting: list[tuple[SchemaPath, Any]] = []

    def __call__(self, schema: SchemaPath, value: Any) -> Iterator[ValidationError]:
        self._waiting.append((schema, value))
        return iter(())

    def late_errors(self) -> Iterator[ValidationError]:
        for schema, value in self._waiting:
            try:
                yield from _located(super().__call__(schema, value), (*schema.parts, "default"))
            except RecursionError:
                yield from _located([ValidationError(_ENDLESS)], schema.parts)


class _Schema30(_LocatedSchemaValidator, keywords.OpenAPIV30SchemaValidator):
    pass


class _Schema31(_LocatedSchemaValidator, keywords.OpenAPIV31SchemaValidator):
    pass


class _Schema32(_LocatedSchemaValidator, keywords.OpenAPIV32SchemaValidator):
    pass


class _Value30(_LateValueValidator, keywords.OpenAPIV30ValueValidator):
    pass


class _Value31(_LateValueValidator, keywords.OpenAPIV31ValueValidator):
    pass


class _Value32(_LateValueValidator, keywords.OpenAPIV32ValueValidator):
    pass


class _LocatedOperationValidator(keywords.OperationValidator):
    def __call__(
        self, url: str, name: str, operation: SchemaPath, path_parameters: SchemaPath | None
    ) -> Iterator[ValidationError]:
        errors = super().__call__(url, name, operation, path_parameters)
        try:
            yield from _located(errors, operation.parts)
        except ValueError as error:
            # It takes the path for a format string of Python.
            message = f"the path is no template: {error}"
            yield from _located([ValidationError(message)], operation.parts)


class _Validator30(validators.OpenAPIV30SpecValidator):
    resolver_handlers = Nowhere()
    keyword_validators = {  # noqa: RUF012  # a Mapping in the base class
        **validators.OpenAPIV30SpecValidator.keyword_validators,
        "default": _Value30,
        "schema": _Schema30,
        "operation": _LocatedOperationValidator,
    }


class _Validator31(validators.OpenAPIV31SpecValidator):
    resolver_handlers = Nowhere()
    keyword_validators = {  # noqa: RUF012  # a Mapping in the base class
        **validators.OpenAPIV31SpecValidator.keyword_validators,
        "default": _Value31,
        "schema": _Schema31,
        "operation": _LocatedOperationValidator,
    }


class _Validator32(validators.OpenAPIV32SpecValidator):
    resolver_handlers = Nowhere()
    keyword_validators = {  # noqa: RUF012  # a Mapping in the base class
        **validators.OpenAPIV32SpecValidator.keyword_validators,
        "default": _Value32,
        "schema": _Schema32,
        "operation": _LocatedOperationValidator,
    }


_VALIDATORS: Mapping[Version, type[validators.SpecValidator]] = {
    "2.0": _Validator30,
    "3.0": _Validator30,
    "3.1": _Validator31,
    "3.2": _Validator32,
}


def _located(
    errors: Iterable[ValidationError], where: tuple[Any, ...]
) -> Iterator[ValidationError]:
    """The innermost faults, their paths prefixed unless an inner validator has done it already."""
    for error in errors:
        meant = _deepest(error)
        path = tuple(meant.absolute_path)
        yield ValidationError(
            meant.message,
            validator=meant.validator,
            path=path if path[: len(where)] == where else (*where, *path),
            instance=meant.instance,
            schema=meant.schema,
        )


def _deepest(error: ValidationError) -> ValidationError:
    """The fault inside an alternative, where one alternative clearly was the one meant."""
    tried = [inner for inner in error.context or () if not _is_other_form(inner)]
    depth = max((len(inner.relative_path) for inner in tried), default=0)
    deepest = [inner for inner in tried if len(inner.relative_path) == depth]
    alternatives = {inner.relative_schema_path[0] for inner in deepest}
    return _deepest(deepest[0]) if len(alternatives) == 1 else error


def _is_other_form(error: ValidationError) -> bool:
    """Whether an alternative failed because it is a reference, or another type, altogether."""
    return error.message == _NO_REFERENCE or (error.validator == "type" and not error.relative_path)
