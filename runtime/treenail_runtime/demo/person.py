"""The person at the browser, as far as a login needs one: reads the form, fills it in, sends it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
from mcp.shared.auth import AuthorizationCodeResult

_MOST_STEPS: Final = 12


class LoginError(Exception):
    """The login did not come to its end; the text says what the page said."""


@dataclass(slots=True)
class _Form:
    action: str = ""
    values: dict[str, str] = field(default_factory=dict[str, str])
    empty: dict[str, str] = field(default_factory=dict[str, str])
    """Names of fields to fill in, with their first option where they have options."""


class _Page(HTMLParser):
    """The first form of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.form: _Form | None = None
        self.text = ""
        self._select = ""
        self._forms = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._forms += 1
            if self._forms == 1:
                self.form = _Form(given.get("action", ""))
        if self.form is None or self._forms != 1:
            return
        name = given.get("name", "")
        match tag:
            case "input" if given.get("type") == "hidden":
                self.form.values[name] = given.get("value", "")
            case "input" if given.get("type") not in {"submit", "button"}:
                self.form.empty[name] = given.get("value", "")
            case "select":
                self._select = name
                self.form.empty[name] = ""
            case "option" if self._select and not self.form.empty[self._select]:
                self.form.empty[self._select] = given.get("value", "")
            case "button" if name and not given.keys() & {"form", "formaction"}:
                # Of several buttons the first is for those who want to go on.
                self.form.values.setdefault(name, given.get("value", ""))
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        self.text += data


class Person:
    """Signs in wherever an agent's client sends a browser."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Fill in `values`, by login field; what they do not name is left as the page has it."""
        self._values = values
        self._result: AuthorizationCodeResult | None = None

    async def visit(self, url: str) -> None:
        """Open the authorization page, and go through all pages until the client gets its code.

        Raises:
            LoginError: A page has no form, or they ask again and again.
        """
        callback = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as browser:
            place, answer = url, await browser.get(url)
            for _ in range(_MOST_STEPS):
                if not answer.is_redirect:
                    place, answer = await self._submit(browser, place, answer.text)
                    continue
                place = urljoin(place, answer.headers["location"])
                if place.startswith(callback):
                    self._result = _result(place)
                    return
                answer = await browser.get(place)
        raise LoginError("the login page came back again and again")

    async def returned(self) -> AuthorizationCodeResult:
        """What the browser brought back to the client.

        Raises:
            LoginError: Nothing yet.
        """
        if self._result is None:
            raise LoginError("the login was not finished")
        return self._result

    async def _submit(
        self, browser: httpx2.AsyncClient, place: str, text: str
    ) -> tuple[str, httpx2.Response]:
        """Send the form of the page at `place`: where it went to, and the answer."""
        action, filled = self._filled(text)
        parts = urlsplit(place)
        # A browser names the page's origin with every form that it sends.
        origin = {"Origin": f"{parts.scheme}://{parts.netloc}"}
        target = urljoin(place, action)
        return target, await browser.post(target, data=filled, headers=origin)

    def _filled(self, text: str) -> tuple[str, dict[str, str]]:
        page = _Page()
        page.feed(text)
        if page.form is None:
            raise LoginError(f"no form: {' '.join(page.text.split())[:200]}")
        filled = {
            name: self._values.get(name.removeprefix("field-"), value)
            for name, value in page.form.empty.items()
        }
        return page.form.action, {**page.form.values, **filled}


def _result(location: str) -> AuthorizationCodeResult:
    given = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    if "code" not in given:
        raise LoginError(f"refused: {given.get('error', location)}")
    return AuthorizationCodeResult(
        code=given["code"], state=given.get("state"), iss=given.get("iss")
    )
