"""The server that the clients share: each is a client of its own to it."""

from collections.abc import Iterator

import pytest

from tests.support.mock_upstream import MockUpstream
from tests.support.serving_oauth import Served, serving_oauth


@pytest.fixture(scope="session")
def served(
    mock_upstream: MockUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The Phorest connector with authorization, on SQLite, before the mock of its API."""
    folder = tmp_path_factory.mktemp("served")
    with serving_oauth(folder, upstream_url=mock_upstream.url) as server:
        yield server
