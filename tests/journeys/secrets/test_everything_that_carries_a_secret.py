"""All that carries a secret goes over the wire, in order and not; nothing that is left holds one."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tests.support.authorizing import REDIRECT, SHOPS
from tests.support.databases import travel
from tests.support.loopback import Reply, loopback, reply
from tests.support.postgres import Postgres
from tests.support.secret_flow import FORM, Flow, Output, secret_flow
from tests.support.secret_run import (
    IN_REDIRECTS,
    ISSUED,
    JSON_BODY,
    ON_PAGES,
    REGISTERED,
    App,
    Pair,
    Run,
)
from tests.support.secret_store import auth_secret, places, stored
from tests.support.wire import JSON_HEADERS, modern, modern_headers, rpc
from treenail_runtime.crypto.opaque import new_token

OLD = (*JSON_HEADERS, ("Mcp-Protocol-Version", "2025-11-25"))


async def use(run: Run, app: App, asker: App) -> None:
    """What a client does with its tokens, from the first call to the last."""
    flow = run.flow
    first = await run.log_in(app)
    second = await run.refresh(app, first.refresh)
    assert (await run.refresh(app, first.refresh)) == second
    assert (await flow.mcp(second.access)).status == 200
    await sessions(run, second)
    if app.method == "none":
        await run.guess(app)
        await faults(run, second)
        await refused_credentials(run, app)
    proof, headers = asker.proof()
    for token in (second.access, second.refresh, new_token("sample", "atk")):
        await flow.post("/introspect", {**proof, "token": token}, *headers)
    await travel(flow.database, 3_700)
    assert (await flow.mcp(second.access)).status == 401
    reused = await run.token(app, grant_type="refresh_token", refresh_token=first.refresh)
    assert reused.json["error"] == "invalid_grant"
    assert (
        await run.token(app, grant_type="refresh_token", refresh_token=second.refresh)
    ).status == 400
    third = await run.log_in(app)
    proof, headers = app.proof()
    revoked = await flow.post("/revoke", {**proof, "token": third.refresh}, *headers)
    assert revoked.status == 200
    assert (await flow.mcp(third.access)).status == 401


async def sessions(run: Run, pair: Pair) -> None:
    """A session of an earlier protocol version, shown well, badly, and to its end."""
    flow, bearer = run.flow, ("Authorization", f"Bearer {pair.access}")
    params = {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    hello = rpc("initialize", params)
    answer = await flow.send("POST", "/mcp", *JSON_HEADERS, bearer, body=hello, may={"session"})
    session = ("Mcp-Session-Id", flow.keep("session", answer.headers["mcp-session-id"]))
    other = ("Mcp-Session-Id", flow.keep("session", new_token("sample", "ses")))
    listing = rpc("tools/list")
    for shown, status in ((session, 200), (other, 404)):
        listed = await flow.send("POST", "/mcp", *OLD, bearer, shown, body=listing)
        assert listed.status == status
    assert (await flow.send("POST", "/mcp", *OLD, session, body=listing)).status == 401
    assert (await flow.send("DELETE", "/mcp", *OLD, bearer, session)).status == 204


async def faults(run: Run, pair: Pair) -> None:
    """Tools whose upstream tells its secrets, breaks off, and a tool that crashes over them."""
    broken = Reply(f"HTTP/1.1 200 OK\r\n{run.password}\r\n\r\n".encode(), "close")
    status = Reply(f"HTTP/1.1 {run.password} OK\r\n\r\n".encode(), "close")
    no_json = reply(200, f"<{run.password}>".encode(), "Content-Type: application/json")
    moved = reply(302, b"", f"Location: http://u:{run.password}@127.0.0.1:9/")
    half = Reply(run.echo(200).data[:-20], "close")
    replies = [run.echo(each) for each in (400, 404, 409, 429, 500, 503)]
    for each in (*replies, broken, status, no_json, moved, half, Reply(b"", "reset")):
        run.upstream(each, each, SHOPS)
        for tool, arguments in CALLS.items():
            await run.flow.mcp(pair.access, tool, (), **arguments)
        # A success in between, so that the upstream is not left alone.
        listed = await run.flow.mcp(pair.access, "list_items")
        assert listed.json["result"]["structuredContent"]["items"]
    run.upstream(reply(200, json.dumps({"items": [json.loads(_body(run.echo(200)))]}).encode()))
    crashed = await run.flow.mcp(pair.access, "spill", item_id=pair.refresh)
    assert crashed.json["result"]["isError"]
    await run.flow.mcp(pair.access, "crash")
    wrong = {"item_id": "1", "page": pair.refresh, pair.access: pair.refresh}
    await run.flow.mcp(pair.access, "get_item", ISSUED, **wrong)
    info = await run.flow.mcp(pair.access, "get_connection_info")
    assert info.status == 200


async def refused_credentials(run: Run, app: App) -> None:
    """Credentials that the upstream repeats while it refuses them, which ends their connection."""
    for status in (401, 403):
        run.upstream(SHOPS)
        pair = await run.log_in(app)
        run.upstream(run.echo(status))
        for tool, arguments in CALLS.items():
            await run.flow.mcp(pair.access, tool, (), **arguments)
    run.upstream(SHOPS)


async def misuse(run: Run, app: App, pair: Pair) -> None:
    """Secrets where no secret belongs."""
    flow, token = run.flow, pair.access
    jwt = f"eyJhbGciOiJub25lIn0.{flow.new('foreign token')}."
    bearer = f"Bearer {token}"
    for target in places(token):
        await flow.send("GET", target)
        await flow.send("POST", target, FORM, body=b"x=1")
    for target in (f"/{jwt}", f"/mcp/{jwt}", f"http://{token}/mcp", f"/\t{token}"):
        await flow.send("GET", target)
    for shown in (bearer.lower(), f"Bearer {jwt}", f"Bearer {flow.new('foreign token')}"):
        await flow.send("POST", "/mcp", *JSON_HEADERS, ("Authorization", shown), body=rpc("ping"))
    await malformed(run, app, pair)
    await hostile(run, pair)
    heads = ["\r\n".join([*lines, "", ""]) for lines in _heads(token, flow.port)]
    await asyncio.gather(*(flow.raw(each[:16], each.encode("latin-1")) for each in heads))


async def malformed(run: Run, app: App, pair: Pair) -> None:
    """Bodies with secrets inside that cannot be read, or are put in the wrong field."""
    flow, bearer = run.flow, ("Authorization", f"Bearer {pair.access}")
    text = f'{{"token": "{pair.refresh}", "code": '.encode()
    headers = modern_headers("tools/call", "get_item")
    for body in (text, b"\xff" + text, modern(pair.refresh), f'"{pair.refresh}"'.encode()):
        await flow.send("POST", "/mcp", *headers, bearer, body=body, may=ISSUED)
    for path in ("/token", "/register", "/revoke", "/introspect", "/login"):
        for kind in (JSON_BODY, FORM, ("Content-Type", "multipart/form-data; boundary=x")):
            await flow.send("POST", path, kind, body=text)
            await flow.send("POST", path, kind, bearer, body=b"token=%ff&" + text)
    twice = f"grant_type=refresh_token&refresh_token={pair.refresh}&refresh_token={pair.access}"
    await flow.send("POST", "/token", FORM, body=twice.encode())
    name = "client_id"
    for form in (
        {name: pair.refresh, "grant_type": "refresh_token", "refresh_token": pair.refresh},
        {name: app.client_id, "grant_type": pair.refresh},
        {name: app.client_id, "grant_type": "refresh_token", "refresh_token": pair.access},
        {name: app.client_id, "grant_type": "authorization_code", "code": pair.refresh},
        {name: app.client_id, "grant_type": "refresh_token", "refresh_token": pair.refresh}
        | {"scope": pair.refresh, "resource": f"{flow.base_url}/{pair.refresh}"},
    ):
        await flow.post("/token", form)
        await flow.send("GET", f"/authorize?{urlencode(form)}")
        await flow.post("/authorize", form)
    for member in ("client_name", "redirect_uris", "scope", "token_endpoint_auth_method"):
        body = {**REGISTERED, member: [pair.refresh]}
        await flow.send("POST", "/register", JSON_BODY, body=json.dumps(body).encode())


async def hostile(run: Run, pair: Pair) -> None:
    """Texts that would end a line of the log, and begin another one."""
    flow, form = run.flow, {"client_id": HOSTILE, "grant_type": HOSTILE, "state": HOSTILE}
    await flow.post("/token", form)
    await flow.post("/revoke", {**form, "token": HOSTILE})
    await flow.send("GET", f"/authorize?{urlencode(form)}")
    await flow.send("GET", f"/{quote(HOSTILE)}", ("User-Agent", "\x1b[31m"))
    await flow.send("GET", "/\x1b[31m{}")
    await flow.mcp(pair.access, "get_item", (), item_id=HOSTILE, **{HOSTILE: HOSTILE})
    await flow.mcp(pair.access, "spill", (), item_id=HOSTILE)


HOSTILE = 'x\r\n{"event": "forged"}\x1b[31m\u2028\u202e"}'

CALLS: dict[str, dict[str, object]] = {
    "get_item": {"item_id": "1"},
    "create_item": {"name": "Comb", "amount": 1},
}


def _body(answer: Reply) -> bytes:
    return answer.data.partition(b"\r\n\r\n")[2]


def _heads(token: str, port: int) -> Iterator[list[str]]:
    """Requests that break the rules of HTTP around a token."""
    host, bearer = f"Host: 127.0.0.1:{port}", f"Authorization: Bearer {token}"
    post = ["POST /mcp HTTP/1.1", host]
    yield [f"{token} /mcp HTTP/1.1", host]
    yield [f"GET /{token}"]
    yield [f"GET /mcp HTTP/{token}", host]
    yield ["GET /mcp HTTP/1.1", f"Host: {token}"]
    yield [*post, f"{token}: x"]
    yield [*post, f" {token}"]
    yield [*post, f"X-{token} : x"]
    yield [*post, bearer, bearer]
    yield [*post, f"{bearer}\x00"]
    yield [*post, bearer, f"Content-Length: {token}"]
    yield [*post, bearer, "Content-Length: 3", "Transfer-Encoding: chunked"]
    yield [*post, bearer, f"Transfer-Encoding: {token}"]
    yield [*post, bearer, f"Content-Encoding: {token}"]
    yield [*post, bearer, f"Mcp-Protocol-Version: {token}", "Content-Length: 2", "", "{}"]
    yield [*post, bearer, f"X-Long: {token * 2000}"]
    yield [*post, f"Cookie: treenail={token}", f"Origin: https://{token}", "Content-Length: 0"]


RENAMED = ("oauth_tokens", "oauth_auth_codes", "oauth_clients", "oauth_pending_logins")


@pytest.fixture(params=["sqlite", "postgresql"])
async def flow(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres
) -> AsyncGenerator[Flow]:
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/store/treenail.db" if is_file else postgres.fresh_database()
    (tmp_path / "store").mkdir()
    async with loopback(SHOPS) as upstream, secret_flow(tmp_path, url, upstream) as flow:
        yield flow


@pytest.mark.requirement(
    "T-127", "T-151", "T-152", "AS-14", "S0-26", "S0-41", "S1-35", "S1-38", "NO-SECRETS", "Z-04"
)
async def test_nothing_that_is_left_holds_a_secret(flow: Flow, postgres: Postgres) -> None:
    since = postgres.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
    run = Run(flow, flow.new("password"))
    old, new = auth_secret(flow, "k1"), auth_secret(flow, "k2")
    flow.secrets["auth_secrets"] = old
    public, outputs = await with_open_registration(run, postgres, since)
    assert_one_line_each(next(each for each in flow.outputs if each.where.startswith("log ")))
    flow.secrets["auth_secrets"] = f"{new},{old}"
    await flow.treenail("keys", "rotate")
    await flow.treenail("cleanup")
    await refused_settings(flow)
    await with_initial_access_tokens(run)
    outputs += await stored(flow, postgres, since)

    assert flow.kinds == GIVEN | KEPT
    assert flow.told == GIVEN
    assert not {each.where.removeprefix("table ") for each in outputs if not each.data} & TABLES
    # The client's id is no secret: where it is found, what is searched is what is kept.
    named = {
        each.where.partition(" ")[0] for each in outputs if public.client_id.encode() in each.data
    }
    assert named >= {"table", "file"}
    assert "journal" in named or flow.database.dialect == "sqlite"
    assert flow.leaks() == []
    assert flow.leaks(outputs) == []


async def with_open_registration(
    run: Run, postgres: Postgres, since: str
) -> tuple[App, list[Output]]:
    """Every kind of client, its whole life; one of them, and what the store holds meanwhile."""
    flow, may = run.flow, {"client secret"}
    await flow.treenail("db", "init")
    added = await run.add_client("Basic", "basic")
    printed = await flow.treenail("clients", "rotate-secret", added.client_id, may=may)
    asker = await run.add_client("Asker", "post", "--introspect")
    async with flow.server():
        public = await run.register("none")
        itself = await run.register("client_secret_basic")
        for app in (public, run.credentials(printed, "basic"), asker, itself):
            await use(run, app, asker)
        await misuse(run, public, await run.log_in(public))
        await run.open_page(public, flow.new("verifier"))
        return public, await stored(flow, postgres, since)


async def with_initial_access_tokens(run: Run) -> None:
    """Registration by invitation, and a store that loses its tables."""
    flow, initial = run.flow, run.flow.new("initial access token")
    async with flow.server(registration="token", registration_token=initial, log_format="console"):
        bearer = ("Authorization", f"Bearer {initial}")
        invited = await run.register("client_secret_post", bearer, client_name="Invited")
        for shown in (flow.new("initial access token"), f"{initial}x", initial[:-1]):
            wrong = ("Authorization", f"Bearer {shown}")
            refused = await flow.send("POST", "/register", JSON_BODY, wrong, body=b"{}")
            assert refused.status == 401
        pair = await run.log_in(invited)
        await without_tables(run, invited, await run.refresh(invited, pair.refresh))


GIVEN = ON_PAGES | IN_REDIRECTS | ISSUED | {"client secret", "session"}
"""What the server tells those whom it concerns."""

KEPT = {"verifier", "password", "key", "database password", "initial access token", "foreign token"}
TABLES = {
    *("oauth_clients", "oauth_connections", "oauth_pending_logins", "oauth_grants"),
    *("oauth_auth_codes", "oauth_tokens", "audit_events", "crypto_keys"),
}


def assert_one_line_each(log: Output) -> None:
    """Each line is one event, and of the server's own."""
    lines = log.data.decode().split("\n")[:-1]
    events = {json.loads(line)["event"] for line in lines}
    assert {"oauth.refused", "page.refused", "guard.refused", "tool.crashed"} <= events
    assert "forged" not in events
    assert all(line.isprintable() for line in lines)


async def refused_settings(flow: Flow) -> None:
    """A server that does not start tells why, and nothing else."""
    weak = flow.keep("key", f"k3:{base64.b64encode(b'weak-canary-4711').decode()}")
    password = flow.new("database password")
    url = f"postgresql://u:{password}@127.0.0.1:9/x?application_nome={password}"
    await flow.treenail("serve", status=2, auth_secrets=weak)
    await flow.treenail("serve", status=2, auth_secret=weak)
    await flow.treenail("cleanup", status=2, database_url=url)
    await flow.treenail("cleanup", status=2, database_url=url.partition("?")[0])


async def without_tables(run: Run, app: App, pair: Pair) -> None:
    """Every statement fails, with its parameters at hand."""
    flow, verifier = run.flow, run.flow.new("verifier")
    code = await run.code(app, verifier)
    page, cookie = await run.open_page(app, verifier)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    for gone in RENAMED:
        await flow.execute(f"ALTER TABLE {gone} RENAME TO {gone}_away")
        refused = [
            await run.token(app, **form, code_verifier=verifier),
            await run.token(app, grant_type="refresh_token", refresh_token=pair.refresh),
            await flow.mcp(pair.access),
            await flow.post("/revoke", {**app.proof()[0], "token": pair.refresh}),
        ]
        assert {each.status for each in refused} <= {500, 503}
    run.upstream(SHOPS)
    typed = {"email": "ann@example.test", "password": run.password, "region": "eu"}
    assert (await run.submit(page, cookie, **typed)).status >= 500
