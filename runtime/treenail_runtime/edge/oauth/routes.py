"""Which path leads to which endpoint, for every instance, prefix and alias."""

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
from treenail_runtime.edge.guard import Route
from treenail_runtime.edge.headers import metadata_headers

from .answers import answered
from .authorize import authorize
from .decision import decision
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
    "login": (login, _posted(_LOGIN, "own")),
    "token": (token, _posted(_FORM, "cors")),
    "register": (register, _posted(_CLIENT, "cors")),
    "revoke": (revoke, _posted(_FORM, "cors")),
    "introspect": (introspect, _posted(_FORM, "listed")),
}


def add_oauth(
    app: Quart, services: OAuth, instances: Sequence[Instance], prefixes: Sequence[str]
) -> dict[str, Route]:
    """Add every endpoint to `app`.

    Args:
        app: The pages.
        services: What the endpoints work with.
        instances: The default one first.
        prefixes: Paths before the endpoints' names; discovery names the first.

    Returns:
        What the guard lets through, by path.
    """
    routes: dict[str, Route] = {}
    for instance in instances:
        routes |= _add_documents(app, services, instance, prefixes[0])
        for prefix in prefixes:
            for name, (handler, route) in _offered(services).items():
                path = f"{instance.base_path}{prefix}/{name}"
                _add(app, path, name, handler, services, instance, route.methods)
                routes[path] = route
    https = services.policy.https
    _add_fixed(app, _ROOT_DOCUMENT, protected_resource(instances[0]), https=https)
    routes[_ROOT_DOCUMENT] = _DOCUMENT
    _add_stylesheet(app, services)
    routes[STYLESHEET_PATH] = Route(methods=_READ)
    return routes


def _offered(services: OAuth) -> dict[str, tuple[Handler, Route]]:
    absent = {
        *(() if services.policy.registration != "off" else ("register",)),
        *(() if services.policy.introspection else ("introspect",)),
    }
    return {name: each for name, each in _ENDPOINTS.items() if name not in absent}


def _add_documents(
    app: Quart, services: OAuth, instance: Instance, prefix: str
) -> dict[str, Route]:
    server = authorization_server(instance, services.policy, prefix)
    documents = dict.fromkeys(server_paths(instance), server)
    documents[resource_path(instance)] = protected_resource(instance)
    for path, document in documents.items():
        _add_fixed(app, path, document, https=services.policy.https)
    return dict.fromkeys(documents, _DOCUMENT)


def _add_fixed(app: Quart, path: str, document: Mapping[str, object], *, https: bool) -> None:
    headers = metadata_headers(https=https)

    async def told() -> Response:
        return Response(write_json(document), headers=headers, content_type="application/json")

    app.add_url_rule(path, path, told)


def _add_stylesheet(app: Quart, services: OAuth) -> None:
    async def endpoint() -> Response:
        return await stylesheet(services)

    app.add_url_rule(STYLESHEET_PATH, STYLESHEET_PATH, endpoint)


def _add(
    app: Quart,
    path: str,
    name: str,
    handler: Handler,
    services: OAuth,
    instance: Instance,
    methods: Sequence[str],
) -> None:
    async def endpoint() -> Response:
        return await answered(lambda: handler(services, instance), name)

    app.add_url_rule(path, path, endpoint, methods=[*methods])
