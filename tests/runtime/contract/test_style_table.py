"""Every cell of the table "Style Examples", as the specification has it or refused.

Source: OpenAPI 3.1.1 and 3.2.1 "Style Examples", "URL Percent-Encoding" and Appendix C and D; RFC
6570 3.2. What reserved expansion leaves raw is RFC 6570 3.2.3, without what is a delimiter there.
"""

from typing import Any, NamedTuple

import pytest

from treenail_runtime.contract import (
    Endpoint,
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

PLAIN: dict[str, object] = {
    "empty": "",
    "string": "blue",
    "array": ["blue", "black", "brown"],
    "object": {"R": 100, "G": 200, "B": 150},
}
SIGNS: dict[str, object] = {
    "string": "Hello World!",
    "array": ["Hello World!", "50%", "a,b"],
    "object": {"k:1": "a@b"},
}
NA = None
"""Undefined by the specification, or not to be had in this place: refused."""


class Row(NamedTuple):
    """What stands for `empty`, `string`, `array` and `object` of a parameter called color."""

    place: str
    style: Any
    explode: bool | None
    plain: tuple[str | None, ...]
    signs: tuple[str | None, ...]
    reserved: tuple[str | None, ...] | None = None


TABLE = [
    # "/;color" is a segment of its own; 3.1.1 has it in the column "empty".
    Row(
        "path",
        matrix,
        False,
        (
            ";color",
            ";color=blue",
            ";color=blue,black,brown",
            ";color=R,100,G,200,B,150",
        ),
        (";color=Hello%20World%21", ";color=Hello%20World%21,50%25,a%2Cb", ";color=k%3A1,a%40b"),
        (";color=Hello%20World!", ";color=Hello%20World!,50%25,a%2Cb", ";color=k:1,a@b"),
    ),
    Row(
        "path",
        matrix,
        True,
        (
            ";color",
            ";color=blue",
            ";color=blue;color=black;color=brown",
            ";R=100;G=200;B=150",
        ),
        (
            ";color=Hello%20World%21",
            ";color=Hello%20World%21;color=50%25;color=a%2Cb",
            ";k%3A1=a%40b",
        ),
        (";color=Hello%20World!", ";color=Hello%20World!;color=50%25;color=a%2Cb", ";k:1=a@b"),
    ),
    # The empty label would be the segment ".", which every reader removes (RFC 3986 5.2.4).
    Row(
        "path",
        label,
        False,
        (NA, ".blue", ".blue,black,brown", ".R,100,G,200,B,150"),
        (".Hello%20World%21", ".Hello%20World%21,50%25,a%2Cb", ".k%3A1,a%40b"),
        (".Hello%20World!", ".Hello%20World!,50%25,a%2Cb", ".k:1,a@b"),
    ),
    Row(
        "path",
        label,
        True,
        (NA, ".blue", ".blue.black.brown", ".R=100.G=200.B=150"),
        (".Hello%20World%21", ".Hello%20World%21.50%25.a%2Cb", ".k%3A1=a%40b"),
        (".Hello%20World!", ".Hello%20World!.50%25.a%2Cb", ".k:1=a@b"),
    ),
    # The empty simple value would be the path of another resource.
    Row(
        "path",
        simple,
        False,
        (NA, "blue", "blue,black,brown", "R,100,G,200,B,150"),
        ("Hello%20World%21", "Hello%20World%21,50%25,a%2Cb", "k%3A1,a%40b"),
        ("Hello%20World!", "Hello%20World!,50%25,a%2Cb", "k:1,a@b"),
    ),
    Row(
        "path",
        simple,
        True,
        (NA, "blue", "blue,black,brown", "R=100,G=200,B=150"),
        ("Hello%20World%21", "Hello%20World%21,50%25,a%2Cb", "k%3A1=a%40b"),
        ("Hello%20World!", "Hello%20World!,50%25,a%2Cb", "k:1=a@b"),
    ),
    # Swagger 2.0 "collectionFormat: ssv | pipes | tsv": arrays, also in paths and headers.
    Row("path", space_delimited, None, (NA, NA, "blue%20black%20brown", NA), (NA, NA, NA)),
    Row(
        "path",
        pipe_delimited,
        None,
        (NA, NA, "blue%7Cblack%7Cbrown", NA),
        (NA, "Hello%20World%21%7C50%25%7Ca%2Cb", NA),
    ),
    Row(
        "path",
        tab_delimited,
        None,
        (NA, NA, "blue%09black%09brown", NA),
        (NA, "Hello%20World%21%0950%25%09a%2Cb", NA),
    ),
    Row("header", space_delimited, None, (NA, NA, "blue black brown", NA), (NA, NA, NA)),
    Row(
        "header",
        pipe_delimited,
        None,
        (NA, NA, "blue|black|brown", NA),
        (NA, "Hello World!|50%|a,b", NA),
    ),
    Row(
        "header",
        tab_delimited,
        None,
        (NA, NA, "blue\tblack\tbrown", NA),
        (NA, "Hello World!\t50%\ta,b", NA),
    ),
    # Nothing is percent-encoded in headers, so an item with a comma has no form.
    Row(
        "header",
        simple,
        False,
        ("", "blue", "blue,black,brown", "R,100,G,200,B,150"),
        ("Hello World!", NA, "k:1,a@b"),
    ),
    Row(
        "header",
        simple,
        True,
        ("", "blue", "blue,black,brown", "R=100,G=200,B=150"),
        ("Hello World!", NA, "k:1=a@b"),
    ),
    Row(
        "query",
        form,
        False,
        ("color=", "color=blue", "color=blue,black,brown", "color=R,100,G,200,B,150"),
        ("color=Hello%20World%21", "color=Hello%20World%21,50%25,a%2Cb", "color=k%3A1,a%40b"),
        ("color=Hello%20World!", "color=Hello%20World!,50%25,a%2Cb", "color=k:1,a@b"),
    ),
    Row(
        "query",
        form,
        True,
        ("color=", "color=blue", "color=blue&color=black&color=brown", "R=100&G=200&B=150"),
        (
            "color=Hello%20World%21",
            "color=Hello%20World%21&color=50%25&color=a%2Cb",
            "k%3A1=a%40b",
        ),
        ("color=Hello%20World!", "color=Hello%20World!&color=50%25&color=a,b", "k%3A1=a@b"),
    ),
    # The space is the delimiter, and has no other form.
    Row(
        "query",
        space_delimited,
        None,
        (NA, NA, "color=blue%20black%20brown", "color=R%20100%20G%20200%20B%20150"),
        (NA, NA, "color=k%3A1%20a%40b"),
        (NA, NA, "color=k:1%20a@b"),
    ),
    Row(
        "query",
        pipe_delimited,
        None,
        (NA, NA, "color=blue%7Cblack%7Cbrown", "color=R%7C100%7CG%7C200%7CB%7C150"),
        (NA, "color=Hello%20World%21%7C50%25%7Ca%2Cb", "color=k%3A1%7Ca%40b"),
        (NA, "color=Hello%20World!%7C50%25%7Ca%2Cb", "color=k:1%7Ca@b"),
    ),
    # Swagger 2.0 "collectionFormat: tsv".
    Row(
        "query",
        tab_delimited,
        None,
        (NA, NA, "color=blue%09black%09brown", "color=R%09100%09G%09200%09B%09150"),
        (NA, "color=Hello%20World%21%0950%25%09a%2Cb", "color=k%3A1%09a%40b"),
    ),
    Row(
        "query",
        deep_object,
        None,
        (NA, NA, NA, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
        (NA, NA, "color%5Bk%3A1%5D=a%40b"),
        (NA, NA, "color%5Bk%3A1%5D=a@b"),
    ),
    # 3.2.1 Appendix D: neither "&" nor "," is a delimiter of cookies.
    Row(
        "cookie",
        form,
        False,
        ("color=", "color=blue", NA, NA),
        ("color=Hello%20World%21", NA, NA),
        ("color=Hello%20World!", NA, NA),
    ),
    Row(
        "cookie",
        form,
        True,
        ("color=", "color=blue", NA, NA),
        ("color=Hello%20World%21", NA, NA),
        ("color=Hello%20World!", NA, NA),
    ),
    Row("cookie", cookie, False, ("color=", "color=blue", NA, NA), (NA, NA, NA)),
    Row(
        "cookie",
        cookie,
        True,
        ("color=", "color=blue", "color=blue; color=black; color=brown", "R=100; G=200; B=150"),
        (NA, NA, NA),
    ),
]


class Cell(NamedTuple):
    """One value in one style, and what is sent for it."""

    place: str
    style: Any
    options: dict[str, bool]
    value: object
    expected: str | None


def cells() -> dict[str, Cell]:
    found: dict[str, Cell] = {}
    for place, style, explode, plain, signs, reserved in TABLE:
        options = {} if explode is None else {"explode": explode}
        name = f"{place} {style.__name__}{'*' if explode else ''}"
        groups = [("", PLAIN, plain, options), (" signs", SIGNS, signs, options)]
        if reserved is not None:
            groups.append((" reserved", SIGNS, reserved, {**options, "reserved": True}))
        for group, values, expected, given in groups:
            for (kind, value), text in zip(values.items(), expected, strict=True):
                found[f"{name} {kind}{group}"] = Cell(place, style, given, value, text)
    return found


def sent(place: str, value: object) -> str:
    """What is sent for the parameter color in that place."""
    endpoint = Endpoint("GET", "/{color}" if place == "path" else "/")
    match place:
        case "path":
            return endpoint.request(path={"color": value}).path[1:]
        case "query":
            return endpoint.request(query={"color": value}).query
        case "header":
            return dict(endpoint.request(headers={"color": value}).headers)["color"]
        case _:
            return endpoint.request(cookies={"color": value}).cookie


@pytest.mark.requirement("OAS-STYLE", "WIRE-STYLE")
@pytest.mark.parametrize("cell", cells().values(), ids=cells())
def test_each_cell_is_what_the_specification_says_or_refused(cell: Cell) -> None:
    value = cell.style(cell.value, **cell.options)
    if cell.expected is None:
        with pytest.raises(InvalidArguments, match="color"):
            sent(cell.place, value)
    else:
        assert sent(cell.place, value) == cell.expected


@pytest.mark.requirement("WIRE-STYLE")
@pytest.mark.parametrize(
    "row", TABLE, ids=lambda row: f"{row.place} {row.style.__name__} {row.explode}"
)
@pytest.mark.parametrize(
    "value", [None, [], {}, [None], [["a"]], [{"a": 1}], {"a": None}, {"a": ["b"]}], ids=repr
)
def test_what_no_style_defines_is_refused(row: Row, value: object) -> None:
    with pytest.raises(InvalidArguments, match="color"):
        sent(row.place, row.style(value))


@pytest.mark.requirement("WIRE-STYLE")
@pytest.mark.parametrize(
    ("place", "style"),
    [
        ("path", form),
        ("path", deep_object),
        ("path", cookie),
        ("query", simple),
        ("query", label),
        ("query", matrix),
        ("query", cookie),
        ("header", form),
        ("header", label),
        ("cookie", simple),
        ("cookie", pipe_delimited),
    ],
)
def test_a_style_of_another_place_is_refused(place: str, style: Any) -> None:
    with pytest.raises(InvalidArguments, match="is not for"):
        sent(place, style(["blue"]))
