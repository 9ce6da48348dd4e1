"""Instances, administrators and tokens of an upstream; nothing that is left holds a secret of them."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from tests.support.admin_api import API, REGISTRY
from tests.support.authorizing import REDIRECT, SHOPS
from tests.support.collector import Collector, collector
from tests.support.databases import travel
from tests.support.families import challenge_of
from tests.support.loopback import loopback
from tests.support.ports import free_port
from tests.support.postgres import Postgres
from tests.support.providers import browsing
from tests.support.secret_flow import FORM, Flow, Output, page_of, secret_flow
from tests.support.secret_run import (
    IN_REDIRECTS,
    ISSUED,
    JSON_BODY,
    ON_PAGES,
    REGISTERED,
    Pair,
    Run,
)
from tests.support.secret_store import auth_secret, places, stored
from tests.support.wire import JSON_HEADERS, Answer, modern, modern_headers, rpc
from tests.support.wiretap import Wiretap, tapped
from treenail_runtime.demo.provider import FakeClient, FakeProvider, serving_provider

AT_THE_PROVIDER = """

from dataclasses import replace

from treenail_runtime.contract import BearerAuth, ChainAuth, OAuthCodeAuth, OAuthProvider

CONNECTOR = replace(
    CONNECTOR,
    auth=ChainAuth((
        BearerAuth("{password}"),
        OAuthCodeAuth(provider=OAuthProvider(authorize_url=%r, token_url=%r, revoke_url=%r)),
    )),
    login=tuple(
        replace(each, required=False) for each in CONNECTOR.login if each.name in {"password", "region"}
    ),
)
"""
TO_THE_PROVIDER = frozenset({"upstream state"})
MISPLACED = {"admin token", "access key", "upstream state", "upstream access_token"}
TABLES = {"mcp_instances", "mcp_credentials", "mcp_setups", "admin_tokens", "mcp_services"}


@dataclass
class Office:
    """A run with a provider, an administrator, a collector, and a port for metrics."""

    run: Run
    fake: FakeProvider
    side: Wiretap
    kept: Collector
    metrics_port: int
    admin: str = field(default="", repr=False)

    @property
    def flow(self) -> Flow:
        return self.run.flow

    async def ask(
        self, method: str, path: str, body: object = None, *more: tuple[str, str], may: Any = ()
    ) -> Answer:
        """The admin API."""
        headers = [("Authorization", f"Bearer {self.admin}"), *more]
        if body is not None and not more:
            headers.append(JSON_BODY)
        data = b"" if body is None else json.dumps(body).encode()
        return await self.flow.send(method, path, *headers, body=data, may=may)

    async def go(self, location: str) -> Mapping[str, str]:
        """Through the provider's pages; what they bring back."""
        for name in ("state", "nonce"):
            for value in parse_qs(urlsplit(location).query).get(name, ()):
                self.flow.keep("upstream state", value)
        async with browsing() as person:
            answer = {name: each[0] for name, each in (await person.visit(location)).items()}
        self.flow.keep("provider code", answer["code"])
        return answer

    async def register(self, base: str) -> str:
        """The id of a new client of an instance."""
        body = json.dumps({**REGISTERED, "token_endpoint_auth_method": "none"}).encode()
        answer = await self.flow.send("POST", f"{base}/register", JSON_BODY, body=body)
        return str(answer.json["client_id"])

    async def log_in(self, base: str = "", **typed: str) -> Pair:
        """Tokens of ours, by way of the provider unless something is typed."""
        flow, run = self.flow, self.run
        client_id, verifier = await self.register(base), flow.new("verifier")
        asked = {"response_type": "code", "client_id": client_id, "redirect_uri": REDIRECT}
        asked |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
        asked |= {"state": flow.new("state"), "scope": "mcp.tools.call offline_access"}
        opened = await flow.send("GET", f"{base}/authorize?{urlencode(asked)}", may=ON_PAGES)
        assert opened.status == 200, opened.status
        cookie = opened.headers["set-cookie"].partition(";")[0]
        flow.keep("cookie", cookie.partition("=")[2])
        form = run.seen(opened).forms[0]
        way = {f"field-{name}": value for name, value in typed.items()} or {"way": "provider"}
        headers = (("Cookie", cookie), ("Origin", flow.base_url))
        may = ON_PAGES | IN_REDIRECTS | TO_THE_PROVIDER
        left = await flow.post(f"{base}/{form.action}", form.values | way, *headers, may=may)
        if not typed:
            back = f"{base}/callback?{urlencode(await self.go(left.headers['location']))}"
            # In another browser it is worth nothing, and here only once.
            left = await flow.send("GET", back, ("Cookie", cookie), may=IN_REDIRECTS)
            assert (await flow.send("GET", back, ("Cookie", cookie))).status == 400
        assert left.status == 303, left.status
        code = flow.keep("code", dict(page_of(left).answer)["code"])
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        answer = await flow.post(
            f"{base}/token",
            {**grant, "client_id": client_id, "code_verifier": verifier},
            may=ISSUED,
        )
        assert answer.status == 200, answer.json
        access = flow.keep("access token", answer.json["access_token"])
        return Pair(access, flow.keep("refresh token", answer.json["refresh_token"]))

    async def fetch(self, target: str, *, same_browser: bool) -> None:
        """Answer an invitation to get an account for an instance."""
        opened = await self.flow.send("GET", target, may=ON_PAGES)
        cookie = opened.headers["set-cookie"].partition(";")[0]
        self.flow.keep("cookie", cookie.partition("=")[2])
        form = self.run.seen(opened).forms[0]
        path, may = f"{REGISTRY}/connect/{form.action}", ON_PAGES | TO_THE_PROVIDER
        headers = (("Cookie", cookie), ("Origin", self.flow.base_url))
        agreed = {**form.values, "decision": "allow"}
        left = await self.flow.post(path, agreed, *headers, may=may)
        assert left.status == 303, left.status
        answer = urlencode(await self.go(left.headers["location"]))
        back = f"{REGISTRY}/callback/sample?{answer}"
        shown = (("Cookie", cookie),) if same_browser else ()
        returned = await self.flow.send("GET", back, *shown)
        assert returned.status == (200 if same_browser else 403)

    def overhear(self) -> None:
        """Register the tokens that the provider has given so far."""
        for name in ("access_token", "refresh_token"):
            for token in self.side.told(name):
                # The rest of it has a beginning of its own.
                self.flow.keep(f"upstream {name}", token.decode().split("_", 2)[-1])


@pytest.fixture(params=["sqlite", "postgresql"])
async def office(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres
) -> AsyncGenerator[Office]:
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/store/treenail.db" if is_file else postgres.fresh_database()
    (tmp_path / "store").mkdir()
    async with (
        loopback(SHOPS) as upstream,
        serving_provider("oidc") as fake,
        tapped(urlsplit(fake.base_url).port or 0) as side,
        collector() as kept,
    ):
        ends = [f"{side.url}{fake.mode.paths[each]}" for each in ("authorize", "token", "revoke")]
        fake.switches.names_itself = False
        further = AT_THE_PROVIDER % tuple(ends)
        async with secret_flow(tmp_path, url, upstream, further) as flow:
            secret = flow.new("upstream client secret")
            fake.ledger.clients["ours"] = FakeClient("ours", secret)
            flow.variables |= kept.environment
            flow.variables |= {"SAMPLE_OAUTH_CLIENT_ID": "ours"}
            flow.variables["SAMPLE_OAUTH_CLIENT_SECRET"] = secret
            yield Office(Run(flow, flow.new("password")), fake, side, kept, free_port())


async def administer(office: Office) -> None:
    """Instances of every kind, made, connected, changed and misused."""
    flow, own = office.flow, office.flow.new("upstream client secret")
    office.fake.ledger.clients["acme's"] = FakeClient("acme's", own)
    wanted = {"slug": "acme", "service": "sample", "client_id": "acme's", "client_secret": own}
    made = await office.ask("POST", f"{API}/instances", wanted)
    assert made.status == 201, made.json
    pair = await office.log_in("/acme")
    listing = (*modern_headers("tools/list"), ("Authorization", f"Bearer {pair.access}"))
    listed = await flow.send("POST", "/acme/mcp", *listing, body=modern("tools/list"))
    assert listed.status == 200
    changed = {"client_id": "acme's", "client_secret": own}
    patch = (("Content-Type", "application/merge-patch+json"), ("If-Match", "*"))
    assert (await office.ask("PATCH", f"{API}/instances/acme", changed, *patch)).status == 200
    await office.log_in("/acme")

    held = {"slug": "held", "service": "sample", "credentials": "instance"}
    may = {"access key"}
    for verb, path in (("POST", ""), ("POST", "/held/access-key")):
        told = await office.ask(verb, f"{API}/instances{path}", held if not path else None, may=may)
        key = flow.keep("access key", told.json["access_key"])
    values = {"values": {"password": flow.new("password"), "region": "eu"}}
    assert (await office.ask("PUT", f"{API}/instances/held/credentials", values)).status == 200
    await office.log_in("/held", access_key=key)

    begin = f"{REGISTRY}/initiate-oauth/sample"
    for slug in ("fetched", "refused", "waiting"):
        asked = {"instance": slug, "client_id": "acme's", "client_secret": own}
        begun = await office.ask("POST", begin, asked, may={"access key", "txn"})
        assert begun.status == 200, begun.json
        flow.keep("access key", begun.json["access_key"])
        url = urlsplit(str(begun.json["authorization_url"]))
        flow.keep("txn", parse_qs(url.query)["txn"][0])
        if slug != "waiting":
            await office.fetch(f"{url.path}?{url.query}", same_browser=slug == "fetched")
    assert (await office.ask("POST", f"{API}/instances/fetched/refresh")).status == 200
    candidate = {"client_id": "acme's", "client_secret": own, "values": values["values"]}
    await office.ask("POST", f"{REGISTRY}/validate/sample", candidate)
    wrong = {**candidate, "client_secret": flow.new("upstream client secret")}
    await office.ask("POST", f"{REGISTRY}/validate/sample", wrong)


async def misuse(office: Office, pair: Pair) -> None:
    """The new kinds of secrets where none belongs, and a provider that refuses."""
    flow, theirs = office.flow, next(iter(office.side.told("access_token"))).decode()
    key, state = (next(each for each in flow.known if kind in each) for kind in ("_iak_", "_ups_"))
    for token in (office.admin, key, state, theirs):
        # Nobody can tell by its look what is secret in a path if it is not one of ours.
        targets = (*places(token), f"{API}/instances/{token}", f"/{token}/mcp")
        for target in () if token == theirs else targets:
            await flow.send("GET", target)
            await flow.send("POST", target, FORM, body=b"x=1")
        bearer = ("Authorization", f"Bearer {token}")
        await flow.send("POST", "/mcp", *JSON_HEADERS, bearer, body=rpc("ping"))
        await flow.send("GET", f"{API}/instances", ("Authorization", f"bearer {token}x"))
        await flow.send("GET", f"/callback?state={token}&code={token}&error={token}")
        for path in (f"{API}/instances", f"{REGISTRY}/initiate-oauth/sample"):
            for body in ({"slug": token, "service": token}, [token], token):
                await office.ask("POST", path, body)
            # Whoever makes up a name is told which.
            await office.ask("POST", path, {token: token}, may=MISPLACED)
        await flow.mcp(pair.access, "get_item", MISPLACED, item_id=token, **{token: token})
    await travel(flow.database, 3_700)
    office.fake.switches.refuses_refresh = True
    assert (await flow.mcp(pair.access, "list_items")).status == 401


async def scraped(office: Office) -> None:
    url = f"http://127.0.0.1:{office.metrics_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        text = await answer.read()
    assert b"treenail_token_refreshes_total" in text
    office.flow.outputs.append(Output("metrics", text))


@pytest.mark.requirement("T-151", "NO-SECRETS", "TRACES", "AS-14", "PX-06")
async def test_nothing_that_is_left_holds_a_secret_of_instances_or_upstreams(
    office: Office, postgres: Postgres
) -> None:
    since = postgres.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
    flow = office.flow
    flow.secrets["auth_secrets"] = auth_secret(flow, "k1")
    await flow.treenail("db", "init")
    create = ("admin", "tokens", "create", "--owner", "ann", "--role", "admin")
    printed = await flow.treenail(*create, may={"admin token"})
    office.admin = flow.keep("admin token", printed.rpartition("token: ")[2].strip())
    async with flow.server(metrics_port=str(office.metrics_port)):
        pair = await office.log_in()
        assert (await flow.mcp(pair.access, "list_items")).status == 200
        await office.log_in(password=office.run.password)
        await administer(office)
        office.overhear()
        left = await stored(flow, postgres, since)
        await misuse(office, pair)
        await scraped(office)
    office.overhear()
    flow.outputs.append(Output("traces", office.kept.bytes))
    left += await stored(flow, postgres, since)

    names = {span.name for span in office.kept.spans}
    assert {"tools/call list_items", "oauth refresh_token", "POST /{instance}/mcp"} <= names
    assert {each.where.removeprefix("table ") for each in left if each.data} >= TABLES
    kinds = {"access_token", "refresh_token", "client secret", "state"}
    assert {f"upstream {each}" for each in kinds} | {"access key", "admin token"} <= flow.kinds
    assert flow.leaks() == []
    assert flow.leaks(left) == []
