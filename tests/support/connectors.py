"""Connectors of this repository other than Phorest, each before its own mock."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.exchanges import sent
from tests.support.loopback import Loopback
from tests.support.mock_upstream import MockUpstream
from tests.support.phorest import CONNECTORS, ROOT
from treenail_runtime.app.connecting import Offering
from treenail_runtime.loading import connection_from_environment, load_connector

CHECKS = {"fergus": "/company"}
"""What the server asks by itself, at some time after its start, to see whether credentials are good."""

ENVIRONMENT = {"FERGUS_TOKEN": "fergPAT_right-but-for-the-mock", "WIKIPEDIA_REGION": "en"}


class Mocks:
    """The mocks of connectors, each started when it is first asked for."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._running: dict[str, MockUpstream] = {}

    def of(self, name: str) -> MockUpstream | None:
        """The connector's mock as it was at its start; None without an upstream."""
        spec = ROOT / "specs" / f"{name}.yaml"
        if not spec.is_file():
            return None
        if name not in self._running:
            mock = MockUpstream(CONNECTORS / f"{name}.yaml", spec)
            self._running[name] = self._open.enter_context(mock)
        self._running[name].reset()
        return self._running[name]

    def close(self) -> None:
        """Stop them."""
        self._open.close()


@pytest.fixture(scope="session")
def mocks() -> Iterator[Mocks]:
    """Mocks that all tests share."""
    started = Mocks()
    yield started
    started.close()


def offering(name: str, upstream: MockUpstream | Loopback | None, **fields: str) -> Offering:
    """The connector before an upstream of its own; `fields` are variables of the login."""
    connector = load_connector(CONNECTORS, name)
    url = upstream.url if upstream is not None else None
    connection = connection_from_environment(connector, ENVIRONMENT | fields, upstream_url=url)
    return Offering(connector=connector, connection=connection)


def tool_requests(name: str, mock: MockUpstream) -> list[dict[str, Any]]:
    """What tools sent since the last reset; that of a tool that asks what the server asks, once."""
    requests = [sent(each) for each in mock.log(1000)]
    return [each for each in requests if each["path"] != CHECKS.get(name)] or requests[-1:]
