"""Client ID metadata documents: which URLs, which contents, and for how long."""

import json
from typing import Any

import pytest

from treenail_runtime.auth.client_documents import (
    DocumentError,
    document_host,
    etag_of,
    is_admitted,
    is_document_url,
    lifetime_s,
    read_document,
)

URL = "https://client.example/app.json"
DOCUMENT: dict[str, Any] = {
    "client_id": URL,
    "client_name": "Example",
    "redirect_uris": ["https://client.example/cb", "http://127.0.0.1/cb"],
    "token_endpoint_auth_method": "none",
}


def read(**changes: object) -> Any:
    return read_document(URL, json.dumps({**DOCUMENT, **changes}).encode())


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://client.example:8443/app.json",
        "https://client.example/a/b?v=1",
        "https://xn--bcher-kva.example/x",
        f"https://a.example/{'x' * 494}",
    ],
)
@pytest.mark.requirement("T-029", "AS-15")
def test_an_https_url_with_a_path_is_a_clients_id(url: str) -> None:
    assert is_document_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "app",
        "http://client.example/app.json",
        "HTTPS://client.example/app.json",
        "https://Client.example/app.json",
        "https://client.example",
        "https://client.example/",
        "https://client.example?x=1",
        "https://client.example/?x=1",
        "https://client.example/app.json#",
        "https://client.example/app.json#x",
        "https://u@client.example/app.json",
        "https://u:p@client.example/app.json",
        "https://client.example/../app.json",
        "https://client.example/a/./app.json",
        "https://client.example/%2e%2e/app.json",
        "https://client.example/..;/app.json",
        "https://client.example:0/app.json",
        "https://client.example:65536/app.json",
        "https://client.example:/app.json",
        "https://client.example:0443/app.json",
        "https://client.example\\app.json",
        "https://client.example/app json",
        "https://client.example/app.json\n",
        "https:///app.json",
        "https:/client.example/app.json",
        "https://*.example/app.json",
        "https://2130706433/app.json",
        "https://127.1/app.json",
        "https://0x7f000001/app.json",
        "https://b\u00fccher.example/x",
        f"https://a.example/{'x' * 495}",
        "javascript://client.example/app.json",
    ],
)
@pytest.mark.requirement("T-029")
def test_any_other_spelling_is_not(url: str) -> None:
    assert not is_document_url(url)


@pytest.mark.requirement("AS-15", "AS-17", "AS-18")
def test_a_document_makes_a_public_client() -> None:
    client = read(scope="openid profile", logo_uri="https://client.example/l.png", unknown=[1])

    assert client.client_id == URL
    assert client.kind == "document"
    assert client.name == "Example"
    assert client.redirect_uris == ("https://client.example/cb", "http://127.0.0.1/cb")
    assert client.is_public
    assert client.scopes is None


@pytest.mark.parametrize(
    "name",
    [
        "Ti\u1ebfng Vi\u1ec7t",
        "Tie\u0302\u0301ng",
        "\u05e9\u05bc\u05b8",
        "\u2764\ufe0f",
        "\u0e17\u0e35\u0e48",
    ],
)
@pytest.mark.requirement("AS-17")
def test_names_of_living_scripts_are_taken(name: str) -> None:
    assert read(client_name=name).name == name


@pytest.mark.requirement("T-039")
def test_a_document_that_offers_a_key_or_nothing_is_taken_with_nothing() -> None:
    offered = {
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
        "jwks_uri": "https://client.example/keys",
    }
    client = read(**offered)
    assert client.auth_method == "none"


@pytest.mark.parametrize(
    "client_id",
    [
        "https://client.example/App.json",
        "https://client.example/app.json/",
        "https://client.example:443/app.json",
        "https://client.example/app.json#",
        "https://evil.example/app.json",
        "",
        None,
        [URL],
    ],
)
@pytest.mark.requirement("AS-16")
def test_a_document_must_name_its_own_url(client_id: object) -> None:
    with pytest.raises(DocumentError, match="another client_id"):
        read(client_id=client_id)


@pytest.mark.parametrize("member", ["client_id", "client_name", "redirect_uris"])
@pytest.mark.requirement("AS-18")
def test_a_document_without_a_required_member_is_none(member: str) -> None:
    rest = {name: value for name, value in DOCUMENT.items() if name != member}
    with pytest.raises(DocumentError):
        read_document(URL, json.dumps(rest).encode())


@pytest.mark.parametrize(
    "changes",
    [
        {"client_name": "a\u202eb"},
        {"client_name": "a\u0336\u0353\u0300b"},
        {"client_name": "a\u0300\u20dd\u0300"},
        {"client_name": ""},
        {"redirect_uris": []},
        {"redirect_uris": ["http://client.example/cb"]},
        {"redirect_uris": ["cursor://x/cb"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["http://127.0.0.1/cb"], "application_type": "web"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"client_secret": "x"},
        {"client_secret_expires_at": 0},
        {"grant_types": ["client_credentials"]},
        {"logo_uri": "javascript:alert(1)"},
    ],
)
@pytest.mark.requirement("AS-16", "AS-18", "T-018")
def test_a_document_that_breaks_a_rule_is_none(changes: dict[str, object]) -> None:
    with pytest.raises(DocumentError):
        read(**changes)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"client_id":NaN}',
        b"\xff\xfe{\x00}\x00",
        b'{"client_name":"\xff"}',
        b"[" * 5000,
        b'{"a":' * 1000 + b"1" + b"}" * 1000,
    ],
)
@pytest.mark.requirement("AS-18", "T-148")
def test_what_is_no_json_object_is_no_document(body: bytes) -> None:
    with pytest.raises(DocumentError):
        read_document(URL, body)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 3600),
        ({"cache-control": "max-age=7200"}, 7200),
        ({"cache-control": "Max-Age = 7200 , public"}, 7200),
        ({"cache-control": 'max-age="7200"'}, 7200),
        ({"cache-control": "max-age=7200", "age": "1000"}, 6200),
        ({"cache-control": "max-age=0"}, 300),
        ({"cache-control": "max-age=10"}, 300),
        ({"cache-control": "max-age=-5"}, 300),
        ({"cache-control": "max-age=x"}, 300),
        ({"cache-control": "max-age"}, 300),
        ({"cache-control": "max-age=99999999"}, 86400),
        ({"cache-control": f"max-age={'9' * 5000}"}, 300),
        ({"cache-control": "max-age=600, max-age=7200"}, 600),
        ({"cache-control": "s-maxage=900, max-age=7200"}, 900),
        ({"cache-control": "no-cache"}, 300),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "max-age=7200, No-Store"}, 0),
        ({"expires": "0"}, 300),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 300),
        (
            {
                "date": "Sat, 21 Nov 2026 10:00:00 GMT",
                "expires": "Sat, 21 Nov 2026 12:00:00 GMT",
            },
            7200,
        ),
        (
            {
                "date": "Sat, 21 Nov 2026 10:00:00 GMT",
                "expires": "Sat, 21 Nov 2099 12:00:00 GMT",
            },
            86400,
        ),
        ({"expires": "Sat, 21 Nov 2099 12:00:00 GMT", "cache-control": "max-age=400"}, 400),
        ({"expires": f"Sat, 21 Nov {'9' * 30} 12:00:00 GMT"}, 300),
        ({"expires": "Sat, 21 Nov 2026 12:00:00 +99999999999999999999"}, 300),
        ({"expires": "Sat, 21 Nov 2026 12:00:00 GMT", "date": f"{'9' * 30} Nov 2026"}, 300),
    ],
)
@pytest.mark.requirement("AS-19")
def test_a_document_is_kept_as_its_headers_say_within_our_bounds(
    headers: dict[str, str], seconds: int
) -> None:
    assert lifetime_s(headers) == seconds


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        ('"a"', '"a"'),
        ('W/"a-1"', 'W/"a-1"'),
        ("a", None),
        ('"a\r\nX: y"', None),
        (f'"{"a" * 201}"', None),
        ("", None),
    ],
)
@pytest.mark.requirement("AS-19")
def test_only_a_well_formed_tag_is_sent_back(etag: str, kept: str | None) -> None:
    assert etag_of({"etag": etag}) == kept


@pytest.mark.requirement("AS-22")
def test_the_operator_may_admit_some_domains_only() -> None:
    assert is_admitted(URL, ())
    assert is_admitted(URL, ("other.example", "client.example"))
    assert is_admitted("https://a.client.example/x", ("client.example",))
    assert not is_admitted("https://evilclient.example/x", ("client.example",))
    assert not is_admitted("https://client.example.evil.example/x", ("client.example",))
    assert document_host("https://client.example:8443/x?y") == "client.example"
