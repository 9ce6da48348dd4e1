"""How values become URL text, header text and form text (OpenAPI 3.2.1 "Parameter Object", RFC 6570).

A value is carried faithfully or refused with `InvalidArguments`: what the upstream decodes by the
same rules equals what was given. A plain value takes the default style of its place; the functions
of `styles` name another one.
"""

from .cookies import cookie_text
from .forms import form_text
from .headers import header_text
from .paths import path_text
from .queries import query_text, querystring_text
from .styles import (
    FormField,
    Style,
    cookie,
    deep_object,
    form,
    json_text,
    label,
    matrix,
    pipe_delimited,
    simple,
    space_delimited,
    tab_delimited,
    urlencoded_text,
)
from .texts import json_bytes

__all__ = [
    "FormField",
    "Style",
    "cookie",
    "cookie_text",
    "deep_object",
    "form",
    "form_text",
    "header_text",
    "json_bytes",
    "json_text",
    "label",
    "matrix",
    "path_text",
    "pipe_delimited",
    "query_text",
    "querystring_text",
    "simple",
    "space_delimited",
    "tab_delimited",
    "urlencoded_text",
]
