"""Answers of every media type, and of the wrong one."""

import pytest

from treenail_runtime.contract import (
    Answer,
    Attachment,
    Endpoint,
    JsonObject,
    Record,
    UpstreamAnswer,
    UpstreamMalformed,
    WithFiles,
)
from treenail_runtime.contract.reading import read

PNG = b"\x89PNG\r\n\x1a\n\x00"


def get(media_type: str = "application/json", **answer: object) -> Endpoint:
    return Endpoint("GET", "/", answer=Answer(media_type=media_type, **answer), reads=True)  # pyright: ignore[reportArgumentType]  # named below, each with its type


def answered(body: bytes, content_type: str, **headers: str) -> UpstreamAnswer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return UpstreamAnswer(200, body, content_type, named)


@pytest.mark.requirement("ANS-JSON-KINDS")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/vnd.github+json; charset=utf-8",
        "application/problem+json",
        "text/json",
        "",
        "application/octet-stream",
    ],
)
def test_json_of_any_subtype_is_read(content_type: str) -> None:
    assert read(get(), answered(b'{"a": 1}', content_type)) == {"a": 1}


@pytest.mark.requirement("ANS-JSON-KINDS")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-ndjson", b'{"a":1}\n\n{"a":2}\r\n'),
        ("application/jsonl", b'{"a":1}\n{"a":2}'),
        ("application/json-seq", b'\x1e{"a":1}\n\x1e{"a":2}\n'),
    ],
)
def test_json_texts_one_per_line_are_one_list(content_type: str, body: bytes) -> None:
    endpoint = get(content_type, name="items", many=True)

    assert read(endpoint, answered(body, content_type)) == {"items": [{"a": 1}, {"a": 2}]}


@pytest.mark.requirement("ANS-TEXT")
@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("Zürich".encode(), "text/plain", "Zürich"),
        ("Zürich".encode("latin-1"), "text/csv; charset=ISO-8859-1", "Zürich"),
        ("Zürich".encode(), 'text/plain; charset="no-such"', "Zürich"),
        ("Zürich".encode(), "text/plain; charset=us-ascii", "Zürich"),
        ("\ufeffZürich".encode("utf-16-be"), "text/csv", "Zürich"),
        ("\ufeffé".encode("utf-16-le"), "text/plain; charset=latin-1", "é"),
        (
            '<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>'.encode("latin-1"),
            "application/xml",
            '<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>',
        ),
        (b"\xef\xbb\xbf<a/>", "application/xml", "<a/>"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        (b"<html>", "text/html", "<html>"),
        (b"12", "text/plain; charset=unicode_escape", "12"),
        (b"{broken", "application/json", "{broken"),
    ],
)
def test_text_is_answered_as_text(body: bytes, content_type: str, text: str) -> None:
    promised = content_type if "json" not in content_type else "text/plain"

    assert read(get(promised), answered(body, content_type)) == {"text": text}


@pytest.mark.requirement("ANS-TEXT")
def test_what_is_no_text_in_its_encoding_is_handed_on_as_bytes() -> None:
    body = "Zürich".encode("latin-1")

    told = read(get("text/plain"), answered(body, "text/plain"))

    assert told == {"file": {"media_type": "text/plain", "bytes": 6}}
    assert isinstance(told, WithFiles)
    assert told.attachments == (Attachment(body, "text/plain"),)


@pytest.mark.requirement("ANS-TEXT", "ANS-WRONG-TYPE")
def test_plain_text_in_place_of_json_is_told_as_text() -> None:
    assert read(get(), answered(b"queued", "text/plain")) == {"text": "queued"}


@pytest.mark.requirement("ANS-WRONG-TYPE")
@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "image/png", "x"])
def test_json_under_a_wrong_media_type_is_read_as_json(content_type: str) -> None:
    assert read(get(), answered(b'{"a": 1}', content_type)) == {"a": 1}


@pytest.mark.requirement("ANS-WRONG-TYPE")
def test_json_in_a_charset_that_json_does_not_have_is_forgiven() -> None:
    body = '{"a": "ü"}'.encode("latin-1")

    assert read(get(), answered(body, "application/json; charset=latin-1")) == {"a": "ü"}
    assert read(get(), answered(b"\xef\xbb\xbf[]", "application/json")) == {"value": []}


@pytest.mark.requirement("ANS-WRONG-TYPE", "GEN-WRITE-DONE")
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"<html>", "text/html"), (b'{"a": ', "application/json"), (b"\xff", ""), (b"ok", "")],
)
def test_a_page_in_place_of_data_fails_a_read_and_never_a_write(
    body: bytes, content_type: str
) -> None:
    with pytest.raises(UpstreamMalformed):
        read(get(), answered(body, content_type))

    assert read(Endpoint("POST", "/"), answered(body, content_type)) == {
        "ok": True,
        "status": 200,
        "note": "the answer could not be read",
    }


@pytest.mark.requirement("ANS-WRONG-TYPE")
@pytest.mark.parametrize("content_type", ["text/plain", "application/pdf"])
def test_nothing_passes_unread_where_only_a_part_may(content_type: str) -> None:
    endpoint = get(record=Record({"name": "name"}))

    with pytest.raises(UpstreamMalformed):
        read(endpoint, answered(b"password: hunter2", content_type))


@pytest.mark.requirement("ANS-FILES")
@pytest.mark.parametrize(
    ("promised", "content_type", "media_type"),
    [
        ("image/png", "image/png", "image/png"),
        ("image/png", "", "image/png"),
        ("image/png", "application/octet-stream", "image/png"),
        ("*/*", "audio/wav; rate=8000", "audio/wav"),
        ("application/octet-stream", "", "application/octet-stream"),
        ("application/json", "application/pdf", "application/pdf"),
        ("application/json", "application/octet-stream", "application/octet-stream"),
    ],
)
def test_a_file_stands_beside_what_is_told_of_it(
    promised: str, content_type: str, media_type: str
) -> None:
    told = read(get(promised), answered(PNG, content_type))

    assert told == {"file": {"media_type": media_type, "bytes": 9}}
    assert isinstance(told, WithFiles)
    assert told.attachments == (Attachment(PNG, media_type),)


@pytest.mark.requirement("ANS-FILES")
@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="a b.pdf"', "a b.pdf"),
        ("attachment; filename*=UTF-8''Z%C3%BCrich.pdf; filename=Z.pdf", "Zürich.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="C:\\x\\y.pdf"', "y.pdf"),
        ("attachment; filename*=no-such''x.pdf", "x.pdf"),
        ("inline", None),
        ('attachment; filename="' + "x" * 500 + '"', "x" * 128),
    ],
)
def test_a_file_has_the_plain_name_that_the_upstream_gives_it(
    disposition: str, name: str | None
) -> None:
    told = read(get("application/pdf"), answered(b"%PDF", "", content_disposition=disposition))
    file = told["file"]

    assert isinstance(file, dict)
    assert file.get("name") == name


@pytest.mark.requirement("ANS-FILE-CAP")
def test_a_file_above_its_cap_fails_a_read_and_never_a_write() -> None:
    answer = Answer(media_type="application/zip", max_file_bytes=3)
    sent = UpstreamAnswer(200, b"1234", "application/zip")
    cut = UpstreamAnswer(200, b"123", "application/zip", is_cut=True, size=9_000_000)

    with pytest.raises(UpstreamMalformed, match="application/zip, 4 bytes"):
        read(Endpoint("GET", "/", answer=answer, reads=True), sent)
    told = read(Endpoint("POST", "/", answer=answer), cut)
    assert told["ok"] is True
    assert "application/zip, 9000000 bytes, was not handed on" in str(told["note"])


@pytest.mark.requirement("ANS-JSON-KINDS")
def test_a_null_is_an_answer() -> None:
    assert read(get(), answered(b"null", "application/json")) == {"value": None}


@pytest.mark.requirement("ANS-LOCATION")
@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/jobs/7?full=1", {"location": "/jobs/7?full=1"}),
        ("https://api.example/jobs/7", {"location": "https://api.example/jobs/7"}),
        ("http://10.0.0.3:8080/jobs/7?full=1", {"location": "/jobs/7?full=1"}),
        ("http://[", {}),
        ("/" + "x" * 3000, {}),
    ],
)
def test_a_write_without_a_body_tells_where_its_thing_is(location: str, told: JsonObject) -> None:
    sent = UpstreamAnswer(202, b"", "", {"location": location})

    assert read(Endpoint("POST", "/"), sent) == {"ok": True, "status": 202, **told}


@pytest.mark.requirement("ANS-REDIRECT")
def test_a_documented_redirect_tells_where_it_leads() -> None:
    sent = UpstreamAnswer(302, b"", "", {"location": "https://files.example/a?sig=1"})
    told: JsonObject = {"status": 302, "location": "https://files.example/a?sig=1"}

    assert read(get(tells_redirects=True), sent) == told
