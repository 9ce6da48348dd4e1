"""What the tests of the commands share."""

from pathlib import Path

import pytest

from tests.support.project import phorest_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this project: the committed connector and its document."""
    return phorest_project(tmp_path)
