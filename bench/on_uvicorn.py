"""treenail's application on the peer's server, with the peer's parser: the rest is our own.

Usage: on_uvicorn.py PORT UPSTREAM_URL PEER_PACKAGES
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from treenail_runtime.app.composition import create_app
from treenail_runtime.app.registry import open_registry
from treenail_runtime.app.serving import forget_start
from treenail_runtime.settings import environment, read_settings
from treenail_runtime.telemetry import set_up_logging

_CONNECTORS: Final = Path(__file__).parent.parent / "connectors"


def main(port: str, upstream_url: str, peer_packages: str) -> None:
    """Serve until the process is ended."""
    # Behind our own packages: only what is missing there, which is httptools, comes from the peer.
    sys.path.append(peer_packages)
    uvicorn: Any = import_module("uvicorn")
    set_up_logging("info")
    settings = read_settings(
        connectors=("phorest",), connectors_dir=_CONNECTORS, upstream_url=upstream_url, no_auth=True
    )
    app = create_app(settings, open_registry(settings, environment()))
    forget_start()
    uvicorn.run(
        app,
        port=int(port),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
