"""Plain data taken for what it should be; what is something else counts as absent."""

from treenail_generator.yaml_source import JSON


def mapping(value: JSON) -> dict[str, JSON]:
    """The mapping, empty when `value` is none."""
    return value if isinstance(value, dict) else {}


def items(value: JSON) -> list[JSON]:
    """The list, empty when `value` is none."""
    return value if isinstance(value, list) else []


def text(value: JSON) -> str:
    """The text; of an unquoted number, its digits; else empty."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return str(value)


def flag(value: JSON, *, default: bool = False) -> bool:
    """The boolean, `default` when `value` is none."""
    return value if isinstance(value, bool) else default
