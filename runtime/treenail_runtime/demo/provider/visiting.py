"""The person at the provider: authorization request, login, consent, and back."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from treenail_runtime.auth.pkce import METHOD, is_challenge
from treenail_runtime.auth.redirect_uris import build_redirect, redirect_host

from .ledger import FakeClient, new_grant
from .pages import consent_page, login_page, problem_page
from .provider import FakeProvider

WRONG_PASSWORD = "wrong"  # noqa: S105  # the one that is never right


@dataclass(frozen=True, slots=True)
class Page:
    """HTML to show."""

    html: str
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the browser goes."""

    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """An authorization request that was found in order."""

    client_id: str
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    challenge: str
    nonce: str
    prompt: frozenset[str]
    browser: str


@dataclass
class Visits:
    """The visits under way, and who is known to which browser."""

    provider: FakeProvider
    _open: dict[str, _Request] = field(default_factory=dict[str, _Request])
    _subjects: dict[str, str] = field(default_factory=dict[str, str])
    _agreed: set[tuple[str, str, tuple[str, ...]]] = field(
        default_factory=set[tuple[str, str, tuple[str, ...]]]
    )

    def begin(self, form: Mapping[str, str], browser: str) -> Page | Redirect:
        """The answer to an authorization request (RFC 6749 4.1.1)."""
        client = self.provider.ledger.clients.get(form.get("client_id", ""))
        uri = form.get("redirect_uri", "")
        if client is None or not client.may_return_to(uri):
            return Page(problem_page("Unknown application, or unknown address of it."), 400)
        request = _request(form, client, browser)
        if isinstance(request, str):
            return self._back(uri, form.get("state", ""), {"error": request})
        txn = secrets.token_urlsafe(24)
        self._open[txn] = request
        subject = self._subjects.get(browser)
        if subject is None or "login" in request.prompt or not self.provider.switches.remembers:
            return Page(login_page(self.provider.mode.paths["login"], txn))
        return self._ask(txn, request, subject)

    def log_in(self, form: Mapping[str, str], browser: str) -> Page | Redirect:
        """The answer to the login form."""
        txn = form.get("txn", "")
        request = self._open.get(txn)
        if request is None or request.browser != browser:
            return _lost()
        name = form.get("username", "").strip()
        if not name or form.get("password", WRONG_PASSWORD) == WRONG_PASSWORD:
            return Page(login_page(self.provider.mode.paths["login"], txn, wrong=True))
        self._subjects[browser] = name
        return self._ask(txn, request, name)

    def decide(self, form: Mapping[str, str], browser: str) -> Page | Redirect:
        """The answer to the consent form."""
        request = self._open.get(form.get("txn", ""))
        subject = self._subjects.get(browser)
        if request is None or request.browser != browser or subject is None:
            return _lost()
        del self._open[form["txn"]]
        if form.get("decision") != "allow":
            return self._back(request.redirect_uri, request.state, {"error": "access_denied"})
        self._agreed.add((subject, request.client_id, request.scopes))
        return self._grant(request, subject)

    def _ask(self, txn: str, request: _Request, subject: str) -> Page | Redirect:
        known = (subject, request.client_id, request.scopes) in self._agreed
        if known and self.provider.switches.remembers and "consent" not in request.prompt:
            del self._open[txn]
            return self._grant(request, subject)
        return Page(
            consent_page(
                self.provider.mode.paths["consent"],
                txn,
                subject=subject,
                client_id=request.client_id,
                scopes=request.scopes,
                host=redirect_host(request.redirect_uri),
            )
        )

    def _grant(self, request: _Request, subject: str) -> Redirect:
        grant = new_grant(request.client_id, subject, request.scopes, request.nonce)
        code = self.provider.ledger.new_code(
            grant, request.redirect_uri, request.challenge, self.provider.now
        )
        return self._back(request.redirect_uri, request.state, {"code": code})

    def _back(self, uri: str, state: str, answer: Mapping[str, str]) -> Redirect:
        own = {"state": state} if state else {}
        provider = self.provider
        if provider.switches.names_itself and provider.mode.signs:
            own["iss"] = provider.named_issuer("answer")
        return Redirect(build_redirect(uri, list({**answer, **own}.items())))


def _request(form: Mapping[str, str], client: FakeClient, browser: str) -> _Request | str:
    """The request, or the error that it is."""
    if form.get("response_type") != "code":
        return "unsupported_response_type"
    challenge = form.get("code_challenge", "")
    if challenge and (form.get("code_challenge_method") != METHOD or not is_challenge(challenge)):
        return "invalid_request"
    if not challenge and client.secret is None:
        return "invalid_request"
    return _Request(
        client_id=client.client_id,
        redirect_uri=form["redirect_uri"],
        state=form.get("state", ""),
        scopes=tuple(form.get("scope", "").split()),
        challenge=challenge,
        nonce=form.get("nonce", ""),
        prompt=frozenset(form.get("prompt", "").split()),
        browser=browser,
    )


def _lost() -> Page:
    return Page(problem_page("This page is not, or no more, good. Begin again."), 400)
