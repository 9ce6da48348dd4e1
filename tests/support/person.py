"""A person at a browser: opens the page, fills in its form, is led back to the application.

As a program too, for applications that start a browser: `python -m tests.support.person URL`.
"""

import asyncio
import base64
import hashlib
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import aiohttp
from yarl import URL

from tests.support.phorest import PASSWORD

_AT_PROVIDER: Mapping[str, str] = {"username": "anna", "password": PASSWORD}
"""What a person types at the upstream's own provider."""

ANNA: Mapping[str, str] = {
    "region": "eu",
    "business_id": "b1",
    "email": "anna@example.test",
    "password": PASSWORD,
}
"""What Anna types into Phorest's login form."""

BERT: Mapping[str, str] = {**ANNA, "email": "bert@example.test", "password": f"{PASSWORD}-too"}

REDIRECT = "http://127.0.0.1/callback"
"""Where nothing listens: the answer is read from the redirect."""

_MOST_STEPS = 12


@dataclass
class Form:
    action: str
    values: dict[str, str] = field(default_factory=dict[str, str])


class _Page(HTMLParser):
    """The first form of a page: what it sends when its first button is pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif self.forms and tag == "button" and "name" in given and "form" not in given:
            self.forms[-1].values.setdefault(given["name"], given.get("value", ""))
        elif self.forms and "name" in given and "form" not in given:
            self.forms[-1].values[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self.text += data


def first_form(text: str) -> Form:
    """The first form of a page."""
    page = _Page()
    page.feed(text)
    assert page.forms, f"no form: {' '.join(page.text.split())}"
    return page.forms[0]


@dataclass(frozen=True)
class Visit:
    """How an authorization went.

    Attributes:
        pages: The pages of the authorization server, as HTML.
        location: Where it led in the end.
        told: The page of the application there; empty where nothing listens.
    """

    pages: list[str]
    location: str
    told: str

    @property
    def answer(self) -> dict[str, str]:
        """The authorization response."""
        pairs = parse_qsl(urlsplit(self.location).query, keep_blank_values=True)
        assert len(dict(pairs)) == len(pairs), "a parameter is there twice"
        return dict(pairs)


class Person:
    """Signs in wherever an application sends a browser, and allows what is asked."""

    def __init__(self, values: Mapping[str, str] = ANNA, *, follows: bool = True) -> None:
        """Type `values`, by login field; `follows` to the application with its answer."""
        typed = {f"field-{name}": value for name, value in values.items()}
        self._typed = {**typed, **_AT_PROVIDER}
        self._follows = follows
        self.visits: list[Visit] = []

    async def visit(self, url: str) -> Visit:
        """Open the authorization page, and go through it, and a provider's pages, to the end."""
        cookies = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=cookies) as browser:
            pages, location = await self._through(browser, url)
            told = ""
            if self._follows:
                async with browser.get(URL(location, encoded=True)) as answer:
                    told = await answer.text()
        self.visits.append(Visit(pages, location, told))
        return self.visits[-1]

    async def _through(self, browser: aiohttp.ClientSession, url: str) -> tuple[list[str], str]:
        callback = dict(parse_qsl(urlsplit(url).query)).get("redirect_uri", "")
        pages: list[str] = []
        target, form = url, None
        for _ in range(_MOST_STEPS):
            async with browser.request(
                "POST" if form else "GET",
                URL(target, encoded=True),
                data=form and form.values,
                headers=_origin(target) if form else {},
                allow_redirects=False,
            ) as answer:
                if "Location" in answer.headers:
                    target, form = urljoin(target, answer.headers["Location"]), None
                    if target.startswith(callback):
                        return pages, target
                    continue
                assert answer.content_type == "text/html", await answer.text()
                pages.append(await answer.text())
            form = self._filled(pages[-1])
            target = urljoin(target, form.action)
        raise AssertionError(f"the page came back again and again: {pages[-1]}")

    def _filled(self, text: str) -> Form:
        form = first_form(text)
        form.values.update({name: self._typed[name] for name in form.values.keys() & self._typed})
        return form


def _origin(url: str) -> dict[str, str]:
    """A browser names the page's origin with every form that it sends."""
    parts = urlsplit(url)
    return {"Origin": f"{parts.scheme}://{parts.netloc}"}


@dataclass(frozen=True)
class Tokens:
    """What an application got for itself, without any library."""

    client_id: str
    access: str
    refresh: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}


async def register(base_url: str, redirect: str = REDIRECT) -> str:
    """The id of a public client that registered itself (RFC 7591)."""
    asked = {"client_name": "By hand", "redirect_uris": [redirect]}
    asked |= {"token_endpoint_auth_method": "none", "application_type": "native"}
    asked |= {"grant_types": ["authorization_code", "refresh_token"]}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{base_url}/register", json=asked) as answer,
    ):
        assert answer.status == 201, await answer.text()
        return (await answer.json())["client_id"]


async def sign_in(
    base_url: str, client_id: str | None = None, values: Mapping[str, str] = ANNA
) -> Tokens:
    """Tokens for whoever types `values`; the client registers itself unless it has an id."""
    known = client_id or await register(base_url)
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    asked = {"response_type": "code", "client_id": known, "redirect_uri": REDIRECT}
    asked |= {"code_challenge": challenge.decode(), "code_challenge_method": "S256"}
    asked |= {"state": secrets.token_urlsafe(16)}
    visit = await Person(values, follows=False).visit(f"{base_url}/authorize?{urlencode(asked)}")
    assert visit.answer["state"] == asked["state"]
    form = {"grant_type": "authorization_code", "code": visit.answer["code"], "client_id": known}
    form |= {"redirect_uri": REDIRECT, "code_verifier": verifier}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{base_url}/token", data=form) as answer,
    ):
        told = await answer.json()
        assert answer.status == 200, told
    return Tokens(known, told["access_token"], told["refresh_token"])


if __name__ == "__main__":
    asyncio.run(Person().visit(sys.argv[1]))
