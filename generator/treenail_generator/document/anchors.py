"""Places that a document names by plain words, `$anchor` and `$dynamicAnchor`."""

from treenail_generator.document.values import mapping, text
from treenail_generator.yaml_source import JSON, Pointer

_KEYWORDS = ("$anchor", "$dynamicAnchor")


def anchors(root: JSON) -> dict[str, Pointer]:
    """Where each anchor of the schemas stands; a name that comes twice is none.

    Nothing overrides a dynamic anchor that comes once, so that `$dynamicRef` is a plain reference to it.

    Source: JSON Schema 2020-12 core, 8.2.2, 8.2.3.2.
    """
    found: dict[str, list[Pointer]] = {}
    waiting: list[tuple[Pointer, JSON]] = [((), root)]
    while waiting:
        pointer, value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(((*pointer, index), item) for index, item in enumerate(value))
            continue
        node = mapping(value)
        for name in {text(node.get(key)) for key in _KEYWORDS}:
            found.setdefault(name, []).append(pointer)
        waiting.extend(((*pointer, key), each) for key, each in node.items())
    return {name: pointers[0] for name, pointers in found.items() if name and len(pointers) == 1}
