"""What of an endpoint's request the upstream sees, and the agent does not: for the lock."""

import json
from typing import Final

from .requests import Binding, BodyPlan, Constant, Either, EncodingPlan, EndpointPlan, FromArgument

LINE: Final = "request"
"""The fact about the request line."""
BODY: Final = "media type"
"""The fact about the body as a whole."""
FIELD: Final = "body field "
"""How the facts begin that say how a field of a form, or a part, is written."""
UNSAID: Final = "as usual"
"""What stands for a fact about a field where the document says nothing of its form."""


def wire_facts(endpoint: EndpointPlan) -> dict[str, str]:
    """Request line, media type, and place and style of each value, by the name of the fact.

    A value that is the agent's is called after its argument, so that one which moves to another
    place is the same fact with another text; two facts of one name are one text.
    """
    facts = {LINE: f"{endpoint.method} {endpoint.server}{endpoint.path}"}
    for binding in endpoint.bindings:
        key = _key(binding)
        told = _binding(binding)
        facts[key] = f"{facts[key]}; {told}" if key in facts else told
    if endpoint.body is not None:
        facts[BODY] = endpoint.body.content_type
        facts |= _fields(endpoint.body)
    return facts


def _key(binding: Binding) -> str:
    match binding.value:
        case FromArgument(attribute) | Either(attribute=attribute):
            return f"argument {attribute}"
        case _:
            return f"{binding.place} {binding.upstream}"


def _binding(binding: Binding) -> str:
    told = f"{binding.place} {binding.upstream}".rstrip()
    if isinstance(binding.value, Constant):
        told += f" = {json.dumps(binding.value.value, sort_keys=True)}"
    if binding.style is None:
        return told
    style = binding.style
    words = [style.style, "exploded" if style.explode else "", "reserved" if style.reserved else ""]
    return " ".join([told, *filter(None, [*words, style.arrays])])


def _fields(body: BodyPlan) -> dict[str, str]:
    return {f"{FIELD}{name}": _encoding(plan) for name, plan in body.fields}


def _encoding(plan: EncodingPlan) -> str:
    exploded = {None: "", True: "exploded", False: "not exploded"}[plan.explode]
    headers = (f"{name}: {value}" for name, value in plan.headers)
    words = [plan.style, exploded, "reserved" if plan.reserved else "", plan.arrays]
    return " ".join(filter(None, [*words, plan.content_type, *headers])) or UNSAID
