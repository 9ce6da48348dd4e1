"""Agent-readiness: can agents use these tools well, and can people trust what agents are told?

A finished build in, findings out. Each rule is one function over a `LintedConnector`; `RULES` lists
them, and docs/lint.md is that list for readers.
"""

from collections.abc import Sequence
from dataclasses import replace

from treenail_generator.build import Built

from .characters import undisguised
from .connector import read_connector
from .finding import Finding, RuleId, Severity
from .profiles import PROFILES, ClientId, Profile
from .report import as_json, score
from .rules import RULES, Rule

__all__ = [
    "PROFILES",
    "RULES",
    "ClientId",
    "Finding",
    "Profile",
    "Rule",
    "RuleId",
    "Severity",
    "as_json",
    "lint",
    "score",
]

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


def lint(
    built: Built, *, client_prefix: str | None = None, clients: Sequence[ClientId] = ()
) -> tuple[Finding, ...]:
    """What the rules find: errors first, then by place, each fault once.

    No finding holds an invisible character or a secret of the texts it is about.

    Args:
        built: A finished build.
        client_prefix: What a client puts before tool names; None for `mcp__<connector>__`.
        clients: Clients whose limits are asked for, too.
    """
    connector = read_connector(
        built, client_prefix, tuple(PROFILES[client] for client in dict.fromkeys(clients))
    )
    once: dict[object, Finding] = {}
    for finding in (_shown(each) for rule in RULES for each in rule.look(connector)):
        # Texts behind YAML aliases stand in several tools, but in one place.
        once.setdefault((finding.rule, finding.location, finding.message), finding)
    order = {rule.id: number for number, rule in enumerate(RULES)}
    return tuple(
        sorted(
            once.values(),
            key=lambda each: (_SEVERITIES.index(each.severity), each.location, order[each.rule]),
        )
    )


def _shown(finding: Finding) -> Finding:
    """Names in a message may come from a document; nothing in them may deceive."""
    return replace(finding, message=undisguised(finding.message))
