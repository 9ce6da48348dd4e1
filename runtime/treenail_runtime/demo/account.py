"""What the demo tells: to people line by line as it happens, to programs as JSON at the end."""

import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

import click
import mcp_types as types
import orjson

from treenail_runtime.contract import Connector

from .connection import declared_provider
from .driving import MODES, Call, Mode
from .summaries import answer_summary, arguments_summary, one_line

_COLUMNS: Final = 118
"""Of a line where there is no terminal."""

_FEWEST_COLUMNS: Final = 80
_MOST_COLUMNS: Final = 140

_BYTES_PER_TOKEN: Final = 4
"""docs/decisions/0004-token-count.md."""


Step = Literal["registered", "refreshed", "renewed", "revoked"]

STEPS: Final[Sequence[Step]] = get_args(Step)

_STEPS: Final[Mapping[Step, str]] = {
    "registered": "discovery, registration, consent and login on the page, code and PKCE, tokens",
    "refreshed": "the access token expired, and the client got another",
    "renewed": "the provider's token expired, and the server got another, once",
    "revoked": "the tokens were revoked, and are refused since",
}


class Account:
    """The story of one demo; standard output is kept for the JSON when there is to be one."""

    def __init__(self, *, connector: Connector, as_json: bool) -> None:
        self.connector = connector
        self._as_json = as_json
        self._since = time.perf_counter()
        self._eras: list[str] = []
        self._calls: list[Call] = []
        self._problems: list[str] = []
        has_provider = declared_provider(connector) is not None
        steps = (step for step in STEPS if has_provider or step != "renewed")
        self._authorization: dict[Step, bool] = dict.fromkeys(steps, False)
        self._undone: set[Step] = set()
        self._ended = False

    @property
    def failures(self) -> int:
        """How many calls, and other things, went wrong."""
        return sum(not call.ok for call in self._calls) + len(self._problems) + len(self._undone)

    def begin(self) -> None:
        """Name what is shown."""
        self._say(f"{self.connector.title}, {len(self.connector.tools)} tools", bold=True)

    def started(self, name: str, url: str, seconds: float) -> None:
        """A process answers."""
        self._say(f"  {name:<8} {url}  ({seconds:.1f} s)")

    def authorized(self, step: Step, *, done: bool) -> None:
        """A step of authorization was done, or should have been."""
        if self._authorization[step]:
            return
        self._authorization[step] = done
        (self._undone.discard if done else self._undone.add)(step)
        self._say("  ", nl=False)
        self._mark(good=done)
        self._say(f" {_STEPS[step]}")

    def era(self, version: str, mode: Mode, tools: Sequence[types.Tool]) -> None:
        """A client has connected and listed the tools."""
        self._eras.append(version)
        self._say()
        self._say(f"MCP {version}", bold=True, nl=False)
        self._say(f"  SDK client, mode {mode}: {len(tools)} tools, {_tokens(tools):,} tokens")

    def call(self, call: Call) -> None:
        """A tool was called."""
        self._calls.append(call)
        names = max(len(tool.name) for tool in self.connector.tools)
        room = self._columns() - names - len("  ✓   123456.7 ms") - 4
        given, answered = room * 2 // 5, room - room * 2 // 5
        told = answer_summary(call.answer) if call.ok else "failed"
        self._say("  ", nl=False)
        self._mark(good=call.ok)
        self._say(f" {call.tool:<{names}}  ", nl=False)
        arguments = one_line(arguments_summary(call.arguments), given)
        self._say(f"{arguments:<{given}}  ", nl=False, dim=True)
        self._say(f"{one_line(told, answered):<{answered}} {call.ms:8.1f} ms")
        self._say_indented(call.problem or "")

    def problem(self, text: str) -> None:
        """Something went wrong that is no call."""
        self._problems.append(text)
        self._say("  ", nl=False)
        self._mark(good=False)
        self._say(f" {one_line(text)}")

    def end(self, said: Mapping[str, str]) -> None:
        """Counts, the slowest call, and the JSON; once only.

        Args:
            said: What the processes wrote to stderr; told when something failed.
        """
        for name, text in said.items() if self.failures else ():
            self._say()
            self._say(f"the {name} said:", bold=True)
            self._say_indented(text or "nothing")
        if self._ended:
            return
        self._ended = True
        self._say()
        self._mark(good=not self.failures)
        good = sum(call.ok for call in self._calls)
        planned = len(self.connector.tools) * len(MODES)
        self._say(f" {good} of {planned} calls succeeded", bold=True, nl=False)
        self._say(f"; {time.perf_counter() - self._since:.1f} s in all", nl=False)
        for slowest in sorted(self._calls, key=lambda call: -call.ms)[:1]:
            self._say(f"; slowest: {slowest.tool}, {slowest.ms:.1f} ms ({slowest.era})", nl=False)
        self._say()
        if self._as_json:
            click.echo(self._json())

    def invite(self, url: str, login: Mapping[str, str]) -> None:
        """Tell how an agent gets at the server, and what its person types into the forms."""
        name = "treenail-demo"
        servers = {"mcpServers": {name: {"type": "http", "url": url}}}
        self._say()
        self._say("Ready for an agent, until Ctrl-C:", bold=True)
        self._say(f"  claude mcp add --transport http {name} {url}")
        self._say("or, in a client's configuration:")
        self._say(f"  {json.dumps(servers)}")
        told = ", ".join(f"{name} {value}" for name, value in login.items())
        if declared_provider(self.connector) is not None:
            self._say(f"Its page leads on to the made-up provider, which takes: {told}")
        elif login:
            self._say(f"Its login page takes, for this mock: {told}")

    def _json(self) -> str:
        calls = [
            {"tool": call.tool, "era": call.era, "ok": call.ok, "ms": round(call.ms, 1)}
            for call in self._calls
        ]
        return json.dumps(
            {
                "tools": len(self.connector.tools),
                "calls": calls,
                "eras": self._eras,
                "oauth": self._authorization,
                "failures": self.failures,
            },
            ensure_ascii=False,
        )

    def _say(self, text: str = "", **style: Any) -> None:
        # click takes the colours out again unless this is a terminal.
        click.secho(text, err=self._as_json, **style)

    def _mark(self, *, good: bool) -> None:
        self._say("✓" if good else "✗", fg="green" if good else "red", nl=False)

    def _say_indented(self, text: str) -> None:
        for line in text.splitlines():
            self._say(f"      {one_line(line)}", fg="red")

    def _columns(self) -> int:
        stream = sys.stderr if self._as_json else sys.stdout
        if not stream.isatty():
            return _COLUMNS
        return min(max(shutil.get_terminal_size().columns, _FEWEST_COLUMNS), _MOST_COLUMNS)


def _tokens(tools: Sequence[types.Tool]) -> int:
    told = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
    return -(-len(orjson.dumps({"tools": told})) // _BYTES_PER_TOKEN)
