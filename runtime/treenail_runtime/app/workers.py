"""Several processes behind one listening socket.

A pipe connects the parent with each worker. The worker says on it that it answers, and what the
others are to do; it takes from it what they say, and the order to load connectors again; the pipe's
end is the order to stop. So a parent that dies ends its workers, and a signal sent to the whole
process group (systemd, Ctrl-C) is not taken for two.
"""

import asyncio
import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Final

import structlog

from treenail_runtime.edge.asgi import AsgiApp
from treenail_runtime.settings import Settings, environment
from treenail_runtime.telemetry import set_up_logging

from .collecting import forget_start, uncollected
from .composition import create_app
from .descriptors import raise_descriptor_limit
from .hangups import ignore_hangups, pass_on_hangups, without_hangups
from .lines import LISTENING, RELOAD, HungUp, Line, Word
from .measuring import counting_in, gathering
from .registry import Registry, Reloads, open_registry
from .servable import check_servable
from .serving import (
    address,
    closing_if_refused,
    listen,
    loop_factory,
    make_ready,
    serve_app,
    with_base_url,
)
from .siblings import Siblings
from .tracing import check_traces, traced

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_LOOK_S: Final = 1.0
"""Between two looks whether a worker has room for what it could not be told."""

_AGAIN_S: Final = 0.1
"""The same of a worker, whose parent has nothing else to do."""


def serve_by_workers(
    settings: Settings, registry: Registry, *, announce: Callable[[str], None]
) -> None:
    """Serve from `settings.workers` processes until SIGTERM or SIGINT; a second one kills them.

    A worker that ends by itself ends the others, and this process with status 1: whoever
    supervises it starts all of them afresh.

    Args:
        settings: Handed to each worker, which loads the connectors again.
        registry: Checked once here, so that mistakes are told once.
        announce: Called with `host:port` once every worker answers.

    Raises:
        ConfigurationError: The settings must not be served, the address cannot be had, the storage
            is not fit, or a connection makes no credentials.
    """
    check_servable(settings)
    raise_descriptor_limit()
    sock = listen(settings)
    settings = with_base_url(settings, address(sock))
    with closing_if_refused(sock):
        check_traces(settings)
        make_ready(settings)
        create_app(settings, registry)
    with ExitStack() as opened:
        with closing_if_refused(sock):
            counts = opened.enter_context(gathering(settings))
        failed = _run(settings, sock, counts, announce)
    if failed:
        sys.exit(1)
    log.info("server.stopped")


def _run(
    settings: Settings, sock: socket.socket, counts: Path | None, announce: Callable[[str], None]
) -> bool:
    """Have workers serve until a signal; whether one ended by itself."""
    where = address(sock)
    workers = _Workers(settings, sock, counts)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, workers.on_signal)
    pass_on_hangups(workers.reload)
    # Held here as well, it would take connections that nobody answers once the workers stop.
    sock.close()
    return workers.run(lambda: announce(where))


class _Workers:
    def __init__(self, settings: Settings, sock: socket.socket, counts: Path | None) -> None:
        self._stopping = False
        self._lines: dict[Connection, Line] = {}
        self._processes: list[SpawnProcess] = []
        spawn = multiprocessing.get_context("spawn")
        for _ in range(settings.workers):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=work, args=(settings, sock, theirs, counts), daemon=True)
            with without_hangups():
                process.start()
            theirs.close()
            self._lines[ours] = Line(ours)
            self._processes.append(process)

    def run(self, announce: Callable[[], None]) -> bool:
        """Wait for all of them to end; whether one ended by itself."""
        heard, silent = list(self._lines), list(self._lines)
        failed = False
        while running := [each for each in self._processes if each.is_alive()]:
            ready = wait([*(each.sentinel for each in running), *heard], timeout=_LOOK_S)
            for line in self._lines.values():
                line.catch_up()
            for pipe in [each for each in heard if each in ready]:
                try:
                    said = self._lines[pipe].hear()
                except HungUp:
                    heard.remove(pipe)
                    continue
                if said == LISTENING:
                    silent.remove(pipe)
                    if not silent:
                        announce()
                elif said is not None:
                    self._order(said, beside=pipe)
            if any(each.sentinel in ready for each in running) and not self._stopping:
                log.error("worker.ended", exit_codes=[each.exitcode for each in self._processes])
                failed = True
                self.stop()
        return failed

    def stop(self) -> None:
        """Have the workers finish their calls and end."""
        self._stopping = True
        for line in self._lines.values():
            line.hang_up()

    def _order(self, word: object, beside: Connection | None = None) -> None:
        """Tell all workers `beside` that one."""
        for pipe, line in self._lines.items():
            if pipe is not beside:
                line.say(word)

    def reload(self) -> None:
        """Have each worker load its connectors again."""
        self._order(RELOAD)

    def on_signal(self, number: int, _: FrameType | None) -> None:
        """Stop them at the first signal, kill them at the second."""
        if not self._stopping:
            log.info("server.stopping", signal=number)
            self.stop()
            return
        for process in self._processes:
            process.kill()


def _say(parent: Line, text: str) -> None:
    """Tell the other workers; a parent that is gone has ended them."""
    if parent.say(Word(text)):
        _catch_up_later(parent)


def _catch_up_later(parent: Line) -> None:
    asyncio.get_running_loop().call_later(_AGAIN_S, _catch_up, parent)


def _catch_up(parent: Line) -> None:
    if parent.catch_up():
        _catch_up_later(parent)


def work(settings: Settings, sock: socket.socket, pipe: Connection, counts: Path | None) -> None:
    """The main function of a worker process, which keeps its counts in a file of the folder `counts`."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    ignore_hangups()
    parent = Line(pipe)
    set_up_logging(settings.log_level, settings.log_format)
    with traced(settings) as traces:
        with uncollected():
            registry = open_registry(settings, environment())
            siblings = Siblings(lambda text: _say(parent, text))
            app = create_app(
                settings,
                registry,
                measures=counting_in(counts),
                siblings=siblings,
                traces=traces,
            )
            forget_start()
        _run_worker(app, sock, parent, registry, siblings)


def _run_worker(
    app: AsgiApp,
    sock: socket.socket,
    parent: Line,
    registry: Registry,
    siblings: Siblings,
) -> None:
    """Serve until the parent says so, or is gone."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        stop = asyncio.Event()

        async def run() -> None:
            loop, reloads = asyncio.get_running_loop(), Reloads(registry)

            def obey() -> None:
                try:
                    said = parent.hear()
                except HungUp:
                    # At its end, a pipe can be read for ever.
                    loop.remove_reader(parent.pipe.fileno())
                    stop.set()
                    return
                if said == RELOAD:
                    reloads.begin()
                elif isinstance(said, Word):
                    siblings.hear(said.text)

            def listening() -> None:
                parent.say(LISTENING)

            loop.add_reader(parent.pipe.fileno(), obey)
            await serve_app(app, sock, listening=listening, stopped=stop.wait)
            loop.remove_reader(parent.pipe.fileno())

        runner.run(run())
