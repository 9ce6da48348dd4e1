"""Clients and a person, who do all that carries a secret, and keep account of it."""

import base64
import json
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.support.authorizing import REDIRECT, SHOPS, Page
from tests.support.families import challenge_of
from tests.support.loopback import Reply, reply
from tests.support.secret_flow import Flow, page_of
from tests.support.wire import Answer
from treenail_runtime.crypto.opaque import new_token

REGISTERED = {"redirect_uris": [REDIRECT], "grant_types": ["authorization_code", "refresh_token"]}
ON_PAGES = frozenset({"txn", "csrf", "cookie"})
IN_REDIRECTS = frozenset({"code", "state"})
ISSUED = frozenset({"access token", "refresh token"})
JSON_BODY = ("Content-Type", "application/json")


@dataclass(frozen=True)
class App:
    """A client, and how it proves itself."""

    client_id: str
    secret: str = field(default="", repr=False)
    method: str = "none"

    def proof(self, secret: str = "") -> tuple[dict[str, str], list[tuple[str, str]]]:
        """Form parameters and header fields; with another `secret`, wrong ones."""
        shown = secret or self.secret
        if self.method == "basic":
            return {}, [("Authorization", f"Basic {basic(self.client_id, shown)}")]
        return {"client_id": self.client_id} | ({"client_secret": shown} if shown else {}), []


@dataclass(frozen=True, repr=False)
class Pair:
    access: str
    refresh: str


def basic(name: str, secret: str) -> str:
    return base64.b64encode(f"{name}:{secret}".encode()).decode()


@dataclass
class Run:
    """The steps of a run."""

    flow: Flow
    password: str = field(repr=False)

    def echo(self, status: int, *, then: str = "echo") -> Reply:
        """An upstream that tells everybody what it was sent."""
        sent = basic("global/ann@example.test", self.password)
        told = {"password": self.password, "authorization": f"Basic {sent}", "note": self.password}
        body = json.dumps({"error": {"message": f"{then} {told}", "code": self.password}, **told})
        return reply(
            status, body.encode(), f"X-Echo: {self.password}", "Content-Type: application/json"
        )

    def upstream(self, *replies: Reply) -> None:
        """What the upstream answers from now on."""
        self.flow.upstream.replies[:] = replies

    async def register(self, method: str, *headers: tuple[str, str], **more: object) -> App:
        """A client that registers itself."""
        body = {**REGISTERED, "token_endpoint_auth_method": method, **more}
        may = {"client secret"}
        answer = await self.flow.send(
            "POST", "/register", JSON_BODY, *headers, body=json.dumps(body).encode(), may=may
        )
        assert answer.status == 201, answer.status
        told = answer.json
        secret = told.get("client_secret", "")
        if secret:
            self.flow.keep("client secret", secret)
        return App(told["client_id"], secret, method.removeprefix("client_secret_"))

    async def add_client(self, name: str, method: str, *options: str) -> App:
        """A client that the operator adds."""
        printed = await self.flow.treenail(
            *(
                "clients",
                "add",
                name,
                "--confidential",
                method,
                "--redirect-uri",
                REDIRECT,
                *options,
            ),
            may={"client secret"},
        )
        return self.credentials(printed, method)

    def credentials(self, printed: str, method: str) -> App:
        """What the command line tells once."""
        told = dict(line.split(": ") for line in printed.splitlines())
        return App(
            told["client_id"], self.flow.keep("client secret", told["client_secret"]), method
        )

    async def open_page(self, app: App, verifier: str) -> tuple[Page, str]:
        """The login page, and the browser's cookie."""
        asked = {"response_type": "code", "client_id": app.client_id, "redirect_uri": REDIRECT}
        asked |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
        asked |= {"state": self.flow.new("state"), "scope": "mcp.tools.call"}
        answer = await self.flow.send("GET", f"/authorize?{urlencode(asked)}", may=ON_PAGES)
        assert answer.status == 200, answer.status
        cookie = answer.headers["set-cookie"].partition(";")[0]
        self.flow.keep("cookie", cookie.partition("=")[2])
        return self.seen(answer), cookie

    def seen(self, answer: Answer) -> Page:
        """A page, whose hidden fields are registered."""
        page = page_of(answer)
        assert page.forms, (page.status, "no form")
        for form in page.forms:
            for name in ON_PAGES & form.values.keys():
                self.flow.keep(name, form.values[name])
        return page

    async def submit(self, page: Page, cookie: str, **typed: str) -> Answer:
        """Send the page's form."""
        form = page.forms[0]
        values = form.values | {f"field-{name}": value for name, value in typed.items()}
        headers = [("Cookie", cookie), ("Origin", self.flow.base_url)]
        may = ON_PAGES | IN_REDIRECTS
        return await self.flow.post(f"/{form.action}", values, *headers, may=may)

    async def code(self, app: App, verifier: str) -> str:
        """A wrong password, the right one, the choice of a shop: a code."""
        page, cookie = await self.open_page(app, verifier)
        typed = {"email": "ann@example.test", "region": "eu"}
        for status in (401, 500):
            self.upstream(self.echo(status), SHOPS)
            denied = await self.submit(page, cookie, **typed, password=self.flow.new("password"))
            assert denied.status in {422, 503}, denied.status
            page = self.seen(denied)
        self.upstream(SHOPS)
        chooser = self.seen(await self.submit(page, cookie, **typed, password=self.password))
        assert "field-shop_id" in chooser.forms[0].values
        done = page_of(await self.submit(chooser, cookie, shop_id="s-1"))
        assert done.status == 303
        return self.flow.keep("code", dict(done.answer)["code"])

    async def token(self, app: App, secret: str = "", **form: str) -> Answer:
        """POST /token."""
        proof, headers = app.proof(secret)
        return await self.flow.post("/token", {**proof, **form}, *headers, may=ISSUED)

    async def pair(self, app: App, **form: str) -> Pair:
        """The tokens of a token answer."""
        answer = await self.token(app, **form)
        assert answer.status == 200, answer.json
        access = self.flow.keep("access token", answer.json["access_token"])
        return Pair(access, self.flow.keep("refresh token", answer.json["refresh_token"]))

    async def log_in(self, app: App) -> Pair:
        """Tokens, after all that may go wrong on the way to them."""
        verifier = self.flow.new("verifier")
        code = await self.code(app, verifier)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        if app.secret:
            wrong = self.flow.keep("client secret", new_token("treenail", "sec"))
            assert (await self.token(app, wrong, **form, code_verifier=verifier)).status == 401
        return await self.pair(app, **form, code_verifier=verifier)

    async def guess(self, app: App) -> None:
        """A code with a verifier that is not its own."""
        form = {"code": await self.code(app, self.flow.new("verifier")), "redirect_uri": REDIRECT}
        form |= {"grant_type": "authorization_code", "code_verifier": self.flow.new("verifier")}
        assert (await self.token(app, **form)).json["error"] == "invalid_grant"

    async def refresh(self, app: App, token: str) -> Pair:
        return await self.pair(app, grant_type="refresh_token", refresh_token=token)
