"""The rule about text that gives orders to the agent instead of describing a tool.

A short list, each entry a form seen in the wild (OWASP LLM01:2025; Invariant Labs, "Tool poisoning
attacks", 2025), kept narrow: what an API's documentation says in good faith has to pass. It finds
the clumsy and the copied; reading the text is still a person's job.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .characters import plain
from .connector import LintedConnector
from .finding import Finding, Severity
from .texts import Text

_BLOB: Final = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/]{80,}={0,2}(?![\w+/=-])")
_SLASHES: Final = 1 / 16
"""Of random base64, one character in 64 is a slash; of a path, far more are."""


@dataclass(frozen=True, slots=True)
class Order:
    """A form that orders take; matched against `plain` text.

    Attributes:
        pattern: Its repetitions are bounded, since the text may be hostile.
    """

    what: str
    severity: Severity
    pattern: re.Pattern[str]


ORDERS: Final = (
    Order(
        "asks to set other instructions aside",
        "error",
        re.compile(
            r"\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:the|of|these|those|my)\s+)*"
            r"(?:all|any|every|your|previous|prior|earlier|preceding|above|other|system|safety)\s+"
            r"(?:(?:the|of|these|those|my|all|any|your|other|previous|prior|earlier|preceding"
            r"|above|system|developer|safety)\s+)*(?:instructions?|prompts?|directives?|guardrails)"
        ),
    ),
    Order(
        "is after the agent's own instructions",
        "error",
        re.compile(
            r"\byour (?:system|developer|hidden) (?:prompt|instructions?|message)\b"
            r"|\byour (?:initial|original) (?:prompt|instructions)\b"
            r"|\b(?:reveal|print|show|repeat|output|leak|disclose|copy|include|send|dump)\b"
            r"[^.]{0,40}\b(?:system|developer) prompt\b"
        ),
    ),
    Order("speaks of the system prompt", "warning", re.compile(r"\bsystem prompt\b")),
    Order(
        "asks to keep something from the user",
        "error",
        re.compile(
            r"\b(?:do not|don['\u2019]?t|never|without)\s+(?:"
            r"tell(?:ing)? (?:the |any )?(?:user|human|person)s?\b(?!['\u2019])"
            r"|inform(?:ing)? (?:the |any )?(?:user|human|person)s? (?:about|of|that)\b"
            r"|(?:mention|reveal|disclos)\w* (?:this|that|it|these|them|any of (?:this|it))"
            r" to (?:the |any )?(?:user|human|person))"
        ),
    ),
    Order(
        "poses as another speaker",
        "error",
        re.compile(
            r"</?(?:system|assistant|important|instructions?)>|<\|\w+\|>|\[/?inst\]|<</?sys>>"
        ),
    ),
    Order(
        "forces a call",
        "warning",
        re.compile(
            r"\byou must (?:always|immediately|silently|secretly) "
            r"(?:call|use|invoke|run|execute|read|send|pass|include)\b"
            r"|\balways (?:use|call|prefer|choose) this tool\b"
            r"|\binstead of (?:any|all|every) other tools?\b"
        ),
    ),
    Order(
        "asks to carry data out",
        "error",
        re.compile(
            r"\bexfiltrat"
            r"|\b(?:send|post|forward|upload|copy|e-?mail|leak|include|pass|append)\b[^.]{0,60}"
            r"\b(?:this|our|your|whole|entire|full) (?:conversation|chat)\b"
            r"|\b(?:send|post|forward|upload|copy|e-?mail|leak) "
            r"(?:(?:the|all|any|every|their|user|user['\u2019]s|users['\u2019]|stored|saved) ){1,4}"
            r"(?:credentials?|secrets?|passwords?|api keys?|access tokens?|private keys?)\b"
            r"[^.]{0,30}\bto (?:https?://|\S+@\S)"
        ),
    ),
    Order(
        "names files where people keep secrets",
        "error",
        re.compile(r"~/\.(?:ssh|aws|cursor|config)\b|/etc/(?:passwd|shadow)\b|\bid_rsa\b(?!\.pub)"),
    ),
    Order(
        "asks to hand secrets to a tool",
        "warning",
        re.compile(
            r"\b(?:call|invoke|run) (?:the )?(?:\w+_\w+|[\w.-]+ tool) with "
            r"(?:the |your |all |any )*(?:user(?:['\u2019]s|s)? )?"
            r"(?:passwords?|credentials|secrets?|api keys?|private keys?)\b"
        ),
    ),
    Order(
        "would carry data out in a link",
        "error",
        re.compile(
            r"!\[[^\]]{0,200}\]\([^)\s]{0,500}(?:[{<]|%7b|%s)"
            r"|\]\(https?://[^)\s]{0,200}[?&][^)\s]{0,200}=(?:[{<]|%7b|%s)"
        ),
    ),
)


def prompt_injection(connector: LintedConnector) -> Iterator[Finding]:
    """Texts that speak to the agent as only its user may."""
    for text in connector.texts:
        read = plain(text.content)
        for order in ORDERS:
            if order.pattern.search(read):
                yield _finding(text, order.what, order.severity)
        if _holds_blob(text.content):
            yield _finding(text, "holds encoded data that nobody can review", "warning")


def _finding(text: Text, what: str, severity: Severity) -> Finding:
    return Finding(
        rule="prompt-injection",
        severity=severity if text.is_told else "info",
        tool=text.tool,
        message=f"the text {what}" + ("" if text.is_told else "; the agent does not get it"),
        hint=("say it in other words" if text.is_ours else "replace it in the connector file")
        if text.is_told
        else None,
        location=text.location,
    )


def _holds_blob(content: str) -> bool:
    """Whether a long run of letters and digits is base64, not a word, a path, or hexadecimal."""
    return any(
        run.count("/") <= len(run) * _SLASHES
        and any(letter.isupper() for letter in run)
        and any(letter.islower() for letter in run)
        and any(letter.isdigit() for letter in run)
        for run in _BLOB.findall(content)
    )
