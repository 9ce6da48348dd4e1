"""The server that the suite is run against."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.serving_oauth import Served, serving_oauth


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The reference connector, which needs no upstream, with authorization.

    It is a copy, since one of its tools changes it.
    """
    folder = tmp_path_factory.mktemp("reference")
    connectors = folder / "connectors"
    shutil.copytree(Path(__file__).parent / "connectors", connectors)
    with serving_oauth(folder, "reference", connectors=connectors) as server:
        yield server
