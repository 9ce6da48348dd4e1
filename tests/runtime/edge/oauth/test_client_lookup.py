"""Clients known by their documents: fetched from a real https site, kept on both databases."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from quart import Quart, Response

from tests.support.authorizing import CLIENT, authorizing
from tests.support.client_site import Names
from tests.support.databases import travel
from tests.support.loopback import Loopback, Reply, loopback, reply
from treenail_runtime.auth.instances import InstanceSettings, ObtainedTokens, OwedRevocation
from treenail_runtime.auth.login import Judgement
from treenail_runtime.auth.policy import OAuthPolicy
from treenail_runtime.auth.records import ConnectionConfig, Instance, UpstreamTrip
from treenail_runtime.auth.tokens import TokenPolicy
from treenail_runtime.contract import LoginField
from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs
from treenail_runtime.crypto.sealing import Sealer
from treenail_runtime.documents import DocumentFetcher, Resolve
from treenail_runtime.edge.finishing import Finishing
from treenail_runtime.edge.oauth.answers import answered, json_answer
from treenail_runtime.edge.oauth.client_authentication import authenticated_client
from treenail_runtime.edge.oauth.client_lookup import find_client
from treenail_runtime.edge.oauth.services import OAuth
from treenail_runtime.limits import Limiter, LimitRules
from treenail_runtime.providers import Departure
from treenail_runtime.storage.audit import AuditStore
from treenail_runtime.storage.cleanup import Cleanup
from treenail_runtime.storage.clients import ClientStore
from treenail_runtime.storage.database import Database
from treenail_runtime.storage.grants import GrantStore
from treenail_runtime.storage.logins import LoginStore
from treenail_runtime.storage.pending_logins import PendingLoginStore
from treenail_runtime.storage.revocations import RevocationStore
from treenail_runtime.upkeep import Revocations

Pair = tuple[ssl.SSLContext, ssl.SSLContext]

INSTANCE = Instance(
    id="default",
    connector="sample",
    title="Sample",
    issuer="https://as.example",
    resource="https://as.example/mcp",
    mcp_path="/mcp",
    base_path="",
    token_prefix="smpl",  # noqa: S106  # public
    scopes={"mcp.tools.call": "Change"},
    default_scopes=frozenset({"mcp.tools.call"}),
)
RING = KeyRing({"k1": b"0123456789abcdef0123456789abcdef"})


class NoUpstream:
    """No login is checked here."""

    async def check(
        self,
        instance: Instance,
        config: ConnectionConfig,
        access: SecretStr | None = None,
        settings: InstanceSettings | None = None,
    ) -> Judgement:
        raise NotImplementedError

    async def choices(
        self, instance: Instance, config: ConnectionConfig, field: LoginField
    ) -> Sequence[tuple[str, str]]:
        raise NotImplementedError


class NoProviders:
    """Nobody goes to a provider here."""

    def knows(self, instance: Instance) -> bool:
        raise NotImplementedError

    async def depart(self, instance: Instance, *, redirect_uri: str, state: str) -> Departure:
        raise NotImplementedError

    async def arrive(
        self, instance: Instance, trip: UpstreamTrip, answer: Mapping[str, Sequence[str]]
    ) -> ObtainedTokens:
        raise NotImplementedError

    async def revoke(self, owed: OwedRevocation) -> bool:
        raise NotImplementedError


@dataclass
class LookUps:
    """Looks clients up, from inside a request."""

    site: Loopback
    clients: ClientStore
    app: Quart

    @property
    def url(self) -> str:
        return f"https://client.test:{self.site.url.rpartition(':')[2]}/app.json"

    def document(self, *fields: str, **changes: object) -> Reply:
        body = {
            "client_id": self.url,
            "client_name": "Example",
            "redirect_uris": ["http://127.0.0.1/cb"],
            **changes,
        }
        return reply(200, json.dumps(body).encode(), "Content-Type: application/json", *fields)

    async def find(
        self, client_id: str | None = None, *, returning: bool = False
    ) -> tuple[int, Any]:
        client = self.app.test_client()
        query = {"id": client_id or self.url, "returning": "1" if returning else ""}
        answer = await client.get("/client", query_string=query)
        return answer.status_code, json.loads(await answer.get_data())

    async def prove(self) -> tuple[int, Any]:
        """As /token, /revoke and /introspect do."""
        answer = await self.app.test_client().get("/proven", query_string={"id": self.url})
        return answer.status_code, json.loads(await answer.get_data())


async def _nowhere(_: str) -> None:
    """No instance is made while this runs."""


@asynccontextmanager
async def looking_up(
    database: Database,
    tls_pair: Pair,
    policy: OAuthPolicy | None = None,
    *,
    limits: str = "documents=1000/1m",
    resolve: Resolve | None = None,
    trusted: bool = True,
    seconds: float = 5.0,
) -> AsyncGenerator[LookUps]:
    server, trusting = tls_pair
    sealer, macs = Sealer(RING), Macs(RING)
    services = OAuth(
        policy=policy or OAuthPolicy(https=True),
        tokens=TokenPolicy(),
        connectors={},
        clients=ClientStore(database, sealer),
        documents=DocumentFetcher(
            allowed_networks=["127.0.0.1/32"],
            resolve=resolve or Names(["127.0.0.1"]),
            tls=trusting if trusted else None,
            seconds=seconds,
        ),
        pending=PendingLoginStore(database, sealer),
        logins=LoginStore(database, sealer, macs),
        grants=GrantStore(database),
        audit=AuditStore(database, macs),
        limiter=Limiter(LimitRules.parsed(limits)),
        checker=NoUpstream(),
        providers=NoProviders(),
        revocations=Revocations(RevocationStore(database, sealer), NoProviders()),
        finishing=Finishing(),
        renewed=_nowhere,
        prefix="",
        macs=macs,
        caller=lambda _: "192.0.2.1",
    )
    app = Quart("look-ups")

    @app.get("/client")
    async def client() -> Response:  # pyright: ignore[reportUnusedFunction]  # Quart calls it
        from quart import request  # noqa: PLC0415  # the name is a fixture's elsewhere

        async def told() -> Response:
            returning = bool(request.args["returning"])
            found = await find_client(services, INSTANCE, request.args["id"], returning=returning)
            return json_answer(None if found is None else [found.name, *found.redirect_uris])

        return await answered(told, "client")

    @app.get("/proven")
    async def proven() -> Response:  # pyright: ignore[reportUnusedFunction]  # the same
        from quart import request  # noqa: PLC0415  # the same

        async def told() -> Response:
            form = {"client_id": request.args["id"]}
            found = await authenticated_client(services, INSTANCE, form)
            return json_answer([found.name, *found.redirect_uris])

        return await answered(told, "proven")

    async with loopback(tls=server) as site:
        yield LookUps(site, services.clients, app)


FOUND = (200, ["Example", "http://127.0.0.1/cb"])
UNKNOWN = (200, None)


async def hang(host: str, port: int) -> Sequence[str]:
    await asyncio.Event().wait()
    return [host, str(port)]


async def nowhere(host: str, port: int) -> Sequence[str]:
    raise OSError(host, port)


@pytest.mark.requirement("AS-20", "T-033", "T-148")
async def test_why_a_site_cannot_be_reached_is_for_the_log_alone(
    database: Database, tls_pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    ways: list[tuple[str, dict[str, Any]]] = [
        ("has no address", {"resolve": nowhere}),
        ("not public", {"resolve": Names(["10.0.0.1"])}),
        ("not public", {"resolve": Names(["127.0.0.1", "169.254.169.254"])}),
        ("took too long", {"resolve": hang, "seconds": 0.1}),
        ("Certificate", {"trusted": False}),
    ]
    answers: list[tuple[int, Any]] = []
    for reason, changes in ways:
        async with looking_up(database, tls_pair, **changes) as there:
            answers.append(await there.find())
            answers.append(await there.find(returning=True))
        assert reason in "".join(capsys.readouterr()), reason

    assert [answer[0] for answer in answers] == [503] * 10
    assert answers[0][1]["error"] == "temporarily_unavailable"
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.requirement("AS-19")
@pytest.mark.parametrize("fault", ["down", "gone", "changed", "too often"])
async def test_a_site_that_fails_logs_nobody_out_for_a_day(
    database: Database, tls_pair: Pair, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    limits = "documents=1/1d" if fault == "too often" else "documents=1000/1m"
    async with looking_up(database, tls_pair, limits=limits) as there:
        failing = {
            "down": reply(503, b""),
            "gone": reply(404, b""),
            "changed": there.document(client_id="https://evil.example/app.json"),
            "too often": reply(500, b""),
        }
        there.site.replies[:] = [there.document("Cache-Control: max-age=600"), failing[fault]]
        assert await there.find() == FOUND
        await travel(database, 86_400)
        await Cleanup(database).run()
        assert await there.find() != FOUND
        assert "document.reserve_used" not in "".join(capsys.readouterr())
        assert await there.find(returning=True) == FOUND
        assert "document.reserve_used" in "".join(capsys.readouterr())

        await travel(database, 601)
        assert await there.find(returning=True) != FOUND
        await Cleanup(database).run()
        assert list(await there.clients.list()) == []


@pytest.mark.requirement("AS-19", "AS-22")
async def test_tokens_outlive_a_site_that_is_down_but_not_the_operators_no(
    database: Database, tls_pair: Pair
) -> None:
    async with looking_up(database, tls_pair) as there:
        there.site.replies[:] = [there.document(), reply(503, b"")]
        assert await there.find() == FOUND
        await travel(database, 3601)

        assert await there.prove() == FOUND
        assert (await there.find())[0] == 503
        await there.clients.disable(there.url)
        status, answer = await there.prove()
        assert (status, answer["error"]) == (401, "invalid_client")


async def test_a_returning_client_is_what_its_document_says_now(
    database: Database, tls_pair: Pair
) -> None:
    async with looking_up(database, tls_pair) as there:
        there.site.replies[:] = [
            there.document(),
            there.document(redirect_uris=["https://client.test/new"]),
        ]
        assert await there.find() == FOUND
        await travel(database, 3601)
        assert await there.find(returning=True) == (200, ["Example", "https://client.test/new"])


@pytest.mark.requirement("AS-22")
async def test_a_document_that_was_never_kept_can_be_disabled(
    database: Database, tls_pair: Pair
) -> None:
    async with looking_up(database, tls_pair) as there:
        there.site.replies[:] = [there.document("Cache-Control: no-store")]
        assert await there.find() == FOUND
        await there.clients.disable(there.url)
        await travel(database, 365 * 86_400)
        await Cleanup(database).run()

        assert [await there.find(), await there.find(returning=True)] == [UNKNOWN] * 2
        assert len(there.site.requests) == 1
        await there.clients.enable(there.url)
        assert await there.find() == FOUND


@pytest.mark.requirement("T-148")
@pytest.mark.parametrize("client_id", ["a\0b", "\0", "a b", "a\nb", "\x7f", "x" * 513])
async def test_what_can_be_no_id_reaches_no_database(
    database: Database, tls_pair: Pair, client_id: str
) -> None:
    async with looking_up(database, tls_pair) as there:
        assert await there.find(client_id) == UNKNOWN
        assert await there.find(client_id, returning=True) == UNKNOWN


@pytest.mark.requirement("T-148")
async def test_a_nul_in_the_clients_id_is_an_unknown_client(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    assert database.dialect in database_url
    async with authorizing(tmp_path, database_url=database_url) as site, site.browser() as browser:
        page = await browser.get("/authorize?client_id=a%00b")

    assert page.status == 400
    assert "Unknown application" in page.text


@pytest.mark.requirement("AS-15", "AS-19")
async def test_a_document_is_fetched_once_while_it_is_fresh(
    database: Database, tls_pair: Pair
) -> None:
    async with looking_up(database, tls_pair) as there:
        there.site.replies[:] = [there.document("Cache-Control: max-age=600")]

        assert await there.find() == FOUND
        assert await there.find() == FOUND
        assert len(there.site.requests) == 1
        await travel(database, 601)
        assert await there.find() == FOUND
        assert len(there.site.requests) == 2


@pytest.mark.requirement("AS-19")
async def test_what_may_not_be_stored_is_not(database: Database, tls_pair: Pair) -> None:
    async with looking_up(database, tls_pair) as there:
        there.site.replies[:] = [there.document("Cache-Control: no-store")]

        assert [await there.find(), await there.find()] == [FOUND, FOUND]
        assert len(there.site.requests) == 2
        assert list(await there.clients.list()) == []


@pytest.mark.requirement("AS-19")
async def test_a_stale_document_is_asked_for_with_its_tag(
    database: Database, tls_pair: Pair
) -> None:
    async with looking_up(database, tls_pair) as there:
        there.site.replies[:] = [
            there.document('ETag: "v1"'),
            Reply(b"HTTP/1.1 304 X\r\nCache-Control: max-age=7200\r\n\r\n"),
        ]

        await there.find()
        await travel(database, 3601)
        assert await there.find() == FOUND
        assert there.site.requests[1].value("if-none-match") == '"v1"'
        await travel(database, 7000)
        assert await there.find() == FOUND
        assert len(there.site.requests) == 2


@pytest.mark.requirement("AS-19", "AS-16", "AS-18")
async def test_a_fault_is_not_remembered(database: Database, tls_pair: Pair) -> None:
    async with looking_up(database, tls_pair) as there:
        there.site.replies[:] = [
            reply(404, b""),
            there.document(client_id="https://evil.example/app.json"),
            there.document(redirect_uris=["javascript:alert(1)"]),
            reply(503, b""),
            there.document(),
        ]

        assert [await there.find() for _ in range(3)] == [UNKNOWN] * 3
        status, answer = await there.find()
        assert (status, answer["error"]) == (503, "temporarily_unavailable")
        assert await there.find() == FOUND


@pytest.mark.requirement("AS-17")
async def test_a_document_that_changed_takes_effect(database: Database, tls_pair: Pair) -> None:
    async with looking_up(database, tls_pair) as there:
        there.site.replies[:] = [
            there.document(),
            there.document(redirect_uris=["https://client.test/new"]),
            reply(404, b""),
        ]

        assert await there.find() == FOUND
        await travel(database, 3601)
        assert await there.find() == (200, ["Example", "https://client.test/new"])
        await travel(database, 3601)
        assert await there.find() == UNKNOWN


@pytest.mark.requirement("AS-22")
async def test_the_operators_choices_hold(database: Database, tls_pair: Pair) -> None:
    for policy in (
        OAuthPolicy(https=True, client_documents=False),
        OAuthPolicy(https=True, client_document_domains=("other.test",)),
    ):
        async with looking_up(database, tls_pair, policy) as there:
            assert await there.find() == UNKNOWN
            assert there.site.connections == 0
    admitted = OAuthPolicy(https=True, client_document_domains=("test",))
    async with looking_up(database, tls_pair, admitted) as there:
        there.site.replies[:] = [there.document()]
        assert await there.find() == FOUND
        await there.clients.disable(there.url)
        await travel(database, 3601)
        assert await there.find() == UNKNOWN
        assert len(there.site.requests) == 1


@pytest.mark.requirement("T-040")
async def test_fetches_are_limited_and_the_cache_is_bounded(
    database: Database, tls_pair: Pair
) -> None:
    policy = OAuthPolicy(https=True, most_clients=2)
    async with looking_up(database, tls_pair, policy, limits="documents=3/1m") as there:
        there.site.replies[:] = [
            there.document(client_id=f"{there.url}?{number}") for number in range(3)
        ]
        found = [await there.find(f"{there.url}?{number}") for number in range(3)]
        status, answer = await there.find(f"{there.url}?3")

        assert found == [FOUND] * 3
        assert (status, answer["error"]) == (429, "slow_down")
        assert len(there.site.requests) == 3
        assert len(await there.clients.list()) == 2


@pytest.mark.requirement("T-029")
async def test_what_is_no_documents_url_is_looked_up_here_only(
    database: Database, tls_pair: Pair
) -> None:
    async with looking_up(database, tls_pair) as there:
        await there.clients.add(CLIENT)

        assert await there.find(CLIENT.client_id) == (200, [CLIENT.name, *CLIENT.redirect_uris])
        for client_id in (
            f"{there.url}#x",
            there.url.replace("https", "http"),
            there.url.replace("//", "//u@"),
            f"{there.url}/../x",
            f"{there.url}{'x' * 512}",
            "nobody",
            "\u00e9",
        ):
            assert await there.find(client_id) == UNKNOWN
        assert there.site.connections == 0
