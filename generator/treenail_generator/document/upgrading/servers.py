"""`host`, `basePath` and `schemes` as servers."""

import re
from typing import Final

from treenail_generator.document.references import Target
from treenail_generator.document.upgrading import notes as kinds
from treenail_generator.document.upgrading.parts import Upgrader
from treenail_generator.document.values import items, mapping, text
from treenail_generator.yaml_source import JSON

_SCHEMES: Final = ("http", "https")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")


def servers_of(upgrader: Upgrader, schemes: JSON) -> list[dict[str, JSON]]:
    """One server for each scheme; a relative one without a host, none without a path, too.

    Args:
        upgrader: Of the document.
        schemes: The `schemes` of the document, or of an operation.
    """
    root = upgrader.references.root
    host, base = text(root.get("host")).strip().rstrip("/"), text(root.get("basePath")).rstrip("/")
    if base and not base.startswith("/"):
        base = f"/{base}"
    if template := mapping(root.get("x-ms-parameterized-host")):
        return [_templated(upgrader, template, base)]
    if not host:
        return [{"url": base}] if base else []
    if "://" in host:
        return [{"url": f"{host}{base}"}]
    named = [each for each in items(schemes) if each in _SCHEMES]
    if not named:
        upgrader.note(kinds.NO_SCHEMES, ("host",))
    return [
        {"url": f"{each}://{host}{base}"} for each in dict.fromkeys(map(str, named or ["https"]))
    ]


def _templated(upgrader: Upgrader, template: dict[str, JSON], base: str) -> dict[str, JSON]:
    """The vendor extension by which hosts with parameters are commonly told.

    Source: `x-ms-parameterized-host` of the AutoRest extensions.
    """
    url = text(template.get("hostTemplate")).rstrip("/")
    prefix = "https://" if template.get("useSchemePrefix") is not False else ""
    declared: dict[str, dict[str, JSON]] = {}
    for index, listed in enumerate(items(template.get("parameters"))):
        pointer = ("x-ms-parameterized-host", "parameters", index)
        node = mapping(upgrader.followed(Target(pointer, listed)).value)
        declared[text(node.get("name"))] = node
    variables: dict[str, JSON] = {}
    for name in _PLACEHOLDER.findall(url):
        node = declared.get(name, {})
        enum = items(node.get("enum"))
        fields: dict[str, JSON] = {"default": node.get("default", enum[0] if enum else "")}
        if enum:
            fields["enum"] = enum
        if description := text(node.get("description")):
            fields["description"] = description
        variables[name] = fields
    return {"url": f"{prefix}{url}{base}", "variables": variables}
