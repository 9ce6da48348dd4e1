"""The page for operators is true: its commands run, its tables are those of the code."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import get_args

import httpx2
import pytest

from tests.support.terminal import Terminal, checkout_copy, commands_of, terminal
from treenail_runtime.app.servable import check_servable
from treenail_runtime.app.storing import open_ring
from treenail_runtime.demo.authorizing import join
from treenail_runtime.demo.driving import connected
from treenail_runtime.demo.person import Person
from treenail_runtime.limits import DEFAULTS, LimitRules
from treenail_runtime.settings import ConfigurationError, read_settings
from treenail_runtime.storage.audit import EventType

UPSTREAM = "http://127.0.0.1:8791/third-party-api-server"
SERVE = f"treenail serve phorest --port 8750 --upstream-url {UPSTREAM}"
MCP_URL = "http://127.0.0.1:8750/mcp"
LOGIN = {"region": "eu", "business_id": "demo", "email": "ann@example.test", "password": "any"}
STRONG = "k1:m2Q9cV7xJ0t5Yb3nRk8uLz1wEo4hSg6pDf2aXi7vBqM="


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs/operations.md").read_text(encoding="utf-8")


@pytest.fixture
def shell(root: Path, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in a fresh checkout, with the commands on its path."""
    state = tmp_path / "state"
    state.mkdir()
    with terminal(checkout_copy(root, tmp_path), state) as opened:
        yield opened


@pytest.mark.requirement("S1-11", "S1-34")
def test_each_command_of_the_page_runs(root: Path, shell: Terminal) -> None:
    lines = commands_of(root / "docs/operations.md")
    said = [shell.type(line) for line in lines]

    assert lines[0] == "treenail keys generate > .env"
    assert any(text.startswith("serving phorest at ") for text in said)
    assert any(" Our backend" in text for text in said)


TRIAL = {"AUTH_SECRETS": STRONG}
PRODUCTION = {**TRIAL, "BASE_URL": "https://mcp.example.com", "TREENAIL_PRODUCTION": "true"}


def starts(monkeypatch: pytest.MonkeyPatch, usual: Mapping[str, str], row: str = "") -> bool:
    """Whether anything would listen with the usual settings and those of the row."""
    changed = (pair.partition("=") for pair in row.split())
    with monkeypatch.context() as patched:
        for name, value in {**usual, **{name: value for name, _, value in changed}}.items():
            patched.setenv(name, value)
        try:
            settings = read_settings()
            check_servable(settings)
            if not settings.no_auth:
                open_ring(settings)
        except ConfigurationError:
            return False
    return True


def refused(text: str, heading: str) -> list[str]:
    """The settings in the rows of the table behind `heading`."""
    table = text.partition(heading)[2].partition("\n\n|")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


@pytest.mark.requirement("T-157")
@pytest.mark.parametrize(
    ("heading", "usual", "count"),
    [
        ("It does not start with:", PRODUCTION, 7),
        ("Anywhere it refuses to start:", TRIAL, 7),
    ],
    ids=["production", "anywhere"],
)
def test_the_server_refuses_what_the_page_says(
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    heading: str,
    usual: Mapping[str, str],
    count: int,
) -> None:
    rows = refused(text, heading)

    assert starts(monkeypatch, usual)
    assert len(rows) == count
    assert not [row for row in rows if starts(monkeypatch, usual, row)]


@pytest.mark.requirement("T-157")
def test_production_starts_with_several_workers_over_postgresql(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = "TREENAIL_WORKERS=2 DATABASE_URL=postgresql://db.example/treenail"

    assert starts(monkeypatch, PRODUCTION, row)


@pytest.mark.requirement("S1-36")
def test_the_table_of_limits_is_that_of_the_code(text: str) -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| `([0-9]+/[0-9]+[smhd])` \|", text, re.MULTILINE))
    written = ",".join(f"{name}={rule}" for name, rule in told.items())

    assert told.keys() == DEFAULTS.keys()
    assert LimitRules.parsed(written).rules == DEFAULTS


def test_the_events_of_the_page_are_those_of_the_audit(text: str) -> None:
    table = text.partition("| event | means |")[2].partition("\n\n")[0]
    told = {name for row in table.splitlines() for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", row)}
    logged = {"store.unavailable", "limits.shared_unavailable"}

    assert told - logged <= set(get_args(EventType))
    assert len(told - logged) > 2


@pytest.mark.requirement("S1-38")
def test_the_events_that_are_kept_are_all_told(text: str) -> None:
    table = text.partition("| kept event | written when |")[2].partition("\n\n")[0]
    rows = [row.split(" | ")[0] for row in table.splitlines()[2:]]
    told = [name for row in rows for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", row)]

    assert sorted(told) == sorted(get_args(EventType))


def backup(database: Path, copy: Path) -> None:
    """What `sqlite3 treenail.db ".backup copy.db"` does."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


async def status(url: str, access: str) -> int:
    """What a call with that access token is answered."""
    headers = {"Authorization": f"Bearer {access}", "Accept": "application/json, text/event-stream"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with httpx2.AsyncClient(trust_env=False) as http:
        return (await http.post(url, headers=headers, json=message)).status_code


@pytest.mark.requirement("T-135")
async def test_a_restored_backup_revives_logins_until_all_are_revoked(shell: Terminal) -> None:
    """The recipe "Backup and restore", with its last step left out at first."""
    for line in ("treenail keys generate > .env", "set -a; . ./.env; set +a"):
        shell.type(line)
    shell.type("gen mock phorest --port 8791")
    shell.type(SERVE)
    url = shell.url(MCP_URL)
    membership = join(url, Person(LOGIN))
    async with connected(url, "auto", membership.provider) as client:
        await client.list_tools()
    tokens = membership.memory.tokens
    assert tokens is not None
    database, copy = shell.folder / "treenail.db", shell.folder / "copy.db"
    backup(database, copy)
    await membership.revoke()
    assert await status(url, tokens.access_token) == 401

    shell.stop()
    backup(copy, database)
    shell.type("treenail db upgrade")
    shell.type("treenail keys check")
    shell.type(SERVE)
    assert await status(url, tokens.access_token) != 401
    said = shell.type("treenail admin revoke-all --yes")

    assert said == "1 login ended\n"
    assert await status(url, tokens.access_token) == 401


async def asked(url: str, **headers: str) -> httpx2.Response:
    """GET with these headers; `_` stands for `-`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.get(url, headers=sent)


@pytest.mark.requirement("S1-10", "S1-12", "S1-13", "T-088")
async def test_a_server_behind_a_tunnel_has_the_name_of_the_tunnel(shell: Terminal) -> None:
    """The recipe "Through a tunnel", without the tunnel: its requests come with its name."""
    tunnel = "https://calm-otter.tunnel.example"
    shell.environment |= {
        "BASE_URL": tunnel,
        "TREENAIL_TRUSTED_PROXIES": "127.0.0.1",
        "MCP_ALLOWED_HOSTS": "other.example",
        "MCP_ALLOWED_ORIGINS": "https://page.example",
    }
    for line in ("treenail keys generate > .env", "set -a; . ./.env; set +a", SERVE):
        shell.type(line)
    here = shell.url("http://127.0.0.1:8750")
    document = f"{here}/.well-known/oauth-authorization-server"

    answers = {
        host: await asked(document, Host=host)
        for host in ("calm-otter.tunnel.example", "other.example", "stranger.example")
    }
    own, page, strange = [
        await asked(document, Host="calm-otter.tunnel.example", Origin=origin)
        for origin in (tunnel, "https://page.example", "https://stranger.example")
    ]

    assert {host: answer.status_code for host, answer in answers.items()} == {
        "calm-otter.tunnel.example": 200,
        "other.example": 200,
        "stranger.example": 421,
    }
    assert answers["other.example"].json()["issuer"] == tunnel
    assert (own.status_code, page.status_code, strange.status_code) == (200, 200, 403)
    assert (await asked(f"{here}/healthz", Host="stranger.example")).status_code == 200
    assert (await asked(f"{here}/readyz", Host="stranger.example")).status_code == 200
