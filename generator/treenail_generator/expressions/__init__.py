"""Plans of types and values to Python expressions; every text from outside goes through `repr`."""

from .answers import kept, paged, rest
from .auth import authenticated
from .bodies import sent_as
from .definitions import definition, json_text
from .fields import annotation, assigned
from .requests import bound

__all__ = [
    "annotation",
    "assigned",
    "authenticated",
    "bound",
    "definition",
    "json_text",
    "kept",
    "paged",
    "rest",
    "sent_as",
]
