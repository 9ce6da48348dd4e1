"""What one GET costs with each HTTP client that could carry upstream calls."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import machine
import peer
import servers
from calls import CONNECTIONS
from client_probe import CLIENTS

_PROBE: Final = Path(__file__).with_name("client_probe.py")
_OF_THE_PEER: Final = {"httpx-aiohttp"}
_SECONDS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU of one client, in one round."""

    client: str
    round: int
    connections: int
    cpu_us: float


def measure(rounds: int, calls: int) -> list[Cost]:
    """Let each client fetch the same record in turn."""
    with servers.upstream() as url, machine.running_on(machine.cores().server):
        return [
            Cost(
                client=client,
                round=number,
                connections=connections,
                cpu_us=_probe(client, url, connections, calls),
            )
            for number in range(1, rounds + 1)
            for connections in CONNECTIONS
            for client in CLIENTS
        ]


def _probe(client: str, url: str, connections: int, calls: int) -> float:
    python = str(peer.PYTHON) if client in _OF_THE_PEER else sys.executable
    command = [python, str(_PROBE), client, url, str(connections), str(calls)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)
    return float(done.stdout)
