"""`securityDefinitions` as security schemes."""

from typing import Final

from treenail_generator.document.upgrading import notes as kinds
from treenail_generator.document.upgrading.parts import Upgrader
from treenail_generator.document.values import mapping, text
from treenail_generator.yaml_source import JSON

_FLOWS: Final = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}


def upgraded_schemes(upgrader: Upgrader) -> dict[str, JSON]:
    """The security schemes by name; what is none of 2.0 stays as it is."""
    definitions = mapping(upgrader.references.root.get("securityDefinitions"))
    schemes: dict[str, JSON] = {}
    for name, definition in definitions.items():
        node = mapping(definition)
        match text(node.get("type")):
            case "basic":
                schemes[name] = {**node, "type": "http", "scheme": "basic"}
            case "oauth2":
                schemes[name] = _oauth2(node)
            case _:
                schemes[name] = definition
                continue
        upgrader.note(kinds.SECURITY, ("securityDefinitions", name))
    return schemes


def _oauth2(node: dict[str, JSON]) -> dict[str, JSON]:
    flow = _FLOWS.get(text(node.get("flow")))
    moved = ("authorizationUrl", "tokenUrl")
    kept = {key: value for key, value in node.items() if key not in {*moved, "flow", "scopes"}}
    if flow is None:
        return {**kept, "flows": {}}
    urls = {key: node[key] for key in moved if key in node}
    return {**kept, "flows": {flow: {**urls, "scopes": mapping(node.get("scopes"))}}}
