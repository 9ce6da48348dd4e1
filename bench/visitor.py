"""An agent's client and the person before it, in as few requests as authorization takes."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import load

_REDIRECT: Final = "http://127.0.0.1:33418/callback"
_SECONDS: Final = 60
_LOGIN: Final = {
    "field-region": "eu",
    "field-business_id": "bench-business",
    "field-branch_id": "bench-branch",
    "field-email": "bench@example.com",
    "field-password": "not-a-secret",
}


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the client holds."""

    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class Page:
    """The first form of a login page: its hidden fields and the names of the others."""

    hidden: dict[str, str]
    asked: frozenset[str]


class Visitor:
    """One client over one connection; it registers itself at once."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self._http = HTTPConnection(
            "127.0.0.1", port, timeout=_SECONDS, source_address=(address, 0)
        )
        self._origin = f"http://127.0.0.1:{port}"
        self._cookie = ""
        self._verifier = secrets.token_urlsafe(32)
        metadata = {"redirect_uris": [_REDIRECT], "token_endpoint_auth_method": "none"}
        sent = json.dumps({"client_name": "bench", **metadata})
        _, body = self._send("POST", "/register", sent, "application/json", 201)
        self._client: str = json.loads(body)["client_id"]

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def connect(self) -> Tokens:
        """The whole of it: page, login, code, tokens."""
        return self.exchange(self.login(self.page()))

    def page(self) -> Page:
        """Ask for authorization."""
        proof = hashlib.sha256(self._verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": _REDIRECT,
            "code_challenge": base64.urlsafe_b64encode(proof).decode().rstrip("="),
            "code_challenge_method": "S256",
            "scope": "mcp.tools.call",
        }
        response, body = self._send("GET", f"/authorize?{urlencode(query)}")
        self._cookie = (response.getheader("Set-Cookie") or self._cookie).partition(";")[0]
        return _page(body)

    def login(self, page: Page) -> str:
        """Fill in the form, again when it asks for more; the code."""
        for _ in range(2):
            typed = {name: value for name, value in _LOGIN.items() if name in page.asked}
            response, body = self._send("POST", "/login", urlencode({**page.hidden, **typed}))
            if response.status == 303:  # noqa: PLR2004  # See Other
                given = parse_qs(urlsplit(response.getheader("Location") or "").query)
                if "code" in given:
                    return given["code"][0]
                raise load.LoadError(f"no code: {given}")
            page = _page(body)
        raise load.LoadError(f"the login page came back and asks for {sorted(page.asked)}")

    def exchange(self, code: str) -> Tokens:
        """The first tokens."""
        proof = {"code_verifier": self._verifier, "redirect_uri": _REDIRECT}
        return self._tokens({"grant_type": "authorization_code", "code": code, **proof})

    def refresh(self, tokens: Tokens) -> Tokens:
        """The next ones."""
        return self._tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh})

    def _tokens(self, form: dict[str, str]) -> Tokens:
        _, body = self._send("POST", "/token", urlencode({**form, "client_id": self._client}))
        told: dict[str, Any] = json.loads(body)
        return Tokens(told["access_token"], told["refresh_token"])

    def _send(
        self,
        method: str,
        target: str,
        body: str | None = None,
        kind: str = "application/x-www-form-urlencoded",
        status: int = 200,
    ) -> tuple[HTTPResponse, bytes]:
        headers = {"Origin": self._origin, "Content-Type": kind} if body is not None else {}
        if self._cookie:
            headers["Cookie"] = self._cookie
        self._http.request(method, target, body, headers)
        response = self._http.getresponse()
        answer = response.read()
        if response.status not in {status, 303}:
            raise load.LoadError(f"{method} {target}: {response.status} {answer[:500]!r}")
        return response, answer


class _Form(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.asked: set[str] = set()
        self._ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._ended or tag not in {"input", "select"}:
            return
        if given.get("type") == "hidden":
            self.hidden[given["name"] or ""] = given.get("value") or ""
        else:
            self.asked.add(given["name"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._ended = self._ended or tag == "form"


def _page(body: bytes) -> Page:
    form = _Form()
    form.feed(body.decode())
    return Page(form.hidden, frozenset(form.asked))
