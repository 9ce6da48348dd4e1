"""Two processes on one PostgreSQL: any of them serves any caller, and any session."""

import itertools
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.support.mock_upstream import MockUpstream
from tests.support.person import ANNA, BERT, Tokens, register, sign_in
from tests.support.postgres import Postgres
from tests.support.serving_oauth import Served, serving_oauth
from tests.support.wire import JSON_HEADERS, Answer, modern, modern_headers, rpc

WORKERS = 2
LEGACY = "2025-11-25"
INITIALIZE = rpc(
    "initialize",
    {
        "protocolVersion": LEGACY,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
)
LIST = rpc("tools/list")
CALL = modern("tools/call", {"name": "list_branches", "arguments": {}})


class Line:
    """One connection, kept alive, and so one worker."""

    def __init__(self, served: Served) -> None:
        self._http = HTTPConnection(urlsplit(served.url).netloc, timeout=20)
        self._http.connect()
        self.port: int = self._http.sock.getsockname()[1]

    def close(self) -> None:
        self._http.close()

    def send(
        self, method: str, headers: Mapping[str, str], body: bytes = b"", path: str = "/mcp"
    ) -> None:
        """Send a request; its answer is for `answer`."""
        self._http.request(method, path, body, {**dict(JSON_HEADERS), **headers})

    def answer(self) -> Answer:
        """The answer to what was sent."""
        got = self._http.getresponse()
        headers = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, headers, got.read())

    def ask(
        self, method: str, headers: Mapping[str, str], body: bytes = b"", path: str = "/mcp"
    ) -> Answer:
        """One exchange."""
        self.send(method, headers, body, path)
        return self.answer()


@dataclass(frozen=True)
class Lines:
    """Many connections, all in use at the same time.

    Attributes:
        by_worker: Some for each of the processes.
    """

    by_worker: Sequence[Sequence[Line]]

    @property
    def all(self) -> Sequence[Line]:
        """One worker's and the other's in turn."""
        return [line for pair in zip(*self.by_worker, strict=False) for line in pair]

    def ask(
        self, method: str, headers: Mapping[str, str], body: bytes = b"", path: str = "/mcp"
    ) -> list[Answer]:
        """The same request on every connection, before any answer is read."""
        for line in self.all:
            line.send(method, headers, body, path)
        return [line.answer() for line in self.all]


@pytest.fixture(scope="module")
def pair(
    mock_upstream: MockUpstream, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("pair")
    url = postgres.fresh_database()
    with serving_oauth(
        folder, upstream_url=mock_upstream.url, database_url=url, workers=WORKERS
    ) as server:
        yield server


@contextmanager
def lines(served: Served, each: int = 5) -> Generator[Lines]:
    """Connections to both workers, at least `each` to either."""
    with ExitStack() as opened:
        found: defaultdict[int, list[Line]] = defaultdict(list)
        while len(found) < WORKERS or min(map(len, found.values())) < each:
            more = [Line(served) for _ in range(each)]
            for line in more:
                opened.callback(line.close)
                line.send("GET", {})
            for line in more:
                assert line.answer().status == 405
            for line in more:
                found[_worker_of(line, served)].append(line)
        yield Lines(list(found.values()))


def _worker_of(line: Line, served: Served) -> int:
    """The process that holds the other end of a connection (proc(5))."""
    theirs = f"{urlsplit(served.url).port:04X}"
    for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, remote, *rest = row.split()
        if local.endswith(f":{theirs}") and remote.endswith(f":{line.port:04X}"):
            return _owner(f"socket:[{rest[6]}]", served.process.pid)
    raise AssertionError("the connection is gone")


def _owner(socket: str, parent: int) -> int:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            is_child = (
                int(status.read_text(encoding="ascii").rpartition(")")[2].split()[1]) == parent
            )
            if is_child and any(
                str(fd.readlink()) == socket for fd in (status.parent / "fd").iterdir()
            ):
                return int(status.parent.name)
        except (FileNotFoundError, ProcessLookupError):
            continue  # It, or one of its files, has just ended.
    raise AssertionError("no worker holds it")


def _in_session(tokens: Tokens, session: str) -> dict[str, str]:
    return {**tokens.bearer, "Mcp-Session-Id": session, "Mcp-Protocol-Version": LEGACY}


@pytest.mark.requirement("S0-15")
async def test_a_session_is_the_same_at_every_worker_until_it_is_ended(pair: Served) -> None:
    tokens = await sign_in(pair.base_url)
    with lines(pair) as connections:
        begun = connections.all[0].ask("POST", tokens.bearer, INITIALIZE)
        assert begun.json["result"]["protocolVersion"] == LEGACY
        mine = _in_session(tokens, begun.headers["mcp-session-id"])

        told = connections.ask("POST", mine, LIST)
        ended = connections.all[1].ask("DELETE", mine)
        after = connections.ask("POST", mine, LIST)

    assert [answer.status for answer in told] == [200] * len(connections.all)
    assert {len(answer.json["result"]["tools"]) for answer in told} == {20}
    assert ended.status == 204
    assert [answer.status for answer in after] == [404] * len(connections.all)
    assert {answer.json["error"]["message"] for answer in after} == {"Session not found"}


@pytest.mark.requirement("T-077", "S0-15", "S0-34")
async def test_a_session_is_nobody_elses_at_any_worker(pair: Served) -> None:
    client = await register(pair.base_url)
    owner = await sign_in(pair.base_url, client)
    strangers = {
        "another person, the same client": await sign_in(pair.base_url, client, BERT),
        "the same person, another client": await sign_in(pair.base_url),
        "the same login, another region": await sign_in(
            pair.base_url, client, {**ANNA, "region": "us"}
        ),
    }
    with lines(pair, each=2) as connections:
        begun = connections.all[0].ask("POST", owner.bearer, INITIALIZE)
        session = begun.headers["mcp-session-id"]

        tried = {
            (who, method): [answer.status for answer in connections.ask(method, headers, body)]
            for (who, tokens), (method, body) in itertools.product(
                strangers.items(), (("POST", LIST), ("DELETE", b""))
            )
            for headers in [_in_session(tokens, session)]
        }
        still = connections.ask("POST", _in_session(owner, session), LIST)

    assert tried == {case: [404] * len(connections.all) for case in tried}
    assert len(tried) == 6
    assert [answer.status for answer in still] == [200] * len(connections.all)


@pytest.mark.requirement("S0-13", "S0-23")
async def test_calls_without_sessions_are_served_by_both_workers(pair: Served) -> None:
    tokens = await sign_in(pair.base_url)
    named = dict(modern_headers("tools/call", "list_branches"))
    with lines(pair) as connections:
        answers = connections.ask("POST", {**named, **tokens.bearer}, CALL)

    assert [answer.status for answer in answers] == [200] * len(connections.all)
    first, *others = [answer.json["result"]["structuredContent"] for answer in answers]
    assert first["branches"]
    assert all(other == first for other in others)


@pytest.mark.requirement("AS-12", "S0-24")
async def test_a_refresh_token_shown_to_both_workers_at_once_has_one_successor(
    pair: Served,
) -> None:
    tokens = await sign_in(pair.base_url)
    asked = {"grant_type": "refresh_token", "refresh_token": tokens.refresh}
    body = urlencode({**asked, "client_id": tokens.client_id}).encode()
    with lines(pair, each=3) as connections:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answers = connections.ask("POST", form, body, "/token")

    assert [answer.status for answer in answers] == [200] * len(connections.all)
    assert len({answer.json["refresh_token"] for answer in answers}) == 1
    assert (await pair.family(tokens.client_id)).was_refreshed_once
