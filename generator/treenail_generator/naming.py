"""From names in documents to names in Python and MCP: total, idempotent, deterministic."""

import builtins
import hashlib
import keyword
import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from typing import Final

from pydantic import BaseModel

CONTRACT_NAMES: Final = (
    "WHOLE", "Annotations", "Answer", "ApiKeyAuth", "AsText", "BasicAuth", "BearerAuth", "BinaryBody",
    "ChainAuth", "Choices", "ClosedInput", "Connector", "CredentialCheck", "Date", "DateTime", "Definitions", "Endpoint", "ErrorRules", "File",
    "FileRules", "FormBody", "FormField", "Format", "InOrder", "Input", "JsonBody", "JsonObject", "JsonSchema",
    "LoginField", "MultipartBody", "Nested", "NoAuth", "OAuthClientAuth", "OAuthCodeAuth", "OAuthProvider", "OpaqueId", "OutputSchema", "PageNumbers", "Paging", "Part",
    "Record", "Redacted", "Retries", "Server", "TextBody", "Tool", "ToolContext", "cookie", "deep_object", "described",
    "first_pages", "form", "json_text", "label", "matrix", "pipe_delimited", "simple",
    "space_delimited", "tab_delimited", "urlencoded_text",
)  # fmt: skip
"""What a generated module imports from the contract, in the order of isort."""

PYDANTIC_NAMES: Final = ("MISSING", "Field", "JsonValue", "computed_field")
"""And from pydantic."""

TYPING_NAMES: Final = ("Annotated", "Final", "Literal")
"""And from `typing`."""

_OWN_NAMES: Final = ("CONNECTOR", "CREDENTIAL_CHECK", "DEFINITIONS", "check_credentials")
MODULE_NAMES: Final = frozenset(
    (*CONTRACT_NAMES, *PYDANTIC_NAMES, *TYPING_NAMES, *_OWN_NAMES, *dir(builtins))
)
"""What already has a meaning in every generated module."""

_ANNOTATING: Final = frozenset({"bool", "dict", "float", "int", "list", "str"})
_TAKEN_BY_PYDANTIC: Final = frozenset(dir(BaseModel)) | {"model_config"}


# A document says the same names again and again, and a build asks for each at every stage.
_remembered = lru_cache(maxsize=2**16)


@_remembered
def snake_case(text: str) -> str:
    """`creatingBranchId` -> `creating_branch_id`, `HTTPCode` -> `http_code`, `größe` -> `grosse`."""
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced)
    plain = unicodedata.normalize("NFKD", spaced.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^0-9a-z]+", "_", plain).strip("_")


@_remembered
def attribute_name(text: str) -> str:
    """A Python attribute for an argument called `text`, free for use in a pydantic model."""
    name = text.lstrip("_") if text.isascii() and text.isidentifier() else snake_case(text)
    if name[:1].isupper():
        # A class body looks names up in itself first, where this would hide a class.
        name = snake_case(name)
    name = name or "value"
    if name[0].isdigit():
        name = f"value_{name}"
    taken = name in _TAKEN_BY_PYDANTIC or name in _ANNOTATING or name.startswith("model_")
    if keyword.iskeyword(name) or taken:
        name = f"{name}_"
    return name


@_remembered
def class_name(text: str) -> str:
    """`list_clients` -> `ListClients`; always an identifier."""
    joined = "".join(
        part[:1].upper() + part[1:] for part in re.split(r"[^0-9A-Za-z]+", text) if part
    )
    joined = re.sub(r"[^0-9A-Za-z_]", "", joined) or "Value"
    return f"Model{joined}" if joined[0].isdigit() else joined


def function_name(text: str) -> str:
    """A Python function for a tool called `text`."""
    name = snake_case(text) or "tool"
    if name[0].isdigit():
        name = f"tool_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def constant_name(text: str) -> str:
    """`list_clients` -> `LIST_CLIENTS`."""
    return function_name(text).rstrip("_").upper()


@_remembered
def tool_word(tool: str) -> str:
    """The word that the code of a tool is named by; no two tools have the same one.

    `list_clients` stays as it is, `listClients` becomes `list_clients_`, `list-clients` becomes
    `list_clients__`. All other names become snake_case with a hash of their own, so that no twin
    changes anything in the code of another.
    """
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", tool) and not is_hashed(tool):
        return tool
    if re.fullmatch(r"[a-z][a-z0-9]*([A-Z][a-z0-9]+)+", tool):
        return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", tool) + "_"
    if re.fullmatch(r"[a-z][a-z0-9]*(--?[a-z0-9]+)+", tool):
        return tool.replace("-", "_") + "__"
    return f"{snake_case(tool) or 'tool'}_{short_hash(tool)}"


def tool_function(tool: str) -> str:
    """The Python function of a tool: its word, made an identifier."""
    word = tool_word(tool)
    return word if word.endswith("_") else function_name(word)


def tool_constant(tool: str) -> str:
    """`list_clients` -> `LIST_CLIENTS`; never like a constant of another tool, or of its answer."""
    word = tool_word(tool)
    constant = word.upper() if word.endswith("_") else constant_name(word)
    is_taken = constant.endswith("_TOOL") or is_derived(constant)
    return f"{constant}_{short_hash(tool).upper()}" if is_taken else constant


def is_derived(constant: str) -> bool:
    """Whether it looks like the constant of an answer, a component or choices."""
    return re.search(r"_(ANSWER|RECORD|FIELDS|CHOICES)(_|$)", constant) is not None


def is_hashed(name: str) -> bool:
    """Whether it looks as if it ended with `short_hash`."""
    return re.search(r"(?i)(^|_)[0-9a-f]{6}$", name) is not None


def short_hash(text: str) -> str:
    """Six hexadecimal digits that tell `text` from what is spelled alike."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def free_name(wanted: str, taken: Container[str]) -> str:
    """`wanted`, or `wanted2`, `wanted3`, ... when it is taken."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}{number}" in taken:
        number += 1
    return f"{wanted}{number}"
