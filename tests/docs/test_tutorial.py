"""The tutorial is true: its files and commands lead to an agent that calls the tools."""

from pathlib import Path

from tests.support.terminal import Terminal, checkout_copy, commands_of, files_of, terminal
from treenail_runtime.demo.authorizing import join
from treenail_runtime.demo.driving import connected
from treenail_runtime.demo.person import Person

MCP_URL = "http://127.0.0.1:8750/mcp"


def type_all(page: Path, shell: Terminal) -> list[tuple[str, str]]:
    """Every command of the page in its order, and what it printed; files are saved on arrival."""
    said: list[tuple[str, str]] = []
    for line in commands_of(page):
        said.append((line, shell.type(line)))
        if line.startswith("cd "):
            for name, text in files_of(page).items():
                (shell.folder / name).write_text(text, encoding="utf-8")
    return said


async def test_the_tutorial_leads_from_yaml_to_an_agent(root: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with terminal(checkout_copy(root, tmp_path), state, on_path=False) as shell:
        said = type_all(root / "docs/tutorial.md", shell)
        url = shell.url(MCP_URL)
        membership = join(url, Person({"token": "any"}))
        async with connected(url, "auto", membership.provider) as client:
            tools = (await client.list_tools()).tools
            answer = await client.call_tool("list_tasks", {"done": False})

    assert [tool.name for tool in tools] == ["list_tasks", "get_task", "add_task"]
    assert "include_archived" not in tools[0].input_schema["properties"]
    assert answer.structured_content is not None
    assert answer.structured_content["tasks"][0].keys() <= {"id", "title", "done", "due"}
    assert ("gen build tasks", "wrote connectors/tasks.py\nwrote connectors/tasks.lock\n") in said
    assert "✓ the tokens were revoked" in printed(said, "treenail demo")
    assert printed(said, "treenail serve").startswith(f"serving tasks at {url}")
    assert printed(said, "curl -s -o") == "401\n"
    assert '"code_challenge_methods_supported":["S256"]' in printed(said, "curl -s http")


def printed(said: list[tuple[str, str]], begin: str) -> str:
    """What the one command printed that begins like that."""
    (text,) = (text for line, text in said if line.startswith(begin))
    return text
