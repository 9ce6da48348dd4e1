"""The environment of the peer: bench/.peer, made from a committed lock when it is not there."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_FOLDER: Final = _HERE / ".peer"
_LOCK: Final = _HERE / "requirements-peer.lock"
_READY: Final = _FOLDER / ".ready"
_INSTALL_SECONDS: Final = 900

PYTHON: Final = _FOLDER / "bin" / "python"


def ensure() -> None:
    """Make the environment, or bring it up to the lock; does nothing when it is."""
    lock = _LOCK.read_text()
    if _READY.exists() and _READY.read_text() == lock:
        return
    print(f"Installing the peer into {_FOLDER}.", file=sys.stderr)
    uv = shutil.which("uv")
    if uv:
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(_FOLDER))
        install = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    else:
        _run(sys.executable, "-m", "venv", "--clear", str(_FOLDER))
        install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The lock is complete; a resolver would refuse its certifi (requirements-peer.override).
    _run(*install, "--no-deps", "--require-hashes", "-r", str(_LOCK))
    _READY.write_text(lock)


def packages() -> Path:
    """The folder of what is installed there."""
    return next((_FOLDER / "lib").glob("python*/site-packages"))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=_INSTALL_SECONDS)
