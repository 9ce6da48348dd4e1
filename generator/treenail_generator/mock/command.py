"""What `gen mock` does."""

from treenail_generator.connector_file import ConnectorRequest
from treenail_generator.document import Document

from .app import create_mock
from .faults import FAULTS, Fault, fault_named
from .serving import Announce, print_url, serve_mock


def run_mock(  # noqa: PLR0913  # one parameter an option of the command
    document: Document,
    request: ConnectorRequest,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int | None = None,
    fault: str | None = None,
    fault_every: int = 1,
    latency_ms: int = 0,
    userinfo_url: str | None = None,
    announce: Announce = print_url,
) -> None:
    """Serve the document as the connector's upstream, until SIGINT or SIGTERM.

    Args:
        document: What to serve.
        request: Whose upstream it is.
        host: Where to listen; anything but loopback is for others to reach.
        port: 0 takes a free one, which `announce` is told.
        seed: None takes the connector file's.
        fault: One of `FAULTS`, for requests that ask for none themselves.
        fault_every: Only each n-th request meets the fault.
        latency_ms: How long every answer takes at least.
        userinfo_url: Must take a bearer token before the mock does; None to take any.
        announce: Told the connector's name and the URL, once it listens.

    Raises:
        OSError: The port is taken, or the host is not here.
        ValueError: There is no such fault.
    """
    name = None if fault is None else fault_named(fault)
    if fault is not None and name is None:
        raise ValueError(f"{fault!r} is none of {', '.join(FAULTS)}")
    app = create_mock(
        document,
        request,
        seed=request.file.mock.seed if seed is None else seed,
        fault=None if name is None else Fault(name, fault_every),
        latency_s=latency_ms / 1000,
        userinfo_url=userinfo_url,
    )
    serve_mock(app, host, port, announce)
