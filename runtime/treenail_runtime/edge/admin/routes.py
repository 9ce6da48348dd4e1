"""Which path leads to which verb."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from quart import Quart, Response, request

from treenail_runtime.administration.departures import CALLBACK, CONNECT
from treenail_runtime.auth.admins import Admin
from treenail_runtime.edge.routing import INSTANCE, Route

from . import instances, operating, registry, single
from .authenticating import authenticated
from .connecting import agreed, invited
from .problems import answered
from .returning import returned
from .services import AdminServices

Verb: TypeAlias = Callable[[AdminServices, Admin, str], Awaitable[Response]]
Page: TypeAlias = Callable[[AdminServices, str], Awaitable[Response]]

API: Final = "/api/v1"
_LARGEST: Final = 64 * 1024
_FORM: Final = 16 * 1024
_ONE: Final = f"{API}/instances/{INSTANCE}"
_REGISTRY: Final = f"{API}/auth-registry/auth"

VERBS: Final[Mapping[str, Mapping[str, Verb]]] = {
    f"{API}/instances": {"GET": instances.list_instances, "POST": instances.create_instance},
    _ONE: {
        "GET": instances.show_instance,
        "PATCH": instances.change_instance,
        "DELETE": instances.delete_instance,
    },
    f"{_ONE}/disable": {"POST": instances.disable_instance},
    f"{_ONE}/enable": {"POST": instances.enable_instance},
    f"{_ONE}/credentials": {"PUT": instances.set_credentials},
    f"{_ONE}/access-key": {"POST": instances.rotate_access_key},
    f"{_ONE}/revoke": {"POST": instances.revoke_logins},
    f"{_ONE}/refresh": {"POST": instances.refresh_tokens},
    f"{API}/caches": {"GET": operating.show_caches, "DELETE": operating.clear_caches},
    f"{API}/caches/instances/{INSTANCE}": {"DELETE": operating.clear_instance},
    f"{API}/caches/services/{INSTANCE}": {"DELETE": operating.clear_service},
    f"{API}/connectors/reload": {"POST": operating.reload_connectors},
    f"{API}/connectors/{INSTANCE}/reload": {"POST": operating.reload_connector},
    f"{_REGISTRY}/services": {"GET": registry.list_services},
    f"{_REGISTRY}/validate/{INSTANCE}": {"POST": registry.validate},
    f"{_REGISTRY}/initiate-oauth/{INSTANCE}": {"POST": registry.initiate},
}
"""By path and method; `INSTANCE` stands for a slug, or for a connector's name."""

PAGES: Final[Mapping[str, tuple[str, Page]]] = {
    f"/{INSTANCE}/health": ("GET", single.health),
    f"/{INSTANCE}/status": ("GET", single.status),
    f"/{INSTANCE}/refresh": ("POST", single.refresh),
}


FOR_PEOPLE: Final[Mapping[str, Mapping[str, Page]]] = {
    f"{CONNECT}{INSTANCE}": {"GET": invited, "POST": agreed},
    f"{CALLBACK}{INSTANCE}": {"GET": returned},
}
"""Pages on which an instance gets an account, by path and method."""


def add_admin(app: Quart, services: AdminServices, *, with_api: bool) -> dict[str, Route]:
    """Add the pages of single instances and, unless it is switched off, the admin API.

    Returns:
        What the guard lets through, by path.
    """
    routes: dict[str, Route] = {}
    for path, (method, page) in PAGES.items():
        _add_page(app, services, path, method, page)
        routes[path] = Route(methods=(method,), max_body=_LARGEST if method == "POST" else 0)
    if not with_api:
        return routes
    for path, verbs in VERBS.items():
        for method, verb in verbs.items():
            _add_verb(app, services, path, method, verb)
        routes[path] = Route(methods=(*verbs,), max_body=_LARGEST)
    for path, pages in FOR_PEOPLE.items():
        for method, page in pages.items():
            _add_page_for_people(app, services, path, method, page)
        most = _FORM if "POST" in pages else 0
        routes[path] = Route(methods=(*pages,), max_body=most, origins="own")
    return routes


def _add_verb(app: Quart, services: AdminServices, path: str, method: str, verb: Verb) -> None:
    called = f"{method} {path}"

    async def serve(name: str) -> Response:
        admin = await authenticated(services, request)
        # Read before: who goes away sends no more of it.
        await request.get_data(parse_form_data=False)
        acting = answered(lambda: verb(services, admin, name), called)
        return await services.oauth.finishing.finish(acting)

    async def endpoint(name: str = "") -> Response:
        return await answered(lambda: serve(name), called)

    _add_rule(app, path, method, endpoint)


def _add_page(app: Quart, services: AdminServices, path: str, method: str, page: Page) -> None:
    async def endpoint(name: str = "") -> Response:
        return await answered(lambda: page(services, name), path)

    _add_rule(app, path, method, endpoint)


def _add_page_for_people(
    app: Quart, services: AdminServices, path: str, method: str, page: Page
) -> None:
    async def endpoint(name: str) -> Response:
        return await page(services, name)

    _add_rule(app, path, method, endpoint)


def _add_rule(
    app: Quart, path: str, method: str, endpoint: Callable[..., Awaitable[Response]]
) -> None:
    rule = path.replace(INSTANCE, "<name>")
    app.add_url_rule(rule, f"{method} {rule}", endpoint, methods=[method])
