"""Which of an operation's documented answers a tool is made for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from treenail_generator.document import Media, Operation, Response, Schema
from treenail_generator.media_types import TEXTS, is_lines, is_media_range
from treenail_generator.yaml_source import JSON

from .forms import Forms

AnswerKind: TypeAlias = Literal["json", "text", "file", "nothing"]

_ANY: Final = frozenset({"*/*", "application/*", ""})
JSON_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """What an operation answers when it succeeds.

    Attributes:
        accept: What a request says it accepts (RFC 9110 12.5.1).
        media_type: Without parameters, lower case; of JSON texts one per line, the schema is the list's.
        schema: None when the document tells nothing.
        redirects: Whether a status 3xx is documented where no 2xx is.
    """

    kind: AnswerKind
    media_type: str = JSON_TYPE
    accept: str = JSON_TYPE
    schema: JSON = None
    redirects: bool = False


def success_of(operation: Operation, forms: Forms) -> Success:
    """The documented success: exact statuses before `2XX`, and `default` only where it stands alone.

    JSON goes before text, and text before files. Where several statuses answer JSON, the answer may
    be any of them.
    """
    responses = _successes(operation)
    redirects = not responses and any(each.status.startswith("3") for each in operation.responses)
    if not responses and not redirects:
        responses = [each for each in operation.responses if each.status == "default"]
    found: dict[AnswerKind, list[Media]] = {"json": [], "text": [], "file": []}
    for response in responses:
        media = _preferred(response)
        if media is not None:
            found[_kind(essence(media))].append(media)
    for kind, medias in found.items():
        if medias:
            return Success(
                kind=kind,
                media_type=_promised(medias[0]),
                accept=_accept(essence(medias[0]), kind),
                schema=_schema(medias, forms, kind),
            )
    return Success(kind="nothing" if responses or redirects else "json", redirects=redirects)


def essence(media: Media) -> str:
    """The media type without parameters, lower case."""
    return media.content_type.partition(";")[0].strip().lower()


def _successes(operation: Operation) -> list[Response]:
    exact = [each for each in operation.responses if each.status.upper() != "2XX"]
    ranges = [each for each in operation.responses if each.status.upper() == "2XX"]
    told = sorted(
        (each for each in exact if each.status.startswith("2")), key=lambda each: each.status
    )
    return [*told, *ranges]


def _preferred(response: Response) -> Media | None:
    order = ("json", "text", "file")
    ranked = sorted(
        (each for each in response.media if is_media_range(each.content_type)),
        key=lambda media: (order.index(_kind(essence(media))), is_lines(media.content_type)),
    )
    return ranked[0] if ranked else None


def _kind(media_type: str) -> AnswerKind:
    if is_lines(media_type) or media_type in _ANY or media_type.endswith(("/json", "+json")):
        return "json"
    if media_type.startswith("text/") or media_type in TEXTS:
        return "text"
    return "text" if media_type.endswith(("+xml", "+yaml")) else "file"


def _promised(media: Media) -> str:
    media_type = essence(media)
    return (
        JSON_TYPE if media_type in _ANY or media_type.endswith(("/json", "+json")) else media_type
    )


def _accept(media_type: str, kind: AnswerKind) -> str:
    if media_type in _ANY | {JSON_TYPE}:
        return JSON_TYPE
    other = "application/json;q=0.9" if kind == "json" else "*/*;q=0.1"
    return f"{media_type}, {other}"


def _schema(medias: Sequence[Media], forms: Forms, kind: AnswerKind) -> JSON:
    schemas: list[JSON] = []
    for media in medias if kind == "json" else ():
        schema: Schema = media.schema
        if is_lines(media.content_type) and (media.item_schema or not forms.of(schema).is_list):
            schema = {"type": "array", "items": media.item_schema or schema}
        if schema and schema not in schemas:
            schemas.append(schema)
    if len(schemas) > 1 and all(forms.of(schema).is_object for schema in schemas):
        return {"anyOf": schemas}
    return next(iter(schemas), None)
