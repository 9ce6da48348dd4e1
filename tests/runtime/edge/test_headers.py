"""What a browser is told about an answer, word for word."""

import pytest

from treenail_runtime.edge.headers import (
    json_headers,
    metadata_headers,
    page_headers,
)

HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
COMMON = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.requirement("T-065", "AS-36", "S3-25", "S3-26")
def test_a_page_can_be_framed_by_nobody_and_runs_no_script() -> None:
    headers = page_headers(["https://agent.example/cb?x=1"], https=True)

    assert headers == COMMON | HSTS | {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self';"
            " form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'"
        ),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


@pytest.mark.requirement("AS-29", "S3-25")
def test_an_answer_of_an_endpoint_is_kept_by_nobody() -> None:
    assert json_headers(https=True) == COMMON | HSTS | {
        "Cache-Control": "no-store",
        "Content-Security-Policy": NOTHING,
    }


@pytest.mark.requirement("T-155")
def test_discovery_may_be_kept_for_five_minutes() -> None:
    assert metadata_headers(https=True) == COMMON | HSTS | {
        "Cache-Control": "public, max-age=300",
        "Content-Security-Policy": NOTHING,
    }


def test_plain_http_promises_no_https() -> None:
    found = [
        json_headers(https=False),
        metadata_headers(https=False),
        page_headers(https=False),
    ]

    assert not any("Strict-Transport-Security" in each for each in found)


@pytest.mark.requirement("T-065", "T-028")
@pytest.mark.parametrize(
    ("uri", "targets"),
    [
        ("https://agent.example/cb", "'self' https:"),
        ("https://agent.example:8443?x", "'self' https:"),
        ("http://127.0.0.1:3000/cb", "'self' http://127.0.0.1:3000 https:"),
        ("http://localhost/cb#x", "'self' http://localhost https:"),
        ("http://[::1]:3000/cb", "'self' http: https:"),
        ("cursor://anysphere.cursor/cb", "'self' cursor: https:"),
        ("com.example.app:/cb", "'self' com.example.app: https:"),
        ("https://user@evil.example/", "'self'"),
        ("https://a.example;script-src */", "'self'"),
        ("https://a.example https://b.example/", "'self'"),
        ("https://a.example\r\nX: y/", "'self'"),
        ("https://*.example/", "'self'"),
        ("javascript:alert(1)", "'self'"),
        ("data:text/html,x", "'self'"),
        ("//a.example/", "'self'"),
        ("", "'self'"),
    ],
)
def test_only_what_a_policy_can_name_becomes_part_of_it(uri: str, targets: str) -> None:
    policy = page_headers([uri], https=True)["Content-Security-Policy"]

    assert f"; form-action {targets}; frame-ancestors" in policy
