"""The mock as a Quart app: reads requests, waits, breaks off, and keeps one line about each."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, cast

import click
from quart import Quart, Response, request
from werkzeug.exceptions import HTTPException

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.document import JSON, Document

from .faults import Fault, FaultName, asked_delay, oversized
from .sockets import Connections
from .trusting import check_token
from .upstream import Upstream
from .wire import JSON_TYPE, Answer, Call, Refusal, json_bytes

CONTROL: Final = "/__mock__"
_EXTENSION: Final = "treenail-mock"
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
_LOGGED: Final = 20
_GONE_S: Final = 60.0


def create_mock(
    document: Document,
    request: ConnectorRequest,
    *,
    seed: int,
    fault: Fault | None,
    latency_s: float = 0.0,
    userinfo_url: str | None = None,
) -> Quart:
    """The app that answers as the document says.

    Args:
        document: Every operation of it is served.
        request: The connector, for its name, its servers and its credentials.
        seed: The same seed gives the same answers.
        fault: For requests that ask for none themselves; None for no fault.
        latency_s: How long every answer takes at least.
        userinfo_url: Must take a bearer token before the mock does; None to take any.
    """
    app = Quart("treenail-mock", static_folder=None)
    app.url_map.merge_slashes = False
    door = _Door(Upstream(document, request, seed=seed, fault=fault), latency_s, userinfo_url)
    app.extensions[_EXTENSION] = door
    methods = list(dict.fromkeys([*_METHODS, *(each.method for each in document.operations)]))
    app.add_url_rule(f"{CONTROL}/reset", "reset", door.reset, methods=["POST"])
    app.add_url_rule(f"{CONTROL}/log", "log", door.log, methods=["GET"])
    app.add_url_rule(f"{CONTROL}/health", "health", door.health, methods=["GET"])
    app.add_url_rule("/", "root", door.serve, methods=methods, provide_automatic_options=False)
    app.add_url_rule(
        "/<path:_path>", "any", door.serve, methods=methods, provide_automatic_options=False
    )
    app.register_error_handler(HTTPException, door.refuse)
    return app


def upstream_of(app: Quart) -> Upstream:
    """What the app answers with."""
    return _door_of(app).upstream


def connect(app: Quart, connections: Connections) -> None:
    """Tell the app where its connections are, so that it can break them off."""
    _door_of(app).connections = connections


class _Door:
    """Where requests come in."""

    def __init__(self, upstream: Upstream, latency_s: float, userinfo_url: str | None) -> None:
        self.upstream = upstream
        self.connections: Connections | None = None
        self._latency_s = latency_s
        self._userinfo_url = userinfo_url

    async def serve(self, _path: str = "") -> Response:
        """Answer a request to the upstream."""
        begun = time.perf_counter()
        call = await _call()
        fault: FaultName | None = None
        refusal: Refusal | None = None
        try:
            if self._userinfo_url is not None:
                await check_token(call, self._userinfo_url)
            fault = self.upstream.fault_of(call)
        except Refusal as found:
            refusal = found
        await asyncio.sleep(self._latency_s)
        if fault == "slow":
            await asyncio.sleep(asked_delay(call))
        if fault == "reset":
            self._tell(call, None, begun)
            return await self._break_off()
        if fault == "oversized":
            self._tell(call, 200, begun)
            return Response(_streamed(), status=200, content_type=JSON_TYPE)
        answer = self.upstream.refused(refusal) if refusal else self.upstream.answer(call, fault)
        self._tell(call, answer.status, begun)
        return _response(answer)

    async def refuse(self, error: HTTPException) -> Response:
        """Answer what Quart itself refuses, say a body that is too large."""
        call = await _call(with_body=False)
        answer = self.upstream.refused(Refusal(error.code or 500, error.description or error.name))
        self._tell(call, answer.status, time.perf_counter())
        return _response(answer)

    async def reset(self) -> Response:
        """Forget what was written and what was asked."""
        self.upstream.reset()
        return Response(status=204)

    async def log(self) -> Response:
        """The last requests, `?n=` of them, oldest first."""
        count = request.args.get("n", _LOGGED, type=int)
        return _json({"requests": self.upstream.journal.last(count)})

    async def health(self) -> Response:
        """Whether the mock is there."""
        return _json({"status": "ok", "name": self.upstream.name})

    async def _break_off(self) -> Response:
        """End the connection without an answer; Quart cancels us once it is gone."""
        client = _scope().get("client")
        if self.connections is None or client is None or not self.connections.reset(client):
            raise ConnectionResetError("asked for by X-Mock-Fault")
        await asyncio.sleep(_GONE_S)
        return Response(status=500)

    def _tell(self, call: Call, status: int | None, begun: float) -> None:
        """Write one line: no query, for keys may stand there."""
        self.upstream.journal.add(call, status)
        spent_ms = 1000 * (time.perf_counter() - begun)
        click.echo(f"{call.method} {call.path} {status or 'reset'} {spent_ms:.1f} ms", err=True)


def _door_of(app: Quart) -> _Door:
    door = app.extensions.get(_EXTENSION)
    if not isinstance(door, _Door):
        raise TypeError("this app was not made by create_mock")
    return door


def _scope() -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", request.scope)


async def _call(*, with_body: bool = True) -> Call:
    raw_path = cast("bytes", _scope().get("raw_path", b"")).partition(b"?")[0]
    return Call(
        method=request.method,
        path=raw_path.decode("latin-1") or request.path,
        query_string=request.query_string.decode("latin-1"),
        headers=tuple((name.lower(), value) for name, value in request.headers),
        body=cast("bytes", await request.get_data()) if with_body else b"",
    )


async def _streamed() -> AsyncIterator[bytes]:
    for chunk in oversized():
        yield chunk


def _response(answer: Answer) -> Response:
    response = Response(answer.body, status=answer.status, headers=dict(answer.headers))
    if answer.content_type is None:
        response.headers.pop("Content-Type", None)
    else:
        response.headers["Content-Type"] = answer.content_type
    return response


def _json(value: JSON) -> Response:
    return Response(json_bytes(value), content_type=JSON_TYPE)
