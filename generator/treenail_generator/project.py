"""Where the folders of a project are: specs/ and connectors/ beside each other."""

from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).parent


def template_root() -> Path:
    """The code templates: inside the installed package, beside the sources in a checkout."""
    installed = _PACKAGE / "templates"
    return installed if installed.is_dir() else _PACKAGE.parent.parent / "templates"


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with `connectors/` and `specs/`."""

    root: Path

    @property
    def connectors(self) -> Path:
        """The folder of connector files, generated modules and locks."""
        return self.root / "connectors"

    @property
    def pins(self) -> Path:
        """Origin, date and hash of each document."""
        return self.root / "specs" / "PINNED.yaml"

    def connector_file(self, name: str) -> Path:
        """The file that a person writes."""
        return self.connectors / f"{name}.yaml"

    def module(self, name: str) -> Path:
        """The generated module."""
        return self.connectors / f"{name}.py"

    def lock(self, name: str) -> Path:
        """Hashes and token counts of what the module was built from."""
        return self.connectors / f"{name}.lock"

    def custom_module(self, name: str) -> Path:
        """Hand-written tools; never overwritten."""
        return self.connectors / f"{name}_custom.py"

    def page(self, name: str) -> Path:
        """The reference page, where the project keeps one."""
        return self.root / "docs" / "connectors" / f"{name}.md"

    def names(self) -> tuple[str, ...]:
        """The connectors of the project, in alphabetical order."""
        return tuple(sorted(path.stem for path in self.connectors.glob("*.yaml")))

    def shown(self, path: Path) -> str:
        """`path` as people see it: relative to the project when it lies inside."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return path.as_posix()
