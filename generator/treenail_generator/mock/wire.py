"""One HTTP exchange as plain data: what came in, what goes out, and why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import orjson

from treenail_generator.yaml_source import JSON

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as it stood on the wire.

    Attributes:
        path: Still percent-encoded, without the query.
        query_string: Still percent-encoded, without the question mark.
        headers: In the order sent, names in lower case.
    """

    method: str
    path: str
    query_string: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @cached_property
    def query(self) -> tuple[tuple[str, str], ...]:
        """Decoded pairs, in the order sent."""
        return tuple(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def content_type(self) -> str:
        """With its parameters, in lower case; empty when none was sent."""
        return (self.header("content-type") or "").lower()

    def header(self, name: str) -> str | None:
        """The first value of a header, None when it was not sent."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response; without a content type there is no body."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Refusal(Exception):  # noqa: N818  # a regular answer, not a fault of ours
    """The upstream says no.

    Attributes:
        status: Of the answer.
        reason: What a person may read.
        headers: To send beside the body.
    """

    def __init__(
        self, status: int, reason: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


def json_bytes(value: JSON) -> bytes:
    """Compact UTF-8; the order of the keys is kept."""
    return orjson.dumps(value)


def phrase(status: int) -> str:
    """`Not Found` for 404; the number where HTTP has no phrase."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return str(status)
