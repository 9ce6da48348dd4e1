"""Whatever is sent reads back as what was given, by a decoder that shares nothing with the encoder."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_runtime.contract import (
    Endpoint,
    FormBody,
    FormField,
    InvalidArguments,
    cookie,
    deep_object,
    form,
    label,
    matrix,
    pipe_delimited,
    simple,
    space_delimited,
    tab_delimited,
)

SIGNS = st.sampled_from([*" .,;:=&+%|/?#[]{}()'\"\\~!*@$<>^`", "\t", "\n", "ü", "😀", "%2C", "%20"])
TEXT = st.lists(SIGNS | st.characters(codec="utf-8"), max_size=5).map("".join)
KEY = st.text(alphabet="abc.-_~ü ", min_size=1, max_size=3)
VALUES = (
    TEXT
    | st.lists(TEXT, min_size=1, max_size=3)
    | st.dictionaries(KEY, TEXT, min_size=1, max_size=3)
)

Decoder: TypeAlias = Callable[[str, Any], Any]


def joined(
    raw: str, shape: Any, delimiter: str, *, explode: bool, decode: Callable[[str], str]
) -> Any:
    """The value of `shape` behind one text, parted by `delimiter` before it is decoded."""
    if isinstance(shape, str):
        return decode(raw)
    parts = raw.split(delimiter)
    if isinstance(shape, list):
        return [decode(part) for part in parts]
    if explode:
        return {
            decode(key): decode(text) for key, _, text in (part.partition("=") for part in parts)
        }
    return {decode(key): decode(text) for key, text in zip(parts[::2], parts[1::2], strict=True)}


def from_pairs(pairs: list[tuple[str, str]], shape: Any) -> Any:
    """The value of `shape` that exploded pairs hold."""
    if isinstance(shape, dict):
        return dict(pairs)
    assert {key for key, _ in pairs} == {"name"}
    texts = [text for _, text in pairs]
    return texts if isinstance(shape, list) else texts[0]


def simple_path(raw: str, shape: Any, *, explode: bool) -> Any:
    return joined(raw, shape, ",", explode=explode, decode=unquote)


def label_path(raw: str, shape: Any, *, explode: bool) -> Any:
    assert raw[0] == "."
    return joined(raw[1:], shape, "." if explode else ",", explode=explode, decode=unquote)


def matrix_path(raw: str, shape: Any, *, explode: bool) -> Any:
    assert raw[0] == ";"
    if explode:
        pairs = [part.partition("=") for part in raw[1:].split(";")]
        return from_pairs([(unquote(key), unquote(text)) for key, _, text in pairs], shape)
    name, _, rest = raw[1:].partition("=")
    assert name == "name"
    return joined(rest, shape, ",", explode=False, decode=unquote)


def exploded_query(raw: str, shape: Any) -> Any:
    pairs = [part.partition("=") for part in raw.split("&")]
    return from_pairs([(unquote(key), unquote(text)) for key, _, text in pairs], shape)


def delimited_query(raw: str, shape: Any, *, delimiter: str) -> Any:
    name, _, rest = raw.partition("=")
    assert name == "name"
    return joined(rest, shape, delimiter, explode=False, decode=unquote)


def deep_query(raw: str, shape: Any) -> Any:
    assert isinstance(shape, dict)
    found: dict[str, str] = {}
    for part in raw.split("&"):
        key, _, text = part.partition("=")
        inner = re.fullmatch(r"name\[(.+)\]", unquote(key), re.DOTALL)
        assert inner is not None
        found[inner[1]] = unquote(text)
    return found


def simple_header(raw: str, shape: Any, *, explode: bool) -> Any:
    return joined(raw, shape, ",", explode=explode, decode=str)


def form_cookie(raw: str, shape: Any) -> Any:
    name, _, text = raw.partition("=")
    assert (name, isinstance(shape, str)) == ("name", True)
    return unquote(text)


def raw_cookies(raw: str, shape: Any) -> Any:
    pairs = [part.partition("=") for part in raw.split("; ")]
    return from_pairs([(key, text) for key, _, text in pairs], shape)


WAYS: dict[str, tuple[str, Callable[[Any], object], Decoder]] = {
    "path simple": ("path", simple, partial(simple_path, explode=False)),
    "path simple*": ("path", partial(simple, explode=True), partial(simple_path, explode=True)),
    "path simple reserved": (
        "path",
        partial(simple, explode=True, reserved=True),
        partial(simple_path, explode=True),
    ),
    "path label": ("path", label, partial(label_path, explode=False)),
    "path label*": ("path", partial(label, explode=True), partial(label_path, explode=True)),
    "path matrix": ("path", matrix, partial(matrix_path, explode=False)),
    "path matrix*": ("path", partial(matrix, explode=True), partial(matrix_path, explode=True)),
    "path matrix* reserved": (
        "path",
        partial(matrix, explode=True, reserved=True),
        partial(matrix_path, explode=True),
    ),
    "query form*": ("query", form, exploded_query),
    "query form* reserved": ("query", partial(form, reserved=True), exploded_query),
    "query form": (
        "query",
        partial(form, explode=False),
        partial(delimited_query, delimiter=","),
    ),
    "query form reserved": (
        "query",
        partial(form, explode=False, reserved=True),
        partial(delimited_query, delimiter=","),
    ),
    "query space": ("query", space_delimited, partial(delimited_query, delimiter="%20")),
    "query pipe": ("query", pipe_delimited, partial(delimited_query, delimiter="%7C")),
    "query tab": ("query", tab_delimited, partial(delimited_query, delimiter="%09")),
    "query deep": ("query", deep_object, deep_query),
    "header simple": ("header", simple, partial(simple_header, explode=False)),
    "header simple*": (
        "header",
        partial(simple, explode=True),
        partial(simple_header, explode=True),
    ),
    "cookie form": ("cookie", form, form_cookie),
    "cookie cookie": ("cookie", cookie, raw_cookies),
}


def sent(place: str, value: object) -> str:
    named = {"name": value}
    match place:
        case "path":
            request = Endpoint("GET", "/a/{name}/b").request(path=named)
            return request.path.removeprefix("/a/").removesuffix("/b")
        case "query":
            return Endpoint("GET", "/").request(query=named).query
        case "header":
            return dict(Endpoint("GET", "/").request(headers=named).headers)["name"]
        case _:
            return Endpoint("GET", "/").request(cookies=named).cookie


@pytest.mark.requirement("WIRE-STYLE", "WIRE-COOKIE", "WIRE-SEGMENT")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@given(value=VALUES)
def test_what_is_sent_reads_back_or_is_refused(
    way: tuple[str, Callable[[Any], object], Decoder], value: Any
) -> None:
    place, style, decode = way
    try:
        raw = sent(place, style(value))
    except InvalidArguments:
        return

    assert decode(raw, value) == value
    assert raw.isascii()
    assert not re.search(r"[\x00-\x1f]", raw)
    assert place != "path" or "/" not in raw


@pytest.mark.requirement("WIRE-STYLE")
@given(value=TEXT, items=st.lists(TEXT, min_size=1, max_size=3))
def test_ordinary_queries_are_refused_for_no_text(value: str, items: list[str]) -> None:
    query = Endpoint("GET", "/").request(query={"a": value, "ü b": items}).query

    assert parse_qsl(query, keep_blank_values=True) == [
        ("a", value),
        *(("ü b", item) for item in items),
    ]


@pytest.mark.requirement("WIRE-FORM")
@given(
    value=st.dictionaries(
        TEXT, TEXT | st.lists(TEXT, min_size=1, max_size=2), min_size=1, max_size=3
    )
)
def test_a_form_reads_back_by_the_rules_of_browsers(value: dict[str, str | list[str]]) -> None:
    content = Endpoint("POST", "/", body=FormBody()).request(body=value).content
    assert content is not None
    pairs = [part.partition("=") for part in content.body.decode("ascii").split("&")]
    read = [(unquote_plus(key), unquote_plus(text)) for key, _, text in pairs]

    assert read == [
        (name, item)
        for name, items in value.items()
        for item in (items if isinstance(items, list) else [items])
    ]


JSON = st.recursive(
    st.text(alphabet="ab c&=", max_size=3),
    lambda inner: st.dictionaries(
        st.text("abc ", min_size=1, max_size=2), inner, min_size=1, max_size=2
    ),
    max_leaves=5,
)


@pytest.mark.requirement("WIRE-DEEP")
@given(value=st.dictionaries(st.text("abc ", min_size=1, max_size=2), JSON, min_size=1, max_size=3))
def test_nested_objects_read_back_from_their_brackets(value: dict[str, Any]) -> None:
    body = FormBody({"name": FormField("deepObject")})
    for raw in (
        Endpoint("GET", "/").request(query={"name": deep_object(value)}).query,
        (Endpoint("POST", "/", body=body).request(body={"name": value}).body or b"").decode(),
    ):
        found: dict[str, Any] = {}
        for key, text in parse_qsl(raw, keep_blank_values=True):
            steps = re.findall(r"\[([^\]]+)\]", key)
            holder = found
            for step in steps[:-1]:
                holder = holder.setdefault(step, {})
            holder[steps[-1]] = text

        assert found == value
