"""What all tests share: the checkout, and how properties are tried."""

from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.support.leftovers",
    "tests.support.chromium",
    "tests.support.mock_upstream",
    "tests.support.phorest",
    "tests.support.connectors",
    "tests.support.octokit",
    "tests.support.postgres",
    "tests.support.redis_server",
    "tests.support.tls",
    # Behind those that it imports: pytest rewrites the assertions of what is loaded here first.
    "tests.support.databases",
]

# The same examples on every run, and no deadline: the machines of CI are shared.
settings.register_profile("treenail", deadline=None, derandomize=True)
settings.load_profile("treenail")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).parent.parent
