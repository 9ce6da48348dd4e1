"""The provider over HTTP: endpoints that only translate, and its outages before them."""

import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from quart import Quart, Response, jsonify, request
from quart.typing import ResponseReturnValue

from .describing import document
from .granting import authenticated, token_answer
from .journal import Asked
from .ledger import Grant
from .pages import HEADERS
from .provider import FakeProvider
from .visiting import Page, Redirect, Visits

_COOKIE: Final = "made_up_provider"
_OK: Final = 200
_NO_CONTENT: Final = 204
_UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404


def make_app(provider: FakeProvider) -> Quart:
    """The application of one provider."""
    app = Quart("treenail_runtime", static_folder=None)
    endpoints = _Endpoints(provider)
    app.before_request(endpoints.before)
    for name, path in provider.mode.paths.items():
        method = "POST" if name in {"login", "consent", "token", "introspect", "revoke"} else "GET"
        if name in {"revoke", "end"} and provider.mode.speaks_github:
            method = "DELETE"
        app.add_url_rule(path, name, getattr(endpoints, name), methods=[method])
    return app


class _Endpoints:
    """One method for each name in `Mode.paths`."""

    def __init__(self, provider: FakeProvider) -> None:
        self._provider = provider
        self._visits = Visits(provider)

    async def before(self) -> ResponseReturnValue | None:
        """Write the request down, and be ill where the switches say so."""
        endpoint = request.endpoint or ""
        asked = Asked(endpoint, request.method, await _form(), dict(request.headers))
        await self._provider.journal.add(asked)
        switches = self._provider.switches
        if not switches.is_out(endpoint):
            return None
        match switches.outage:
            case "cut":
                return Response(_cut_short(), headers={"Content-Length": "1000"})
            case "fault":
                return Response("<h1>Internal server error</h1>", 500)
            case "error":
                pause = {"Retry-After": switches.retry_after} if switches.retry_after else {}
                return Response("<h1>Service unavailable</h1>", 503, pause)
            case _:
                await switches.well.wait()
                return None

    async def authorize(self) -> ResponseReturnValue:
        browser = _browser()
        return _shown(self._visits.begin(await _form(), browser), browser)

    async def login(self) -> ResponseReturnValue:
        browser = _browser()
        return _shown(self._visits.log_in(await _form(), browser), browser)

    async def consent(self) -> ResponseReturnValue:
        browser = _browser()
        return _shown(self._visits.decide(await _form(), browser), browser)

    async def token(self) -> ResponseReturnValue:
        authorization = request.headers.get("Authorization")
        status, said = token_answer(self._provider, await _form(), authorization)
        if not self._provider.mode.speaks_github:
            return _told(said, status)
        if "application/json" in request.headers.get("Accept", ""):
            return _told(said)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return Response(urlencode(said), _OK, kind)

    async def revoke(self, client_id: str = "") -> ResponseReturnValue:
        form = await _form()
        ledger = self._provider.ledger
        if self._provider.mode.speaks_github:
            token = form.get("access_token", "")
            return self._ended(client_id, form, lambda _: ledger.give_back(token))
        if authenticated(self._provider, form, request.headers.get("Authorization")) is None:
            return _told({"error": "invalid_client"}, _UNAUTHORIZED)
        token = form.get("token", "")
        grant = ledger.grant_of(token)
        if grant is not None and self._provider.switches.ends_all:
            ledger.end_like(grant)
        ledger.give_back(token)
        return Response(status=_OK)

    async def end(self, client_id: str) -> ResponseReturnValue:
        return self._ended(client_id, await _form(), self._provider.ledger.end_like)

    def _ended(
        self, client_id: str, form: Mapping[str, str], end: Callable[[Grant], None]
    ) -> Response:
        """As GitHub answers who wants to end something with an access token."""
        client = authenticated(self._provider, form, request.headers.get("Authorization"))
        if client is None or client_id != client.client_id:
            return _told({"error": "invalid_client"}, _UNAUTHORIZED)
        grant = self._provider.ledger.granted(form.get("access_token", ""), self._provider.now)
        if grant is None:
            return _told({"message": "Not Found"}, _NOT_FOUND)
        end(grant)
        return Response(status=_NO_CONTENT)

    async def userinfo(self) -> ResponseReturnValue:
        kind, _, access = request.headers.get("Authorization", "").partition(" ")
        grant = self._provider.ledger.granted(access, self._provider.now)
        if kind.lower() != "bearer" or grant is None:
            return Response(status=_UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        return _told({"sub": grant.subject, "login": grant.subject})

    async def introspect(self) -> ResponseReturnValue:
        form = await _form()
        if authenticated(self._provider, form, request.headers.get("Authorization")) is None:
            return _told({"error": "invalid_client"}, _UNAUTHORIZED)
        return _told({"active": self._provider.is_live(form.get("token", ""))})

    async def document(self) -> ResponseReturnValue:
        return _told(document(self._provider))

    async def keys(self) -> ResponseReturnValue:
        return _told(self._provider.signer.key_set)


async def _cut_short() -> AsyncGenerator[bytes]:
    yield b'{"access_token": "'


async def _form() -> Mapping[str, str]:
    """Parameters of query and body."""
    body: dict[str, str] = {}
    if request.is_json:
        sent = await request.get_json(silent=True)
        body = {str(name): str(value) for name, value in dict(sent or {}).items()}
    else:
        body.update(parse_qsl(str(await request.get_data(as_text=True)), keep_blank_values=True))
    return {**request.args.to_dict(), **body}


def _browser() -> str:
    """The browser, known by a cookie from its first visit on."""
    return request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)


def _shown(answer: Page | Redirect, browser: str) -> Response:
    if isinstance(answer, Redirect):
        shown = Response(status=302, headers={"Location": answer.location, **HEADERS})
    else:
        shown = Response(answer.html, answer.status, {**HEADERS, "Content-Type": "text/html"})
    shown.set_cookie(_COOKIE, browser, httponly=True, samesite="Lax")
    return shown


def _told(said: Mapping[str, Any], status: int = _OK) -> Response:
    told = jsonify(dict(said))
    told.status_code = status
    told.headers["Cache-Control"] = "no-store"
    return told
