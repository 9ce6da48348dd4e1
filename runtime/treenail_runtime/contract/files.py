"""Files as arguments: what the agent gives, and the bytes that are sent."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import unquote_to_bytes

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from .media_types import is_media_type, matches

_MEMBERS: Final = frozenset({"data", "name", "type"})
_DATA_URI: Final = re.compile(r"data:([^,]*?)(;[ ]*base64)?,")
_URL_SAFE: Final = str.maketrans("-_", "+/")
_SUBTYPE: Final = "[A-Za-z0-9.+_-]+"
_SIGN: Final = "[A-Za-z0-9+/_-]"
_PUBLISHED_DATA: Final = f"^data:[^,]*,|^(?:{_SIGN}{{4}})*(?:{_SIGN}{{2}}==|{_SIGN}{{3}}=)?$"
_PUBLISHED_NAME: Final = r"^[^\x00-\x1f\x7f/\\]{1,255}$"
"""What is taken, so that no call fails that a client has checked."""

_NAME: Final = re.compile(r"[^\x00-\x1f\x7f/\\\ud800-\udfff]{1,255}")


@dataclass(frozen=True, slots=True, repr=False)
class File:
    """The content of a file, with what it is called and what it is.

    As an argument it is `{"data": ..., "name"?: ..., "type"?: ...}`: `data` is base64 (RFC 4648 4 or
    5, padded, without spaces) or a `data:` URI (RFC 2397), which may also hold plain text.
    """

    data: bytes
    name: str | None = None
    type: str | None = None

    def __repr__(self) -> str:
        return f"File({len(self.data)} bytes)"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return _ANY.__get_pydantic_core_schema__(source, handler)


@dataclass(frozen=True, slots=True)
class FileRules:
    """What a `File` may be: `Annotated[File, FileRules(...)]`.

    Attributes:
        max_bytes: Largest content, decoded.
        accept: Media types, `image/*` for a whole family; empty for any.
    """

    max_bytes: int = 10_000_000
    accept: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.file,
            metadata={"pydantic_js_functions": [self.__get_pydantic_json_schema__]},
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {
                "data": {
                    "type": "string",
                    "pattern": _PUBLISHED_DATA,
                    "description": "base64, or a data: URI",
                },
                "name": {"type": "string", "pattern": _PUBLISHED_NAME},
                "type": self._published_type(),
            },
            # A data: URI may tell it as well, but nothing less than this makes every file fit.
            "required": ["data", "type"] if self.accept else ["data"],
            "additionalProperties": False,
        }

    def _published_type(self) -> dict[str, Any]:
        if not self.accept or any("*/*" in each for each in self.accept):
            return {"type": "string", "pattern": f"^{_SUBTYPE}/{_SUBTYPE}$"}
        if not any("*" in each for each in self.accept):
            return {"enum": [*self.accept]}
        kinds = "|".join(
            re.escape(each.removesuffix("*")) + (_SUBTYPE if each.endswith("*") else "")
            for each in self.accept
        )
        return {"type": "string", "pattern": f"^(?:{kinds})$"}

    def file(self, value: object) -> File:
        """The file that an argument describes.

        Raises:
            PydanticCustomError: It is none, too large, or of a type that is not accepted. The text
                shows nothing of the data.
        """
        if isinstance(value, File):
            return value
        members = _members(value)
        declared, data = self._decoded(members["data"])
        kind = members.get("type", declared)
        if kind is not None and not is_media_type(kind):
            raise PydanticCustomError("file", "type should be a media type like image/png")
        if self.accept and (kind is None or not matches(kind, ",".join(self.accept))):
            accepted = ", ".join(self.accept)
            raise PydanticCustomError("file", "type should be {accepted}", {"accepted": accepted})
        return File(data, members.get("name"), kind)

    def _decoded(self, text: str) -> tuple[str | None, bytes]:
        """The media type that a data: URI tells, and the content."""
        found = _DATA_URI.match(text)
        if found is None:
            return None, self._from_base64(text)
        rest = text[found.end() :]
        kind = found[1].strip() or None
        if found[2]:
            return kind, self._from_base64(rest)
        if len(rest) > 3 * self.max_bytes:
            raise self._too_large()
        try:
            data = unquote_to_bytes(rest)
        except UnicodeEncodeError:
            raise PydanticCustomError("file", "data holds half a surrogate pair") from None
        if len(data) > self.max_bytes:
            raise self._too_large()
        return kind or "text/plain", data

    def _from_base64(self, text: str) -> bytes:
        if len(text) > (self.max_bytes + 2) // 3 * 4:
            raise self._too_large()
        try:
            data = base64.b64decode(text.translate(_URL_SAFE), validate=True)
        except (binascii.Error, ValueError):
            raise PydanticCustomError(
                "file", "data should be padded base64 without spaces, or a data: URI"
            ) from None
        if len(data) > self.max_bytes:
            raise self._too_large()
        return data

    def _too_large(self) -> PydanticCustomError:
        return PydanticCustomError(
            "file", "data should be at most {most} bytes", {"most": self.max_bytes}
        )


_ANY: Final = FileRules()


def _members(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise PydanticCustomError("file", 'should be an object like {"data": "<base64>"}')
    members = cast("dict[str, object]", value)
    unknown = members.keys() - _MEMBERS
    if unknown or "data" not in members:
        raise PydanticCustomError("file", "should have data, and may have name and type")
    if not all(isinstance(item, str) for item in members.values()):
        raise PydanticCustomError("file", "data, name and type should be strings")
    texts = cast("dict[str, str]", members)
    if "name" in texts and not _NAME.fullmatch(texts["name"]):
        raise PydanticCustomError("file", "name should be a file name without folders")
    return texts
