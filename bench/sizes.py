"""What the list of tools costs a model: ours, and the peer's conversion of the same operations."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import peer
import servers
from contenders import PEER, PEER_TUNED, TREENAIL

_SECONDS: Final = 120
_TOKENS: Final = Path(__file__).with_name("peer_tokens.py")
_SHOWN_TO_MODELS: Final = ("name", "description", "inputSchema")
"""What most clients pass on."""

_WHOLE: Final = "all of it"
_NO_OUTPUT: Final = "without output schemas"
_BARE: Final = "name, description, input schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The compact JSON of a list of tools.

    Attributes:
        view: What is left of each tool.
        o200k: Tokens of OpenAI's o200k_base.
    """

    contender: str
    view: str
    tools: int
    bytes: int
    o200k: int

    @property
    def tokens(self) -> int:
        """As the product estimates them (docs/decisions/0004-token-count.md)."""
        return round(self.bytes / 4)


def measure() -> list[Size]:
    """Ask both servers for their tools."""
    sizes: list[Size] = []
    with servers.upstream() as upstream_url:
        for contender in (TREENAIL, PEER, PEER_TUNED):
            with servers.serving(contender, upstream_url) as server:
                tools = json.loads(server.first_answer)["result"]["tools"]
            views = _views(tools)
            counts = _o200k([text for _, text in views])
            sizes.extend(
                Size(
                    contender=contender.name,
                    view=view,
                    tools=len(tools),
                    bytes=len(text.encode()),
                    o200k=count,
                )
                for (view, text), count in zip(views, counts, strict=True)
            )
    return sizes


def _views(tools: list[dict[str, Any]]) -> list[tuple[str, str]]:
    no_output = [{key: tool[key] for key in tool if key != "outputSchema"} for tool in tools]
    bare = [{key: tool[key] for key in _SHOWN_TO_MODELS} for tool in tools]
    return [(_WHOLE, _text(tools)), (_NO_OUTPUT, _text(no_output)), (_BARE, _text(bare))]


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _o200k(texts: list[str]) -> list[int]:
    command = [str(peer.PYTHON), str(_TOKENS)]
    done = subprocess.run(
        command,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        timeout=_SECONDS,
    )
    return json.loads(done.stdout)
