"""multipart/form-data, mixed and related: read back by the standard library's mail parser."""

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import MISSING, Field

from treenail_runtime.contract import (
    Content,
    Endpoint,
    File,
    Input,
    InvalidArguments,
    MultipartBody,
    Part,
    json_text,
)

FORM = MultipartBody()


class Read(NamedTuple):
    """One part as a server reads it."""

    name: str | None
    filename: str | None
    kind: str | None
    content: bytes


def sent(body: MultipartBody, value: object) -> Content:
    content = Endpoint("POST", "/", body=body).request(body=value).content
    assert content is not None
    return content


def _kind(head: bytes) -> str | None:
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if line)
    return fields.get("Content-Type")


def read(content: Content) -> list[Read]:
    boundary = b"--" + content.content_type.partition("boundary=")[2].partition(";")[0].encode()
    before, *parts, after = content.body.split(boundary)
    assert (before, after) == (b"", b"--\r\n")
    found: list[Read] = []
    for part in parts:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        message = BytesParser(EmailMessage, policy=email.policy.HTTP).parsebytes(head + b"\r\n\r\n")
        found.append(
            Read(
                message.get_param("name", header="content-disposition"),  # pyright: ignore[reportArgumentType]  # text, as nothing is encoded
                message.get_filename(),
                _kind(head),
                body.removesuffix(b"\r\n"),
            )
        )
    return found


@pytest.mark.requirement("WIRE-MULTIPART")
def test_each_value_becomes_a_part_of_its_kind() -> None:
    picture = File(b"\x89PNG\r\n\r\n\0\xff--", name="a b.png", type="image/png")
    content = sent(
        FORM,
        {
            "text": "x & ü\r\n",
            "number": 1.5,
            "yes": True,
            "object": {"a": None},
            "items": ["a", {"b": 1}],
            "picture": picture,
            "raw": File(b"1"),
            "left": MISSING,
        },
    )

    assert content.content_type.startswith("multipart/form-data; boundary=")
    assert read(content) == [
        ("text", None, None, "x & ü\r\n".encode()),
        ("number", None, None, b"1.5"),
        ("yes", None, None, b"true"),
        ("object", None, "application/json", b'{"a":null}'),
        ("items", None, None, b"a"),
        ("items", None, "application/json", b'{"b":1}'),
        ("picture", "a b.png", "image/png", picture.data),
        ("raw", "file", "application/octet-stream", b"1"),
    ]


class _Meta(Input):
    made_by: str = Field(alias="madeBy")


class _Upload(Input):
    file: File
    meta: _Meta
    note: str | MISSING = Field(MISSING, alias="theNote")
    left: str | MISSING = MISSING


@pytest.mark.requirement("WIRE-MULTIPART")
def test_a_body_that_is_one_argument_keeps_its_files() -> None:
    upload = _Upload.model_validate(
        {"file": {"data": "/w=="}, "meta": {"madeBy": "Ann"}, "theNote": "x"}
    )

    assert [(part.name, part.content) for part in read(sent(FORM, upload))] == [
        ("file", b"\xff"),
        ("meta", b'{"madeBy":"Ann"}'),
        ("theNote", b"x"),
    ]


PARTS: list[tuple[str, Part, object, list[tuple[str | None, bytes]]]] = [
    ("json text", Part("application/json"), "x", [("application/json", b'"x"')]),
    ("json null", Part("application/json"), None, [("application/json", b"null")]),
    ("json array", Part("application/json"), [1, 2], [("application/json", b"1"), ("application/json", b"2")]),
    ("whole array", Part("application/json"), json_text([1, 2]), [("application/json", b"[1,2]")]),
    ("xml", Part("application/xml; charset=utf-8"), "<a/>", [("application/xml; charset=utf-8", b"<a/>")]),
    ("listed", Part("image/png, image/jpeg"), File(b"1", type="image/jpeg"), [("image/jpeg", b"1")]),
    ("only one", Part("image/png"), File(b"1"), [("image/png", b"1")]),
    ("files", Part(), [File(b"1"), File(b"2")], [("application/octet-stream", b"1"), ("application/octet-stream", b"2")]),
    ("commas", Part(style="form", explode=False), [1, "x"], [(None, b"1,x")]),
    ("exploded", Part(explode=True), [1, "x y"], [(None, b"1"), (None, b"x y")]),
]  # fmt: skip


@pytest.mark.requirement("WIRE-MULTIPART")
@pytest.mark.parametrize("case", PARTS, ids=[name for name, *_ in PARTS])
def test_a_part_is_written_as_its_encoding_says(
    case: tuple[str, Part, object, list[tuple[str | None, bytes]]],
) -> None:
    _, part, value, expected = case
    content = sent(MultipartBody(parts={"a": part}), {"a": value})

    assert [(each.kind, each.content) for each in read(content)] == expected


@pytest.mark.requirement("WIRE-MULTIPART")
def test_an_exploded_object_is_a_part_per_member() -> None:
    parts = read(sent(MultipartBody(parts={"a": Part(style="form")}), {"a": {"R": 1, "G": "x"}}))

    assert [(part.name, part.content) for part in parts] == [("R", b"1"), ("G", b"x")]


@pytest.mark.requirement("WIRE-MULTIPART")
def test_a_part_has_the_header_fields_that_are_declared() -> None:
    part = Part("text/plain", headers=(("Content-Transfer-Encoding", "base64"), ("X-A", "1")))

    body = sent(MultipartBody(parts={"a": part}), {"a": "eA=="}).body
    assert (
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\nX-A: 1\r\n\r\neA=="
        in body
    )


@pytest.mark.requirement("WIRE-MULTIPART")
def test_names_of_parts_and_files_cannot_end_their_header() -> None:
    content = sent(FORM, {'a"\r\nX: 1': File(b"", name='ü"b.txt')})

    assert content.body.splitlines()[1].decode() == (
        'Content-Disposition: form-data; name="a%22%0D%0AX: 1"; filename="ü%22b.txt"'
    )


@pytest.mark.requirement("WIRE-MULTIPART")
def test_mixed_parts_stand_in_the_order_of_an_array() -> None:
    body = MultipartBody(
        "multipart/mixed", {"0": Part(), "1": Part("image/*"), "*": Part("text/csv")}
    )
    content = sent(body, [{"a": 1}, File(b"2", "x.png", "image/png"), "3", "4"])

    assert [(part.name, part.kind, part.content) for part in read(content)] == [
        (None, "application/json", b'{"a":1}'),
        (None, "image/png", b"2"),
        (None, "text/csv", b"3"),
        (None, "text/csv", b"4"),
    ]


@pytest.mark.requirement("WIRE-MULTIPART")
def test_related_parts_tell_the_type_of_their_root() -> None:
    content = sent(MultipartBody("multipart/related"), {"meta": {"a": 1}, "media": File(b"2")})

    assert content.content_type.endswith('; type="application/json"')
    assert [part.name for part in read(content)] == ["meta", "media"]


@pytest.mark.requirement("WIRE-MULTIPART")
@pytest.mark.parametrize(
    ("body", "value"),
    [
        (FORM, {"a": None}),
        (FORM, {"a": []}),
        (FORM, {}),
        (FORM, ["a"]),
        (FORM, "a"),
        (FORM, {"a": "\ud800"}),
        (MultipartBody(parts={"a": Part("image/*")}), {"a": File(b"1")}),
        (MultipartBody(parts={"a": Part("image/*")}), {"a": File(b"22", type="text/plain")}),
        (MultipartBody(parts={"a": Part("text/plain")}), {"a": {"b": 1}}),
        (MultipartBody(parts={"a": Part(style="deepObject")}), {"a": {"b": 1}}),
        (MultipartBody(parts={"a": Part(explode=False)}), {"a": ["x,y", "z"]}),
        (MultipartBody(required=True), {"a": MISSING}),
    ],
    ids=repr,
)
def test_what_no_part_can_hold_is_refused(body: MultipartBody, value: object) -> None:
    with pytest.raises(InvalidArguments):
        sent(body, value)


@pytest.mark.requirement("WIRE-MULTIPART")
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_whatever_the_files_hold_they_come_back(files: list[bytes]) -> None:
    content = sent(FORM, {"f": [File(data) for data in files]})

    assert [part.content for part in read(content)] == files


@pytest.mark.requirement("WIRE-MULTIPART")
def test_the_boundary_of_an_earlier_body_may_stand_inside_a_later_one() -> None:
    first = sent(FORM, {"a": "x"})
    second = sent(FORM, {"a": first.body.decode()})

    assert [part.content for part in read(second)] == [first.body]
    assert sent(FORM, {"a": "x"}) == first
