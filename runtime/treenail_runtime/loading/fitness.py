"""Whether a connector, and each of its tools, holds what its type promises.

Modules are edited by hand, and custom tools are written by hand: a dataclass takes whatever it is
given, and what is wrong would only fail once somebody serves it.
"""

import json
from dataclasses import fields
from functools import cache
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from treenail_runtime.contract import (
    Auth,
    ChainAuth,
    Connector,
    OAuthClientAuth,
    OAuthCodeAuth,
    OAuthProvider,
    Tool,
)


def misfit(value: Connector | Tool | Auth | OAuthProvider) -> str | None:
    """The first field of `value` that is not what it has to be, and why; None when all are."""
    held = {each.name: getattr(value, each.name) for each in fields(value)}
    try:
        _model(type(value)).__pydantic_validator__.validate_python(held)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{first['loc'][0]}: {first['msg']}"
    texts = [each for each in held.values() if isinstance(each, str)]
    return None if _is_unicode(texts) else "a text in it is no Unicode"


def auth_misfit(auth: Auth) -> str | None:
    """As `misfit`, of the schemes and the provider inside, too.

    What upkeep asks about every connector must be sound in each: it is done for all of them at once.
    """
    if (wrong := misfit(auth)) is not None:
        return wrong
    match auth:
        case ChainAuth(schemes):
            return next((found for each in schemes if (found := auth_misfit(each))), None)
        case OAuthCodeAuth(provider=provider) | OAuthClientAuth(provider=provider):
            return misfit(provider)
        case _:
            return None


def told(tool: Tool) -> bytes:
    """The tool as `tools/list` tells it, as compact JSON.

    Raises:
        ValueError: Something in it is no JSON.
        TypeError: The same.
    """
    output = {"outputSchema": dict(tool.output_schema)} if tool.output_schema is not None else {}
    held = {
        "name": tool.name,
        **({"title": tool.title} if tool.title is not None else {}),
        "description": tool.description,
        "inputSchema": tool.input_schema,
        **output,
        "annotations": tool.annotations.published,
    }
    text = json.dumps(held, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _model(kind: type[Connector | Tool | Auth | OAuthProvider]) -> type[BaseModel]:
    hints = get_type_hints(kind)
    held: dict[str, Any] = {each.name: (hints[each.name], ...) for each in fields(kind)}
    exactly = ConfigDict(strict=True, arbitrary_types_allowed=True)
    return create_model(kind.__name__, __config__=exactly, **held)
