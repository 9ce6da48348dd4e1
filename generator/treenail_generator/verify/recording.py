"""Running a tool up to its request, which is taken instead of sent."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Protocol

from treenail_generator.yaml_source import JSON

from .decoding import DecodingError, Wire


class SentContent(Protocol):
    """The contract's `Content`."""

    @property
    def body(self) -> bytes:
        """The bytes."""
        ...

    @property
    def content_type(self) -> str:
        """Media type with all parameters."""
        ...


class SentRequest(Protocol):
    """The contract's `Request`, as far as the proof looks at it."""

    @property
    def path(self) -> str:
        """Percent-encoded."""
        ...

    @property
    def query(self) -> str:
        """Percent-encoded, without "?"."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """Name and value."""
        ...

    @property
    def cookie(self) -> str:
        """Text of the Cookie field; empty for none."""
        ...

    @property
    def content(self) -> SentContent | None:
        """The body; None for none."""
        ...


class _Sent(Exception):  # noqa: N818  # carries the request out of the tool; not an error
    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


class Recorder:
    """Stands where the upstream client stands; the first request without an answer ends the call."""

    def __init__(self, *answers: JSON) -> None:
        """Give each request one of `answers`, as long as there are any."""
        self._answers = iter(answers)

    async def send(self, request: Any) -> Any:
        """Answer, or end the call."""
        for answer in self._answers:
            return SimpleNamespace(
                status=200,
                body=json.dumps(answer).encode(),
                content_type="application/json",
                headers={},
            )
        raise _Sent(request)


def sent(coroutine: Any) -> SentRequest:
    """The request that a tool sends; tools wait for nothing else.

    Raises:
        DecodingError: It ends without one.
        Exception: Whatever the tool raises.
    """
    try:
        coroutine.send(None)
    except _Sent as taken:
        return taken.request
    finally:
        coroutine.close()
    raise DecodingError("nothing was sent")


def wire(request: SentRequest) -> Wire:
    """The request as it would stand on the wire."""
    content = request.content
    return Wire(
        path=request.path,
        query=request.query,
        headers=request.headers,
        cookie=request.cookie,
        content_type=content.content_type if content is not None else None,
        body=content.body if content is not None else None,
    )
