"""Which path leads to which endpoint, for the default instance, for all others, and for aliases."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

from quart import Quart, Response

from treenail_runtime.auth.metadata import (
    authorization_server,
    protected_resource,
    resource_path,
    server_paths,
)
from treenail_runtime.auth.records import Instance
from treenail_runtime.dispatch.strict_json import write_json
from treenail_runtime.edge.cors import Origins
from treenail_runtime.edge.headers import metadata_headers
from treenail_runtime.edge.places import Places
from treenail_runtime.edge.routing import INSTANCE, Route

from .answers import answered, json_answer
from .authorize import authorize
from .callback import callback
from .decision import decision
from .departing import CALLBACK
from .introspect import introspect
from .login import login
from .register import register
from .revoke import revoke
from .services import OAuth
from .stylesheet import STYLESHEET_PATH, stylesheet
from .token import token

Handler: TypeAlias = Callable[[OAuth, Instance], Awaitable[Response]]

_FORM: Final = 64 * 1024
_LOGIN: Final = 16 * 1024
_CLIENT: Final = 32 * 1024
_READ: Final = ("GET", "HEAD")
_ROOT_DOCUMENT: Final = "/.well-known/oauth-protected-resource"
_DOCUMENT: Final = Route(methods=_READ, origins="cors")


def _posted(most: int, origins: Origins) -> Route:
    return Route(methods=("POST",), max_body=most, origins=origins)


_ENDPOINTS: Final[Mapping[str, tuple[Handler, Route]]] = {
    "authorize": (authorize, Route(methods=("GET", "HEAD", "POST"), max_body=_FORM, origins="own")),
    "authorize/decision": (decision, _posted(_LOGIN, "own")),
    CALLBACK: (callback, Route(methods=("GET",), origins="own")),
    "login": (login, _posted(_LOGIN, "own")),
    "token": (token, _posted(_FORM, "cors")),
    "register": (register, _posted(_CLIENT, "cors")),
    "revoke": (revoke, _posted(_FORM, "cors")),
    "introspect": (introspect, _posted(_FORM, "listed")),
}


def add_oauth(
    app: Quart, services: OAuth, places: Places, prefixes: Sequence[str]
) -> dict[str, Route]:
    """Add every endpoint to `app`.

    Args:
        app: The pages.
        services: What the endpoints work with.
        places: The instances.
        prefixes: Paths before the endpoints' names; discovery names the first.

    Returns:
        What the guard lets through, by path.
    """
    routes: dict[str, Route] = {}
    for base_path in ("", f"/{INSTANCE}"):
        pages = _Pages(app, services, places, base_path, routes)
        pages.add_documents(prefixes[0])
        for prefix in prefixes:
            for name, (handler, route) in _offered(services).items():
                pages.add(f"{base_path}{prefix}/{name}", name, handler, route)
    _add_stylesheet(app, services)
    routes[STYLESHEET_PATH] = Route(methods=_READ)
    return routes


def _offered(services: OAuth) -> dict[str, tuple[Handler, Route]]:
    absent = {
        *(() if services.policy.registration != "off" else ("register",)),
        *(() if services.policy.introspection else ("introspect",)),
    }
    return {name: each for name, each in _ENDPOINTS.items() if name not in absent}


class _Pages:
    """The endpoints of the default instance, or those of all others."""

    def __init__(
        self, app: Quart, services: OAuth, places: Places, base_path: str, routes: dict[str, Route]
    ) -> None:
        self._app = app
        self._services = services
        self._places = places
        self._base_path = base_path
        self._routes = routes

    def add(self, path: str, name: str, handler: Handler, route: Route) -> None:
        """Serve `handler` at `path`."""

        async def found(instance: str) -> Response:
            place = await self._find(instance)
            return _absent() if place is None else await handler(self._services, place)

        async def endpoint(instance: str = "") -> Response:
            return await answered(lambda: found(instance), name)

        rule = path.replace(INSTANCE, "<instance>")
        self._app.add_url_rule(rule, rule, endpoint, methods=[*route.methods])
        self._routes[path] = route

    def add_documents(self, prefix: str) -> None:
        """Serve the discovery documents, which name endpoints behind `prefix`."""
        policy = self._services.policy
        headers = metadata_headers(https=policy.https)

        async def server(_: OAuth, instance: Instance) -> Response:
            return _document(authorization_server(instance, policy, prefix), headers)

        async def resource(_: OAuth, instance: Instance) -> Response:
            return _document(protected_resource(instance), headers)

        for path in server_paths(self._base_path):
            self.add(path, "metadata", server, _DOCUMENT)
        self.add(resource_path(self._base_path), "metadata", resource, _DOCUMENT)
        if not self._base_path:
            self.add(_ROOT_DOCUMENT, "metadata", resource, _DOCUMENT)

    async def _find(self, name: str) -> Instance | None:
        return await self._places.find(name) if name else self._places.default


def _document(document: Mapping[str, object], headers: dict[str, str]) -> Response:
    return Response(write_json(document), headers=headers, content_type="application/json")


def _absent() -> Response:
    return json_answer({"error": "Not Found"}, 404)


def _add_stylesheet(app: Quart, services: OAuth) -> None:
    async def endpoint() -> Response:
        return await stylesheet(services)

    app.add_url_rule(STYLESHEET_PATH, STYLESHEET_PATH, endpoint)
