"""Who is measured: how each server is started and called."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import peer
import yaml
from mcp_wire import LEGACY, MODERN, Era

ROOT: Final = Path(__file__).parent.parent
SPEC: Final = ROOT / "specs" / "phorest.yaml"
MARKER: Final = b"ttv4HUsbHAtBl96E-kFe_A"
"""Part of the upstream's record, so part of every answer."""

_HERE: Final = Path(__file__).parent
_TREENAIL: Final = Path(sys.executable).with_name("treenail")
_CREDENTIALS: Final = {
    "PHOREST_REGION": "eu",
    "PHOREST_BUSINESS_ID": "bench-business",
    "PHOREST_BRANCH_ID": "bench-branch",
    "PHOREST_EMAIL": "bench@example.com",
    "PHOREST_PASSWORD": "not-a-secret",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A server under test.

    Attributes:
        command: Its command line for a port and an upstream URL.
        tool: The tool that gets one client.
        arguments: Of the n-th call.
        eras: Protocol versions in which it is called.
        modern_share: Of the calls, how many a slow one makes in the modern era.
        validates: Whether it refuses a call without arguments.
    """

    name: str
    title: str
    command: Callable[[int, str], list[str]]
    tool: str
    arguments: Callable[[int], Mapping[str, Any]]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    eras: tuple[Era, ...] = (MODERN, LEGACY)
    modern_share: float = 1.0
    validates: bool = True


def operations() -> list[str]:
    """The operations of the document that our connector offers."""
    connector = yaml.safe_load((ROOT / "connectors" / "phorest.yaml").read_text())
    return [tool["operation"] for tool in connector["tools"] if "operation" in tool]


def _treenail(port: int, upstream_url: str) -> list[str]:
    return [
        *(str(_TREENAIL), "serve", "phorest", "--no-auth", "--port", str(port)),
        *("--connectors-dir", str(ROOT / "connectors"), "--upstream-url", upstream_url),
    ]


def _peer(*flags: str) -> Callable[[int, str], list[str]]:
    def command(port: int, upstream_url: str) -> list[str]:
        script = str(_HERE / "peer_server.py")
        serves = [str(SPEC), upstream_url, str(port), *operations()]
        return [str(peer.PYTHON), script, *serves, *flags]

    return command


def mounted(servers: int) -> Contender:
    """So many of the peer's servers in one process."""
    return replace(
        PEER, title=f"{servers} in one process", command=_peer("--mounted", str(servers))
    )


def _floor(port: int, *upstream_url: str) -> list[str]:
    return [sys.executable, str(_HERE / "floor.py"), str(port), *upstream_url]


def _ours(number: int) -> dict[str, Any]:
    return {"client_id": f"client-{number}"}


def _theirs(number: int) -> dict[str, Any]:
    return {"businessId": "bench-business", "clientId": f"client-{number}"}


TREENAIL: Final = Contender(
    name="treenail",
    title="treenail",
    command=_treenail,
    tool="get_client",
    arguments=_ours,
    environment=_CREDENTIALS,
)
TREENAIL_SDK: Final = Contender(
    name="treenail-sdk",
    title="treenail, TREENAIL_FRAMING=sdk",
    command=_treenail,
    tool="get_client",
    arguments=_ours,
    environment={**_CREDENTIALS, "TREENAIL_FRAMING": "sdk"},
)
TREENAIL_UVICORN: Final = Contender(
    name="treenail-uvicorn",
    title="treenail on uvicorn",
    command=lambda port, upstream_url: [
        *(sys.executable, str(_HERE / "on_uvicorn.py")),
        *(str(port), upstream_url, str(peer.packages())),
    ],
    tool="get_client",
    arguments=_ours,
    environment=_CREDENTIALS,
)
PEER: Final = Contender(
    name="peer",
    title="FastMCP 4.1.6",
    command=_peer(),
    tool="getClient",
    arguments=_theirs,
    modern_share=0.1,
)
PEER_TUNED: Final = Contender(
    name="peer-tuned",
    title="FastMCP, tuned",
    command=_peer("--tuned"),
    tool="getClient",
    arguments=_theirs,
    modern_share=0.5,
)
PEER_REPAIRED: Final = Contender(
    name="peer-repaired",
    title="FastMCP, tuned and patched",
    command=_peer("--tuned", "--repaired"),
    tool="getClient",
    arguments=_theirs,
)
FLOOR_UPSTREAM: Final = Contender(
    name="floor-upstream",
    title="floor: Hypercorn and aiohttp",
    command=_floor,
    tool="get_client",
    arguments=_ours,
    eras=(MODERN,),
    validates=False,
)
FLOOR: Final = Contender(
    name="floor",
    title="floor: Hypercorn alone",
    command=lambda port, _: _floor(port),
    tool="get_client",
    arguments=_ours,
    eras=(MODERN,),
    validates=False,
)
EVERYBODY: Final = (
    TREENAIL,
    PEER,
    PEER_TUNED,
    PEER_REPAIRED,
    TREENAIL_UVICORN,
    TREENAIL_SDK,
    FLOOR_UPSTREAM,
    FLOOR,
)
