"""What is sent over a real connection reads back the same with the parsers of a web framework."""

import json
import re
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.framework_site import FrameworkSite, Seen, framework_site
from treenail_runtime.contract import (
    BinaryBody,
    Endpoint,
    File,
    FormBody,
    FormField,
    InvalidArguments,
    JsonBody,
    MultipartBody,
    Part,
    TextBody,
    cookie,
    deep_object,
    form,
    json_text,
    label,
    matrix,
    pipe_delimited,
    simple,
    space_delimited,
    urlencoded_text,
)

SIGNS = st.sampled_from([*" .;:=&+%|?#[]{}()'\"~!*@$<>^`", "\t", "ü", "😀", "%2C", "%20"])
TEXT = st.lists(SIGNS | st.characters(codec="utf-8"), max_size=6).map("".join)
NAME = st.text(alphabet="abcXYZ019_-.ü ", min_size=1, max_size=6)
BYTES = st.binary(max_size=40)
NUMBER = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=3)
JSON_TYPES = ["application/json", "application/merge-patch+json", "application/vnd.a.b+json"]
LINES = ["application/x-ndjson", "application/jsonl", "application/json-seq"]

tries = settings(
    # One connection for all of them, which keeps nothing from one request to the next.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=60,
)


@pytest.fixture
async def site() -> AsyncGenerator[FrameworkSite]:
    async with framework_site() as running:
        yield running


@pytest.mark.requirement("WIRE-JSON")
@tries
@given(value=JSON, kind=st.sampled_from(JSON_TYPES))
async def test_json_of_every_root_type(site: FrameworkSite, value: Any, kind: str) -> None:
    seen = await site.read(Endpoint("POST", "/a", body=JsonBody(kind)).request(body=value))

    assert (seen.json, seen.kind) == (value, kind)


@pytest.mark.requirement("WIRE-JSON")
@tries
@given(items=st.lists(JSON, max_size=4), kind=st.sampled_from(LINES))
async def test_lines_of_json(site: FrameworkSite, items: list[Any], kind: str) -> None:
    seen = await site.read(Endpoint("POST", "/a", body=JsonBody(kind)).request(body=items))
    texts = seen.body.split(b"\x1e")[1:] if kind.endswith("seq") else seen.body.splitlines()

    assert [json.loads(text) for text in texts] == items
    assert seen.kind == kind


@pytest.mark.requirement("WIRE-FORM")
@tries
@given(
    fields=st.dictionaries(
        TEXT, TEXT | st.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=3
    )
)
async def test_forms(site: FrameworkSite, fields: dict[str, str | list[str]]) -> None:
    seen = await site.read(Endpoint("POST", "/a", body=FormBody()).request(body=fields))

    assert seen.kind == "application/x-www-form-urlencoded"
    assert seen.form == [
        (name, item)
        for name, value in fields.items()
        for item in (value if isinstance(value, list) else [value])
    ]


@pytest.mark.requirement("WIRE-FORM")
@tries
@given(
    plain=OBJECT,
    deep=st.dictionaries(NAME, TEXT, min_size=1, max_size=3),
    pipes=st.lists(NAME, min_size=2, max_size=3),
    reserved=TEXT,
)
async def test_forms_with_encodings(
    site: FrameworkSite, plain: Any, deep: dict[str, str], pipes: list[str], reserved: str
) -> None:
    body = FormBody(
        {
            "deep": FormField("deepObject"),
            "pipes": FormField("pipeDelimited", explode=False),
            "json": FormField(content_type="application/json"),
            "reserved": FormField(reserved=True),
        }
    )
    value = {"plain": plain, "deep": deep, "pipes": pipes, "json": plain, "reserved": reserved}
    seen = await site.read(Endpoint("POST", "/a", body=body).request(body=value))
    read = dict(seen.form)

    assert json.loads(read["plain"]) == json.loads(read["json"]) == plain
    assert {key: read[f"deep[{key}]"] for key in deep} == deep
    assert read["pipes"].split("|") == pipes
    assert read["reserved"] == reserved
    assert len(seen.form) == 4 + len(deep)


@pytest.mark.requirement("WIRE-MULTIPART")
@tries
@given(text=TEXT, data=OBJECT, content=BYTES, name=NAME, items=st.lists(TEXT, min_size=1))
async def test_parts_and_files(
    site: FrameworkSite, text: str, data: Any, content: bytes, name: str, items: list[str]
) -> None:
    body = MultipartBody(
        parts={"typed": Part("image/png", headers=(("X-Rate-Limit", "7"),)), "tags": Part()}
    )
    value = {
        "text": text,
        "data": data,
        "tags": items,
        "raw": File(content, name=name),
        "typed": File(content, type="image/png"),
    }
    seen = await site.read(Endpoint("POST", "/a", body=body).request(body=value))
    raw, typed = seen.files

    assert seen.kind == "multipart/form-data"
    assert seen.form[0] == ("text", text)
    assert json.loads(seen.form[1][1]) == data
    assert seen.form[2:] == [("tags", item) for item in items]
    assert (raw.field, raw.name, raw.kind) == ("raw", name, "application/octet-stream")
    assert (typed.field, typed.kind, typed.headers["X-Rate-Limit"]) == ("typed", "image/png", "7")
    assert raw.content == typed.content == content


@pytest.mark.requirement("WIRE-FILE")
@tries
@given(content=BYTES, kind=st.sampled_from(["image/png", "application/zip", None]))
async def test_bytes(site: FrameworkSite, content: bytes, kind: str | None) -> None:
    endpoint = Endpoint("POST", "/a", body=BinaryBody("*/*"))
    seen = await site.read(endpoint.request(body=File(content, type=kind)))

    assert (seen.body, seen.kind) == (content, kind or "application/octet-stream")


@pytest.mark.requirement("WIRE-TEXT")
@tries
@given(text=TEXT, kind=st.sampled_from(["text/plain", "text/csv", "application/xml"]))
async def test_texts(site: FrameworkSite, text: str, kind: str) -> None:
    seen = await site.read(Endpoint("POST", "/a", body=TextBody(kind)).request(body=text))

    assert (seen.body.decode(), seen.kind) == (text, kind)


Value = str | list[str] | dict[str, str]


def of_path(seen: Seen) -> str:
    return seen.path.removeprefix("a/").removesuffix("/b")


def of_query(seen: Seen) -> str:
    return dict(seen.args)["n"]


def of_header(seen: Seen) -> str:
    return seen.headers["N"]


def of_cookie(seen: Seen) -> str:
    return dict(seen.cookies)["n"]


def parted(find: Callable[[Seen], str], sign: str, begin: str, seen: Seen, value: Value) -> Value:
    """The value of the shape of `value` behind one text."""
    text = find(seen)
    if value == "" and begin == ";n=":
        # RFC 6570 3.2.7: the name of an empty text stands alone.
        return text.removeprefix(";n")
    assert text.startswith(begin)
    text = text.removeprefix(begin)
    if isinstance(value, str):
        return text
    parts = text.split(sign)
    return parts if isinstance(value, list) else dict(zip(parts[::2], parts[1::2], strict=True))


def pairs(seen: Seen, value: Value) -> Value:
    """What stands in the query, or in cookies, under names of its own."""
    found = seen.args or seen.cookies
    if isinstance(value, dict):
        return dict(found)
    texts = [text for _, text in found]
    return texts if isinstance(value, list) else texts[0]


def in_brackets(seen: Seen, _: Value) -> Value:
    return {re.sub(r"^n\[(.*)\]$", r"\1", key, flags=re.DOTALL): text for key, text in seen.args}


def of_json(seen: Seen, _: Value) -> Value:
    return json.loads(of_query(seen))


def of_form_cookie(seen: Seen, _: Value) -> Value:
    return unquote(of_cookie(seen))


WAYS: dict[str, tuple[str, Callable[[Any], object], Callable[[Seen, Value], Value]]] = {
    "path simple": ("path", simple, partial(parted, of_path, ",", "")),
    "path label": ("path", label, partial(parted, of_path, ",", ".")),
    "path matrix": ("path", matrix, partial(parted, of_path, ",", ";n=")),
    "query form*": ("query", form, pairs),
    "query form* reserved": ("query", partial(form, reserved=True), pairs),
    "query form": ("query", partial(form, explode=False), partial(parted, of_query, ",", "")),
    "query space": ("query", space_delimited, partial(parted, of_query, " ", "")),
    "query pipe": ("query", pipe_delimited, partial(parted, of_query, "|", "")),
    "query deep": ("query", deep_object, in_brackets),
    "query json": ("query", json_text, of_json),
    "header simple": ("header", simple, partial(parted, of_header, ",", "")),
    "cookie form": ("cookie", form, of_form_cookie),
    "cookie cookie": ("cookie", cookie, pairs),
}
PLACES = {"path": "path", "query": "query", "header": "headers", "cookie": "cookies"}


@pytest.mark.requirement("WIRE-STYLE", "WIRE-COOKIE", "WIRE-CONTENT")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@tries
@given(
    value=TEXT
    | st.lists(TEXT, min_size=2, max_size=3)
    | st.dictionaries(NAME, TEXT, min_size=1, max_size=3)
)
async def test_parameters_of_every_style_or_a_refusal(
    site: FrameworkSite,
    way: tuple[str, Callable[[Any], object], Callable[[Seen, Value], Value]],
    value: Value,
) -> None:
    place, style, read = way
    path = "/a/{n}/b" if place == "path" else "/a/b"
    given_values: dict[str, Any] = {PLACES[place]: {"n": style(value)}}
    try:
        sent = Endpoint("GET", path).request(**given_values)
    except InvalidArguments:
        return
    seen = await site.read(sent)

    # The framework decodes before anybody splits, so commas in items tell nothing any more.
    assert read(seen, value) == value or (read is not pairs and "," in "".join(items_of(value)))


def items_of(value: Value) -> list[str]:
    """Every text in a list or an object; a text has none."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    return [] if isinstance(value, str) else value


@pytest.mark.requirement("WIRE-QUERYSTRING")
@tries
@given(fields=st.dictionaries(TEXT, TEXT, min_size=1, max_size=3))
async def test_a_whole_query_string(site: FrameworkSite, fields: dict[str, str]) -> None:
    seen = await site.read(Endpoint("GET", "/a").request(querystring=urlencoded_text(fields)))

    assert dict(seen.args) == fields
