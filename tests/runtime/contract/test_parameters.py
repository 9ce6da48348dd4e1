"""Parameters that the style table does not show: signs, names, numbers, nesting, content."""

from typing import Any

import pytest

from treenail_runtime.contract import (
    Endpoint,
    FormField,
    InvalidArguments,
    cookie,
    deep_object,
    form,
    json_text,
    matrix,
    simple,
    urlencoded_text,
)


def query(**parameters: object) -> str:
    return Endpoint("GET", "/").request(query=parameters).query


def path(template: str, **values: object) -> str:
    return Endpoint("GET", template).request(path=values).path


def header(value: object) -> str:
    return dict(Endpoint("GET", "/").request(headers={"X-A": value}).headers)["X-A"]


def cookies(**values: object) -> str:
    return Endpoint("GET", "/").request(cookies=values).cookie


TEXTS: list[tuple[object, str]] = [
    (True, "true"),
    (False, "false"),
    (0, "0"),
    (-7, "-7"),
    (2**70, "1180591620717411303424"),
    (1.5, "1.5"),
    (3.0, "3"),
    (1e300, "1e%2B300"),
    ("100%", "100%25"),
    ("a%2Fb", "a%252Fb"),
    ("a+b c", "a%2Bb%20c"),
    ("&=#?", "%26%3D%23%3F"),
    ("ü€😀", "%C3%BC%E2%82%AC%F0%9F%98%80"),
    ("~-._", "~-._"),
    ("null", "null"),
]


@pytest.mark.requirement("WIRE-STYLE")
@pytest.mark.parametrize(("value", "text"), TEXTS, ids=str)
def test_a_single_value_is_percent_encoded_utf_8(value: object, text: str) -> None:
    assert query(q=value) == f"q={text}"
    assert cookies(c=value) == f"c={text}"


@pytest.mark.requirement("WIRE-STYLE")
def test_single_values_in_headers_and_paths_read_the_same() -> None:
    assert [header(value) for value in (True, 0, 1.5, "a, b")] == ["true", "0", "1.5", "a, b"]
    assert path("/{a}/{b}/{c}", a=False, b=12, c="x y") == "/false/12/x%20y"


@pytest.mark.requirement("WIRE-STYLE")
def test_names_are_percent_encoded_too() -> None:
    assert query(**{"a b[]": 1, "ü&": "x"}) == "a%20b%5B%5D=1&%C3%BC%26=x"
    assert query(**{"filter[x]": deep_object({"y z": 1})}) == "filter%5Bx%5D%5By%20z%5D=1"
    assert path("/{a b}", **{"a b": matrix("v")}) == "/;a%20b=v"


@pytest.mark.requirement("WIRE-STYLE")
def test_the_name_of_a_header_or_cookie_must_be_a_token() -> None:
    for place in ("headers", "cookies"):
        for name in ("", "a b", "a:b", "ü", "a\r\nb"):
            with pytest.raises(InvalidArguments, match="no name for a"):
                Endpoint("GET", "/").request(**{place: {name: "v"}})


@pytest.mark.requirement("WIRE-RESERVED")
def test_reserved_characters_stay_raw_apart_from_those_that_change_the_query() -> None:
    signs = ":/?#[]@!$&'()*+,;=%"

    assert query(q=form(signs, reserved=True)) == "q=:/?%23[]@!$%26'()*%2B,;%3D%25"
    assert query(q=form(["a,b"], explode=False, reserved=True)) == "q=a%2Cb"


@pytest.mark.requirement("WIRE-RESERVED")
def test_reserved_characters_stay_raw_in_a_segment_apart_from_those_that_end_it() -> None:
    assert path("/{a}", a=simple(":@!$&'()*+,;=", reserved=True)) == "/:@!$&'()*+,;="
    assert path("/{a}", a=simple("a?b#c[d]%", reserved=True)) == "/a%3Fb%23c%5Bd%5D%25"
    with pytest.raises(InvalidArguments, match="not usable inside a URL path"):
        path("/{a}", a=simple("a/b", reserved=True))


NESTED: dict[str, Any] = {"a": {"b": 1, "c": {"d": "x y"}}, "e": True}


@pytest.mark.requirement("WIRE-DEEP")
def test_objects_inside_a_deep_object_nest_by_brackets() -> None:
    assert (
        query(f=deep_object(NESTED))
        == "f%5Ba%5D%5Bb%5D=1&f%5Ba%5D%5Bc%5D%5Bd%5D=x%20y&f%5Be%5D=true"
    )


@pytest.mark.requirement("WIRE-DEEP")
@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ("repeat", "f[a]=1&f[a]=2"),
        ("brackets", "f[a][]=1&f[a][]=2"),
        ("indexes", "f[a][0]=1&f[a][1]=2"),
    ],
)
def test_arrays_in_a_deep_object_are_written_as_the_connector_says(
    arrays: Any, expected: str
) -> None:
    sent = query(f=deep_object({"a": [1, 2]}, arrays=arrays))

    assert sent == expected.replace("[", "%5B").replace("]", "%5D")


@pytest.mark.requirement("WIRE-DEEP")
def test_an_array_of_objects_needs_indexes() -> None:
    value = {"a": [{"b": 1}, {"b": 2}]}

    assert query(f=deep_object(value, arrays="indexes")) == (
        "f%5Ba%5D%5B0%5D%5Bb%5D=1&f%5Ba%5D%5B1%5D%5Bb%5D=2"
    )
    assert query(f=deep_object(["x"], arrays="brackets")) == "f%5B%5D=x"
    with pytest.raises(InvalidArguments, match=r"f\[a\]\[\]: an array of objects|f\[a\]: an array"):
        query(f=deep_object(value, arrays="brackets"))
    with pytest.raises(InvalidArguments, match=r"f\[a\]: an array has no defined form"):
        query(f=deep_object(value))


@pytest.mark.requirement("WIRE-STYLE")
def test_members_of_two_objects_must_not_read_as_each_other() -> None:
    with pytest.raises(InvalidArguments, match="g: 'x' is a parameter of its own"):
        query(f=form({"x": 1}), g=form({"x": 2}))
    with pytest.raises(InvalidArguments, match="is a parameter of its own"):
        query(**{"f": deep_object({"x": 1}), "f[x]": 2})


@pytest.mark.requirement("WIRE-CONTENT")
def test_json_content_is_json_text_in_every_place() -> None:
    value: object = {"a": [1, None, "ü"], "b": {}}

    assert query(q=json_text(value)) == (
        "q=%7B%22a%22%3A%5B1%2Cnull%2C%22%C3%BC%22%5D%2C%22b%22%3A%7B%7D%7D"
    )
    assert header(json_text(value)) == '{"a":[1,null,"\\u00fc"],"b":{}}'
    assert path("/{a}", a=json_text([1])) == "/%5B1%5D"
    assert cookies(c=json_text([1, 2])) == "c=%5B1%2C2%5D"


@pytest.mark.requirement("WIRE-CONTENT")
def test_form_content_is_form_text_inside_the_query() -> None:
    assert query(q=urlencoded_text({"a": "x y", "b": [1, 2]})) == "q=a%3Dx%2By%26b%3D1%26b%3D2"


# OpenAPI 3.2.1, "Parameter Object Examples", querystring.
QUERYSTRINGS: list[tuple[object, str]] = [
    (urlencoded_text({"foo": "a + b", "bar": True}), "foo=a+%2B+b&bar=true"),
    ({"foo": "~*-._"}, "foo=%7E*-._"),
    (
        json_text({"numbers": [1, 2], "flag": None}),
        "%7B%22numbers%22%3A%5B1%2C2%5D%2C%22flag%22%3Anull%7D",
    ),
    (simple("$.a.b[1:1]"), "%24.a.b%5B1%3A1%5D"),
    ("$.a+b", "%24.a%2Bb"),
    (
        urlencoded_text({"f": {"a": "x y"}}, {"f": FormField("deepObject")}),
        "f%5Ba%5D=x%20y",
    ),
]


@pytest.mark.requirement("WIRE-QUERYSTRING")
@pytest.mark.parametrize(
    ("value", "expected"), QUERYSTRINGS, ids=[each for _, each in QUERYSTRINGS]
)
def test_one_value_makes_the_whole_query(value: object, expected: str) -> None:
    assert Endpoint("GET", "/").request(querystring=value).query == expected


@pytest.mark.requirement("WIRE-COOKIE")
def test_several_cookie_parameters_make_one_field() -> None:
    assert cookies(a="x y", b=cookie(["1", "2"]), c=True) == "a=x%20y; b=1; b=2; c=true"


@pytest.mark.requirement("WIRE-COOKIE")
@pytest.mark.parametrize(
    "value", ["a b", "a,b", "a;b", 'a"b', "a\\b", "ü", "a\r\nb", "\0"], ids=repr
)
def test_what_no_cookie_can_hold_is_refused(value: str) -> None:
    with pytest.raises(InvalidArguments, match="a cookie cannot hold"):
        cookies(c=cookie(value))


@pytest.mark.requirement("WIRE-COOKIE")
def test_a_member_of_an_object_is_no_other_cookie() -> None:
    with pytest.raises(InvalidArguments, match="'b' is a parameter of its own"):
        cookies(a=cookie({"b": "1"}), b="2")


@pytest.mark.requirement("WIRE-SEGMENT")
def test_parts_of_a_mixed_segment_are_told_apart() -> None:
    template = "/v1/{a}.{b}:run/{odd-name}x{class}"
    values = {"a": "report", "b": "x:y", "odd-name": "1", "class": "2"}

    assert path(template, **values) == "/v1/report.x%3Ay:run/1x2"
    with pytest.raises(InvalidArguments, match=r"a: must not hold '\.'"):
        path(template, **{**values, "a": "report.1"})


@pytest.mark.requirement("WIRE-SEGMENT")
def test_literal_text_of_a_path_is_percent_encoded() -> None:
    assert path("/a b/ü/#x?y=1/%20/{c}", c="d") == "/a%20b/%C3%BC/%23x%3Fy=1/%20/d"


@pytest.mark.requirement("WIRE-SEGMENT")
@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "a\\b", "%2e%2e", "%2F", "..;x", "\n"], ids=repr
)
def test_no_item_leaves_its_segment(value: str) -> None:
    for styled in (value, simple([value]), matrix([value]), simple({"k": value}, explode=True)):
        with pytest.raises(InvalidArguments, match="path"):
            path("/a/{x}/b", x=styled)
