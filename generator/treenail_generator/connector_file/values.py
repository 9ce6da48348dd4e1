"""The values that keys of the connector file take, and the base of its sections."""

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_SECONDS = r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)"
_SIZE = r"([0-9]+) ?([kKM]?i?B)?"
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {"": 1, "B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "KiB": 1024, "MiB": 1024**2}


def _seconds(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(_SECONDS, value)):
        return float(found[1]) * _UNITS[found[2]]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise ValueError("should be a duration like 250ms, 20s or 1m")


def _size(value: object) -> object:
    if isinstance(value, str) and (found := re.fullmatch(_SIZE, value)):
        return int(found[1]) * _BYTES.get(found[2] or "", 1)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("should be a size like 500kB or 1MiB")


_Limited: TypeAlias = Annotated[float, Field(gt=0, le=600)]
_KeptSeconds: TypeAlias = Annotated[float, Field(ge=1, le=3600)]
_Positive: TypeAlias = Annotated[int, Field(gt=0)]
_SecondsText: TypeAlias = Annotated[str, Field(pattern=f"^{_SECONDS}$")]
_SizeText: TypeAlias = Annotated[str, Field(pattern=f"^{_SIZE}$")]
Seconds: TypeAlias = Annotated[
    _Limited, BeforeValidator(_seconds, json_schema_input_type=_Limited | _SecondsText)
]
KeptSeconds: TypeAlias = Annotated[
    _KeptSeconds, BeforeValidator(_seconds, json_schema_input_type=_KeptSeconds | _SecondsText)
]
Bytes: TypeAlias = Annotated[
    _Positive, BeforeValidator(_size, json_schema_input_type=_Positive | _SizeText)
]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,19}$")]
FieldName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ToolName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
"""MCP 2026-07-28, Tools: 1-128 of these characters; clients cap the prefixed name at 64."""
TokenPrefix: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,15}$")]
ScopeName: TypeAlias = Annotated[str, Field(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]{1,64}$")]
"""RFC 6749 3.3, `scope-token`; no longer than a person can compare."""
ProviderScope: TypeAlias = Annotated[str, Field(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]{1,256}$")]
"""RFC 6749 3.3, `scope-token`; some providers' are URLs."""
ScopeWords: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]
Advice: TypeAlias = dict[str, str]
OutputMode: TypeAlias = Literal["off", "lenient", "strict"]


class Closed(BaseModel):
    """Base of every section: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, hide_input_in_errors=True)
