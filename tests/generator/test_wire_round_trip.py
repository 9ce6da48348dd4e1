"""The encoder of the runtime against the decoder of the build: what is sent reads back the same.

Source: OpenAPI 3.1.1 "Style Values" and "Style Examples", RFC 6570.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_generator.diagnostics import Location
from treenail_generator.document import Operation, Parameter, Place
from treenail_generator.document.schemas import as_object
from treenail_generator.verify.decoding import RequestDecoder, Wire, equals
from treenail_runtime.contract import (
    Endpoint,
    InvalidArguments,
    deep_object,
    form,
    json_text,
    label,
    matrix,
    pipe_delimited,
    simple,
    space_delimited,
)

TEXTS = st.text(max_size=12) | st.sampled_from(
    [
        "",
        " ",
        "a b",
        "a,b",
        "a|b",
        "a&b=c",
        "100%",
        "a+b",
        "ü",
        "\u202e",
        "?x#y",
        "[a]",
        "a;b",
        ".",
        "~",
    ]
)
SAFE_KEYS = st.text(alphabet="abcXYZ_09", min_size=1, max_size=5)
Kind: TypeAlias = dict[str, Any]
PRIMITIVES: list[tuple[Kind, st.SearchStrategy[Any]]] = [
    ({"type": "string"}, TEXTS),
    ({"type": "integer"}, st.integers(-(2**70), 2**70)),
    ({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False)),
    ({"type": "boolean"}, st.booleans()),
]
Styling: TypeAlias = tuple[Place, tuple[str, bool], Callable[..., object]]


def plain(value: object) -> object:
    return value


STYLES: dict[str, Styling] = {
    "path": ("path", ("simple", False), plain),
    "path simple*": (
        "path",
        ("simple", True),
        partial(simple, explode=True),
    ),
    "path label": ("path", ("label", False), label),
    "path label*": ("path", ("label", True), partial(label, explode=True)),
    "path matrix": ("path", ("matrix", False), matrix),
    "path matrix*": (
        "path",
        ("matrix", True),
        partial(matrix, explode=True),
    ),
    "path json": ("path", ("json", False), json_text),
    "query": ("query", ("form", True), plain),
    "query form": ("query", ("form", False), partial(form, explode=False)),
    "query form* reserved": (
        "query",
        ("form", True),
        partial(form, reserved=True),
    ),
    "query form reserved": (
        "query",
        ("form", False),
        partial(form, explode=False, reserved=True),
    ),
    "query space": ("query", ("spaceDelimited", False), space_delimited),
    "query pipe": ("query", ("pipeDelimited", False), pipe_delimited),
    "query deep": ("query", ("deepObject", True), deep_object),
    "query json": ("query", ("json", False), json_text),
    "header": ("header", ("simple", False), plain),
    "header simple*": (
        "header",
        ("simple", True),
        partial(simple, explode=True),
    ),
    "header json": ("header", ("json", False), json_text),
}
OBJECTS_ONLY = {"deepObject"}
COMPOUND_ONLY = {"spaceDelimited", "pipeDelimited", "deepObject"}


@st.composite
def values(draw: st.DrawFn, style: str) -> tuple[Kind, Any]:
    kind, items = draw(st.sampled_from(PRIMITIVES))
    shapes = ["one", "list", "map"]
    if style in COMPOUND_ONLY:
        shapes = ["map"] if style in OBJECTS_ONLY else ["list", "map"]
    match draw(st.sampled_from(shapes)):
        case "list":
            schema = {"type": "array", "items": kind}
            return schema, draw(st.lists(items, min_size=1, max_size=4))
        case "map":
            schema = {"type": "object", "additionalProperties": kind}
            return schema, draw(st.dictionaries(SAFE_KEYS, items, min_size=1, max_size=3))
        case _:
            return kind, draw(items)


def operation(place: Place, schema: Kind, style: str, *, explode: bool) -> Operation:
    where = Location("spec.yaml", 1, 1)
    parameter = Parameter(
        name="X-Name",
        place=place,
        required=True,
        deprecated=False,
        description="",
        schema=schema,
        style=style,
        explode=explode,
        allow_reserved=False,
        allow_empty=False,
        content_type="application/json" if style == "json" else None,
        examples=(),
        location=where,
        pointer=(),
        schema_pointer=(),
    )
    return Operation(
        key="x",
        id="x",
        method="GET",
        path="/before/{X-Name}/after" if place == "path" else "/before",
        summary="",
        description="",
        deprecated=False,
        tags=(),
        parameters=(parameter,),
        body=None,
        responses=(),
        servers=(),
        security=(),
        pointer=(),
        location=where,
    )


@pytest.mark.requirement("OAS-STYLE")
@pytest.mark.parametrize("styling", STYLES.values(), ids=STYLES)
@given(data=st.data())
def test_a_value_is_sent_faithfully_or_refused(styling: Styling, data: st.DataObject) -> None:
    place, (style, explode), styled = styling
    schema, value = data.draw(values(style))
    declared = operation(place, schema, style, explode=explode)
    named = {"X-Name": styled(value)}
    try:
        request = Endpoint(declared.method, declared.path).request(
            path=named if place == "path" else {},
            query=named if place == "query" else {},
            headers=named if place == "header" else {},
        )
    except InvalidArguments:
        return

    read = RequestDecoder(as_object).read(
        declared, Wire(path=request.path, query=request.query, headers=request.headers)
    )

    assert equals(read[place, "X-Name"], value)
    assert request.path.isascii()
    assert request.query.isascii()
    assert "#" not in request.path + request.query


@pytest.mark.requirement("S0-33")
@given(TEXTS)
def test_no_text_leaves_its_path_segment(text: str) -> None:
    try:
        request = Endpoint("GET", "/a/{id}/b").request(path={"id": text})
    except InvalidArguments:
        return

    assert request.path.count("/") == 3
    assert "/../" not in request.path
    assert "/./" not in request.path
    assert "//" not in request.path


# The table "Style Examples" of OpenAPI 3.1.1, with percent-encoding as RFC 6570 demands.
EXAMPLES: list[tuple[Any, Place, str]] = [
    (matrix("blue"), "path", ";color=blue"),
    (matrix(["blue", "black", "brown"]), "path", ";color=blue,black,brown"),
    (
        matrix(["blue", "black", "brown"], explode=True),
        "path",
        ";color=blue;color=black;color=brown",
    ),
    (matrix({"R": 100, "G": 200, "B": 150}), "path", ";color=R,100,G,200,B,150"),
    (matrix({"R": 100, "G": 200, "B": 150}, explode=True), "path", ";R=100;G=200;B=150"),
    (label("blue"), "path", ".blue"),
    (label(["blue", "black", "brown"]), "path", ".blue,black,brown"),
    (label(["blue", "black", "brown"], explode=True), "path", ".blue.black.brown"),
    (label({"R": 100, "G": 200, "B": 150}), "path", ".R,100,G,200,B,150"),
    (label({"R": 100, "G": 200, "B": 150}, explode=True), "path", ".R=100.G=200.B=150"),
    (simple("blue"), "path", "blue"),
    (simple(["blue", "black", "brown"]), "path", "blue,black,brown"),
    (simple({"R": 100, "G": 200, "B": 150}), "path", "R,100,G,200,B,150"),
    (simple({"R": 100, "G": 200, "B": 150}, explode=True), "path", "R=100,G=200,B=150"),
    (form("", explode=False), "query", "color="),
    (form("blue", explode=False), "query", "color=blue"),
    (form(["blue", "black", "brown"], explode=False), "query", "color=blue,black,brown"),
    (form(["blue", "black", "brown"]), "query", "color=blue&color=black&color=brown"),
    (form({"R": 100, "G": 200, "B": 150}, explode=False), "query", "color=R,100,G,200,B,150"),
    (form({"R": 100, "G": 200, "B": 150}), "query", "R=100&G=200&B=150"),
    (space_delimited(["blue", "black", "brown"]), "query", "color=blue%20black%20brown"),
    (space_delimited({"R": 100, "G": 200}), "query", "color=R%20100%20G%20200"),
    (pipe_delimited(["blue", "black", "brown"]), "query", "color=blue%7Cblack%7Cbrown"),
    (deep_object({"R": 100, "G": 200}), "query", "color%5BR%5D=100&color%5BG%5D=200"),
]


@pytest.mark.requirement("OAS-STYLE")
@pytest.mark.parametrize(
    "example", EXAMPLES, ids=[f"{place} {text}" for _, place, text in EXAMPLES]
)
def test_the_style_examples_of_the_specification_come_out_to_the_letter(
    example: tuple[Any, Place, str],
) -> None:
    value, place, expected = example
    if place == "path":
        assert Endpoint("GET", "/{color}").request(path={"color": value}).path == f"/{expected}"
    else:
        assert Endpoint("GET", "/").request(query={"color": value}).query == expected
