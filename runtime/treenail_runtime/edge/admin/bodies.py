"""Bodies of the admin API: strict JSON, closed objects, every fault told by its field."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from quart import Request

from treenail_runtime.dispatch.strict_json import read_json

from .problems import ApiProblem

_Body = TypeVar("_Body", bound=BaseModel)

_JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
"""RFC 7396 4."""

_MOST_VALUES: Final = 50

_Name = Annotated[str, Field(max_length=64)]
_Value = Annotated[str, Field(max_length=4096)]
Values = Annotated[Mapping[_Name, _Value], Field(max_length=_MOST_VALUES)]

Limits = Annotated[Mapping[_Name, _Name], Field(max_length=_MOST_VALUES)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class NewInstance(_Closed):
    """POST /api/v1/instances."""

    slug: Annotated[str, Field(max_length=300)]
    service: Annotated[str, Field(max_length=64)]
    title: Annotated[str, Field(max_length=200)] | None = None
    owner: Annotated[str, Field(max_length=200)] | None = None
    credentials: Literal["person", "instance"] = "person"
    client_id: Annotated[str, Field(max_length=1024)] | None = None
    client_secret: Annotated[SecretStr, Field(max_length=4096)] | None = None
    server_url: Annotated[str, Field(max_length=1024)] | None = None
    region: Annotated[str, Field(max_length=64)] | None = None
    limits: Limits = {}


class InstanceChange(_Closed):
    """PATCH /api/v1/instances/{slug}: a merge patch (RFC 7396)."""

    title: Annotated[str, Field(max_length=200)] | None = None
    client_id: Annotated[str, Field(max_length=1024)] | None = None
    client_secret: Annotated[SecretStr, Field(max_length=4096)] | None = None
    server_url: Annotated[str, Field(max_length=1024)] | None = None
    region: Annotated[str, Field(max_length=64)] | None = None
    limits: Annotated[Mapping[_Name, _Name | None], Field(max_length=_MOST_VALUES)] | None = {}
    values: Annotated[Mapping[_Name, _Value | None], Field(max_length=_MOST_VALUES)] = {}


class Credentials(_Closed):
    """PUT /api/v1/instances/{slug}/credentials."""

    values: Values


class Initiation(_Closed):
    """POST /api/v1/auth-registry/auth/initiate-oauth/{service}."""

    instance: Annotated[str, Field(max_length=300)]
    title: Annotated[str, Field(max_length=200)] | None = None
    owner: Annotated[str, Field(max_length=200)] | None = None
    client_id: Annotated[str, Field(max_length=1024)] | None = None
    client_secret: Annotated[SecretStr, Field(max_length=4096)] | None = None
    server_url: Annotated[str, Field(max_length=1024)] | None = None
    region: Annotated[str, Field(max_length=64)] | None = None
    values: Values = {}


class Validation(_Closed):
    """POST /api/v1/auth-registry/auth/validate/{service}."""

    instance: Annotated[str, Field(max_length=300)] | None = None
    client_id: Annotated[str, Field(max_length=1024)] | None = None
    client_secret: Annotated[SecretStr, Field(max_length=4096)] | None = None
    values: Values = {}


async def read_body(request: Request, model: type[_Body], *further: str) -> _Body:
    """The body as `model` describes it.

    Args:
        request: With the body.
        model: What it must be.
        further: Media types that say that it is JSON.

    Raises:
        ApiProblem: It is not JSON, or not that; all faults at once.
    """
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in {_JSON, *further}:
        raise ApiProblem(415, "not-json", f"send the body as {_JSON}")
    try:
        value = read_json(cast("bytes", await request.get_data(parse_form_data=False)))
    except ValueError:
        raise ApiProblem(400, "not-json", "the body is not JSON that can be read") from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        told = error.errors(include_input=False, include_url=False, include_context=False)
        faults = {".".join(map(_shown, each["loc"])) or "body": each["msg"] for each in told}
        raise ApiProblem(422, "invalid", "the body is not as described", faults=faults) from None


def _shown(step: int | str) -> str:
    """A name in the body, which may be a received one."""
    return "".join(letter for letter in str(step)[:64] if letter.isprintable())
