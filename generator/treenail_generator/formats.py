"""Formats of texts (JSON Schema 2020-12 validation, 7.3), as the runtime enforces them."""

import re
from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs

CHECKED_FORMATS: Final = frozenset(
    {
        *("date", "date-time", "time", "duration", "email", "idn-email", "hostname"),
        *("idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference"),
        *("uri-template", "uuid", "json-pointer", "relative-json-pointer", "regex"),
    }
)
"""Those that JSON Schema knows; any other is an annotation."""

_TIME: Final = re.compile(
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
)


def _is_time(value: str) -> bool:
    """RFC 3339 full-time; documents that say `time` mostly mean one without a zone."""
    return _TIME.fullmatch(value) is not None


def validator_of(
    schema: Mapping[str, Any], *, formats: bool = True
) -> jsonschema_rs.Draft202012Validator:
    """What checks values against `schema`, with its formats or without them.

    Raises:
        jsonschema_rs.ValidationError: `schema` is no schema.
    """
    return jsonschema_rs.Draft202012Validator(
        dict(schema), validate_formats=formats, formats={"time": _is_time}
    )
