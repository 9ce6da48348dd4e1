"""The tutorial is true: its files and commands lead to an agent that calls the tools."""

from pathlib import Path

from tests.support.terminal import checkout_copy, terminal
from tests.support.tutorial import follow


async def test_the_tutorial_leads_from_a_document_to_an_agent(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with terminal(checkout_copy(root, tmp_path), state, programs=None) as shell:
        await follow(root / "docs/tutorial.md", shell, has_checkout=True)
