"""A person who follows the tutorial, and then lets an agent at the server that came of it."""

import re
from collections.abc import Generator
from pathlib import Path

from tests.support.terminal import Terminal
from treenail_runtime.demo.authorizing import join
from treenail_runtime.demo.driving import connected
from treenail_runtime.demo.person import Person

MCP_URL = "http://127.0.0.1:8750/mcp"
CHECKOUT_ONLY = "export PATH="
"""How the one line begins that is only for people with a checkout."""

_STEP = re.compile(
    r"^(?:`(?P<file>[\w./]+)`:\n\n```yaml\n(?P<text>.*?)^```|```sh\n(?P<lines>.*?)^```)",
    re.MULTILINE | re.DOTALL,
)


async def follow(page: Path, shell: Terminal, *, has_checkout: bool) -> None:
    """Do what the page says, in its order, and what an agent does in the end."""
    said = list(_typed(page, shell, has_checkout=has_checkout))
    url = shell.url(MCP_URL)
    membership = join(url, Person({"token": "any"}))
    async with connected(url, "auto", membership.provider) as client:
        tools = (await client.list_tools()).tools
        answer = await client.call_tool("list_tasks", {"done": False})

    assert [tool.name for tool in tools] == ["list_tasks", "get_task", "add_task"]
    assert "include_archived" not in tools[0].input_schema["properties"]
    assert answer.structured_content is not None
    assert answer.structured_content["tasks"][0].keys() <= {"id", "title", "done", "due"}
    assert "wrote connectors/tasks.yaml" in _printed(said, "gen init tasks")
    assert ("gen build tasks", "wrote connectors/tasks.py\nwrote connectors/tasks.lock\n") in said
    assert "✓ the tokens were revoked" in _printed(said, "treenail demo")
    assert _printed(said, "treenail serve").startswith(f"serving tasks at {url}")
    assert _printed(said, "curl -s -o") == "401\n"
    assert '"code_challenge_methods_supported":["S256"]' in _printed(said, "curl -s http")


def _typed(page: Path, shell: Terminal, *, has_checkout: bool) -> Generator[tuple[str, str]]:
    """Every command of the page in its order, and what it printed; files are saved on the way."""
    for step in _STEP.finditer(page.read_text(encoding="utf-8")):
        if step["file"]:
            (shell.folder / step["file"]).write_text(step["text"], encoding="utf-8")
            continue
        for line in step["lines"].splitlines():
            if has_checkout or not line.startswith(CHECKOUT_ONLY):
                yield line, shell.type(line)


def _printed(said: list[tuple[str, str]], begin: str) -> str:
    """What the one command printed that begins like that."""
    (text,) = (text for line, text in said if line.startswith(begin))
    return text
