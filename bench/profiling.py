"""Where the CPU of a call goes, by package: the answer to "what bounds it"."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import load
import mcp_wire
import servers
from contenders import MARKER, PEER, PEER_REPAIRED, TREENAIL, Contender
from mcp_wire import MODERN

_SAMPLER: Final = Path(__file__).with_name("sampler.py")
_CONNECTIONS: Final = 32
_WRITE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much of a contender's CPU an owner takes, from 0 to 1."""

    contender: str
    owner: str
    share: float
    samples: int


def measure(calls: int) -> list[Share]:
    """Sample the server while it gets calls in the modern era, 32 connections."""
    with servers.upstream() as upstream_url, tempfile.TemporaryDirectory() as folder:
        return [
            share
            for contender in (TREENAIL, PEER_REPAIRED, PEER)
            for share in _shares(contender, upstream_url, Path(folder), calls)
        ]


def _shares(contender: Contender, upstream_url: str, folder: Path, calls: int) -> list[Share]:
    output = folder / f"{contender.name}.json"
    sampled = replace(contender, command=_sampled(contender.command, output))
    with servers.serving(sampled, upstream_url) as server:
        exchanges = mcp_wire.calls(MODERN, contender.tool, contender.arguments, MARKER)
        wanted = round(calls * contender.modern_share)
        load.send_all(server.port, exchanges, wanted // 5, _CONNECTIONS)
        os.kill(server.pid, signal.SIGUSR2)
        load.send_all(server.port, exchanges, wanted, _CONNECTIONS)
        os.kill(server.pid, signal.SIGUSR2)
        samples = _read(output)
    total = sum(samples.values())
    return [
        Share(contender=contender.name, owner=owner, share=count / total, samples=count)
        for owner, count in sorted(samples.items(), key=lambda item: -item[1])
    ]


def _sampled(
    command: Callable[[int, str], list[str]], output: Path
) -> Callable[[int, str], list[str]]:
    def wrapped(port: int, upstream_url: str) -> list[str]:
        first, *rest = command(port, upstream_url)
        if first.endswith("/python"):
            return [first, str(_SAMPLER), str(output), *rest]
        # An installed script: run by the Python beside it.
        return [str(Path(first).with_name("python")), str(_SAMPLER), str(output), first, *rest]

    return wrapped


def _read(output: Path) -> dict[str, int]:
    deadline = time.monotonic() + _WRITE_SECONDS
    while not output.exists() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return json.loads(output.read_text())
