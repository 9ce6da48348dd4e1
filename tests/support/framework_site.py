"""An upstream in a web framework: it tells how Quart and Werkzeug read what arrives."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from quart import Quart, request
from werkzeug.datastructures import MultiDict

from tests.support.serving import serving_app
from tests.support.upstreams import connected
from treenail_runtime.contract import Request
from treenail_runtime.edge.asgi import AsgiApp
from treenail_runtime.upstream import UpstreamClient


@dataclass(frozen=True)
class ReadFile:
    """A part with a file name."""

    field: str
    name: str | None
    kind: str
    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True)
class Seen:
    """One request as the framework's own parsers read it.

    Attributes:
        path: Percent-decoded.
        json: None where the type of the body is not JSON.
        body: Empty where a form was read.
    """

    path: str
    args: list[tuple[str, str]]
    headers: dict[str, str]
    cookies: list[tuple[str, str]]
    kind: str
    json: object = None
    form: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    files: list[ReadFile] = field(default_factory=list[ReadFile])
    body: bytes = b""


@dataclass
class FrameworkSite:
    """The running upstream and a client of the product that is connected to it."""

    client: UpstreamClient
    seen: list[Seen]

    async def read(self, sent: Request) -> Seen:
        """What the framework makes of `sent`, which goes over a real connection."""
        self.seen.clear()
        await self.client.send(sent)
        (seen,) = self.seen
        return seen


@asynccontextmanager
async def framework_site() -> AsyncGenerator[FrameworkSite]:
    """A site that takes every path and method."""
    app, seen = Quart(__name__, static_folder=None), list[Seen]()
    app.url_map.merge_slashes = False

    @app.route("/<path:path>", methods=["GET", "POST"])
    async def take(path: str) -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]  # a route
        seen.append(await _seen(path))
        return {}

    async with (
        serving_app(cast("AsgiApp", app)) as running,
        connected(f"http://127.0.0.1:{running.port}") as client,
    ):
        yield FrameworkSite(client, seen)


async def _seen(path: str) -> Seen:
    form = cast("MultiDict[str, str]", await request.form)  # pyright: ignore[reportUnknownMemberType]  # untyped in Quart
    files = await request.files
    return Seen(
        path=path,
        args=list(request.args.items(multi=True)),
        headers=dict(request.headers),
        cookies=list(request.cookies.items(multi=True)),
        kind=request.mimetype,
        json=await request.get_json() if request.is_json else None,
        form=list(form.items(multi=True)),
        files=[
            ReadFile(name, file.filename, file.mimetype, dict(file.headers), file.read())
            for name, file in files.items(multi=True)
        ],
        body=cast("bytes", await request.get_data()),
    )
