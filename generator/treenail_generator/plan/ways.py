"""The ways in which a connection proves who is calling, as plain facts: for the lock and for people."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from .auth import AuthClass, AuthPlan, SchemePlan

KINDS: Final[Mapping[AuthClass, str]] = {
    "NoAuth": "none",
    "BasicAuth": "basic",
    "BearerAuth": "bearer",
    "ApiKeyAuth": "api_key",
    "OAuthCodeAuth": "oauth2_authorization_code",
    "OAuthClientAuth": "oauth2_client_credentials",
}
"""What the connector file calls them."""

PLACE: Final = "place"
"""The fact about where credentials go."""
PROVIDER: Final = "provider"
"""The fact about who grants tokens; those of another are shown to nobody (MCP SEP-2352)."""
SCOPES: Final = "scopes"
"""The fact about what is asked for, each after a space."""
FIELDS: Final = "fields"
"""The fact about the login fields that it takes, each after a space."""

_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")


def ways_of(plan: AuthPlan) -> dict[str, dict[str, str]]:
    """The facts of each way, in order, by its kind; a second one of a kind has a number."""
    seen: Counter[str] = Counter()
    ways: dict[str, dict[str, str]] = {}
    for scheme in plan.schemes:
        kind = KINDS[scheme.kind]
        seen[kind] += 1
        name = kind if seen[kind] == 1 else f"{kind} {seen[kind]}"
        ways[name] = _facts(scheme)
    return ways


def _facts(scheme: SchemePlan) -> dict[str, str]:
    if scheme.kind == "NoAuth":
        return {}
    texts = dict(scheme.arguments)
    facts = {PLACE: "header Authorization"}
    if scheme.kind == "ApiKeyAuth":
        facts[PLACE] = f"{texts.pop('place')} {texts.pop('name')}"
    fields = [name for text in texts.values() for name in _PLACEHOLDER.findall(text)]
    facts |= {**texts, FIELDS: " ".join(dict.fromkeys(fields)), SCOPES: " ".join(scheme.scopes)}
    facts |= {f"parameter {name}": text for name, text in scheme.parameters}
    if scheme.provider is not None:
        said = {name: _said(value) for name, value in scheme.provider.arguments}
        known = said.get("issuer") or said.get("token_url") or said.get("preset", "")
        facts |= {**said, PROVIDER: known}
    return {name: text for name, text in facts.items() if text}


def _said(value: str | bool) -> str:  # noqa: FBT001  # whichever a provider's key takes
    return value if isinstance(value, str) else str(value).lower()
