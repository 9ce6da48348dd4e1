"""The part of the page that tells how people connect; no secret is known here."""

from collections.abc import Iterator, Mapping
from typing import Final

from treenail_generator.markdown import code, escaped
from treenail_generator.plan import (
    FIELDS,
    PLACE,
    PROVIDER,
    SCOPES,
    ConnectorPlan,
    ways_of,
)

from .tables import table, yes

_NONE: Final = "none"
_TITLES: Final = {
    "basic": "HTTP Basic",
    "bearer": "Bearer token",
    "api_key": "API key",
    "oauth2_authorization_code": "Login at the provider (OAuth 2.0)",
    "oauth2_client_credentials": "Token of the client (OAuth 2.0)",
}
_ENDPOINTS: Final = ("issuer", "authorize_url", "token_url", "revoke_url", "jwks_url")


def connecting(plan: ConnectorPlan) -> Iterator[str]:
    """Servers, ways to log in, and the fields of the login."""
    yield "## Connecting"
    yield ""
    if not plan.servers:
        yield "There is no upstream."
        yield ""
        return
    yield from table(
        ("Region", "Upstream"),
        [(f"{escaped(each.title)} (`{each.key}`)", code(each.url)) for each in plan.servers],
    )
    yield from _ways(plan)
    if plan.login:
        yield from table(
            ("Login field", "Asked for as", "Required", "Secret"),
            [
                (
                    f"`{field.name}`",
                    escaped(field.label),
                    yes(is_so=field.required),
                    yes(is_so=field.secret),
                )
                for field in plan.login
            ],
        )


def _ways(plan: ConnectorPlan) -> Iterator[str]:
    ways = ways_of(plan.auth)
    if _NONE in ways:
        yield "The upstream asks for no credentials."
        yield ""
        return
    if plan.auth.use == "all":
        yield "All of these go with each request:"
        yield ""
    elif plan.auth.use == "first":
        yield "The first of these goes with a request for which the person has given what it takes:"
        yield ""
    yield from table(
        ("Credentials", "Taken from", "Sent in"),
        [(_title(way), _source(way, facts), _place(facts)) for way, facts in ways.items()],
    )
    for way, facts in ways.items():
        if PROVIDER in facts:
            yield from _provider(plan.name, way, facts)


def _title(way: str) -> str:
    return _TITLES[way.partition(" ")[0]]


def _source(way: str, facts: Mapping[str, str]) -> str:
    fields = ", ".join(code(name) for name in facts.get(FIELDS, "").split())
    if fields:
        return fields
    return "the operator's client" if "client" in way else "the provider's page"


def _place(facts: Mapping[str, str]) -> str:
    kind, _, name = facts[PLACE].partition(" ")
    return f"{kind} {code(name)}"


def _provider(connector: str, way: str, facts: Mapping[str, str]) -> Iterator[str]:
    """Who grants tokens, what is asked for, and as which client."""
    preset = f" (preset `{facts['preset']}`)" if "preset" in facts else ""
    yield f"{_title(way)}, at {code(facts[PROVIDER])}{preset}:"
    yield ""
    rows = [(key, code(facts[key])) for key in _ENDPOINTS if key in facts]
    scopes = ", ".join(code(scope) for scope in facts.get(SCOPES, "").split())
    rows.append(("scopes", scopes or "none are asked for"))
    rows += [(escaped(name), code(text)) for name, text in facts.items() if " " in name]
    if not facts.get(FIELDS):
        names = [f"{connector.upper()}_OAUTH_CLIENT_{part}" for part in ("ID", "SECRET")]
        rows.append(("client", f"{' and '.join(map(code, names))}, or the instance's own"))
    yield from table(("Setting", "Value"), rows)
