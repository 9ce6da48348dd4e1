"""Dynamic registration: what may be said, what is made of it, and who may say it (RFC 7591)."""

from typing import Any

import pytest
from pydantic import SecretStr

from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.policy import OAuthPolicy
from treenail_runtime.auth.records import Instance
from treenail_runtime.auth.registration import (
    Registration,
    decide_registration,
    register_client,
    registration_answer,
)
from treenail_runtime.crypto.opaque import digest, is_well_formed

INSTANCE = Instance(
    id="default",
    connector="sample",
    title="Sample",
    issuer="https://as.example",
    resource="https://as.example/mcp",
    mcp_path="/mcp",
    base_path="",
    token_prefix="smpl",  # noqa: S106  # public
    scopes={"mcp.tools.read": "Look", "mcp.tools.call": "Change"},
    default_scopes=frozenset({"mcp.tools.call"}),
)
POLICY = OAuthPolicy(https=True, redirect_schemes=frozenset({"cursor"}))
MINIMAL: dict[str, Any] = {"redirect_uris": ["http://127.0.0.1:3000/cb"]}


def registered(value: object, policy: OAuthPolicy = POLICY) -> Registration:
    return register_client(value, client_id="c1", instance=INSTANCE, policy=policy)


def told(value: object) -> dict[str, object]:
    return dict(registration_answer(registered(value), 1_700_000_000))


def refused(value: object) -> str:
    with pytest.raises(OAuthError) as caught:
        registered(value)
    assert caught.value.status == 400
    return caught.value.error


@pytest.mark.requirement("AS-23", "AS-24")
def test_what_todays_clients_send_makes_a_public_native_client() -> None:
    answer = told(
        {
            "client_name": "MCP Inspector",
            "client_uri": "https://inspector.example/",
            "redirect_uris": ["http://localhost:6274/oauth/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
            "scope": "mcp.tools.call offline_access",
            "logo_uri": "",
            "contacts": [],
            "software_id": "x",
            "somethingElse": {"a": [1]},
        }
    )

    assert answer == {
        "client_id": "c1",
        "client_id_issued_at": 1_700_000_000,
        "client_name": "MCP Inspector",
        "client_uri": "https://inspector.example/",
        "redirect_uris": ["http://localhost:6274/oauth/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "scope": "mcp.tools.call offline_access",
    }


def test_the_only_thing_that_must_be_said_is_where_answers_go() -> None:
    registration = registered(MINIMAL)

    assert registration.client.name == "127.0.0.1"
    assert registration.client.scopes is None
    assert registration.client.instance_id == "default"
    assert registration.client.grant_types == {"authorization_code", "refresh_token"}


@pytest.mark.requirement("AS-01", "S1-34", "AS-14")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_confidential_client_gets_a_secret_of_which_we_keep_the_digest(method: str) -> None:
    registration = registered({**MINIMAL, "token_endpoint_auth_method": method})
    answer = registration_answer(registration, 1)
    secret = answer["client_secret"]

    assert isinstance(secret, str)
    assert is_well_formed(secret, "sec")
    assert answer["client_secret_expires_at"] == 0
    assert answer["token_endpoint_auth_method"] == method
    assert registration.client.secret_digest == digest(secret)
    assert secret not in repr(registration)


@pytest.mark.parametrize(
    ("members", "method"),
    [
        ({}, "none"),
        ({"redirect_uris": ["https://a.example/cb"]}, "client_secret_basic"),
        ({"token_endpoint_auth_method": ["private_key_jwt", "none"]}, "none"),
        (
            {
                "token_endpoint_auth_method": "private_key_jwt",
                "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"],
            },
            "none",
        ),
        (
            {"token_endpoint_auth_method": ["tls_client_auth", "client_secret_post", "none"]},
            "client_secret_post",
        ),
        ({"token_endpoint_auth_method": ""}, "none"),
    ],
)
@pytest.mark.requirement("T-039")
def test_the_method_is_the_first_that_both_sides_know(members: dict[str, Any], method: str) -> None:
    assert registered({**MINIMAL, **members}).client.auth_method == method


@pytest.mark.parametrize(
    ("uris", "expected"),
    [
        (["http://127.0.0.1/cb"], "native"),
        (["cursor://x/cb"], "native"),
        (["https://localhost/cb"], "native"),
        (["https://vscode.dev/redirect", "http://127.0.0.1:33418/"], "native"),
        (["https://a.example/cb"], "web"),
    ],
)
@pytest.mark.requirement("AS-24")
def test_an_application_that_takes_answers_on_the_machine_is_native(
    uris: list[str], expected: str
) -> None:
    assert registered({"redirect_uris": uris}).client.application_type == expected


@pytest.mark.parametrize(
    "uris",
    [
        ["http://evil.example/cb"],
        ["https://a.example/cb", "javascript:alert(1)"],
        ["https://a.example/cb#x"],
        ["other://x/cb"],
        [],
        ["http://127.0.0.1/cb"] * 11,
        [f"https://a.example/{'x' * 2048}"],
        [1],
        "https://a.example/cb",
        None,
    ],
)
@pytest.mark.requirement("AS-10", "T-015", "T-018", "T-041")
def test_a_redirect_uri_that_could_lead_elsewhere_is_refused(uris: object) -> None:
    assert refused({"redirect_uris": uris}) == "invalid_redirect_uri"


@pytest.mark.requirement("AS-24")
def test_a_web_application_on_loopback_is_refused() -> None:
    assert refused({**MINIMAL, "application_type": "web"}) == "invalid_redirect_uri"


@pytest.mark.parametrize(
    "members",
    [
        {"client_name": "x" * 257},
        {"client_name": "<script>alert(1)</script>"},
        {"client_name": "Claude\u202egnp.exe"},
        {"client_name": "Claude\nTrusted: yes"},
        {"client_name": "Cla\u200bude"},
        {"client_name": "\u2066x"},
        {"client_name": "a\0b"},
        {"client_name": 1},
        {"logo_uri": "javascript:alert(1)"},
        {"logo_uri": "http://a.example/logo.png"},
        {"client_uri": "https://u:p@a.example/"},
        {"tos_uri": "data:text/html,x"},
        {"policy_uri": "https://localhost/x"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": ["tls_client_auth"]},
        {"token_endpoint_auth_method": 7},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["implicit", "password"]},
        {"grant_types": ["authorization_code"] * 21},
        {"response_types": ["token"]},
        {"scope": "admin"},
        {"scope": "mcp.tools.call admin"},
        {"scope": " ".join(map(str, range(51)))},
        {"scope": ["mcp.tools.call"]},
        {"application_type": "service"},
    ],
)
@pytest.mark.requirement("T-041")
def test_metadata_out_of_bounds_is_refused_without_quoting_it(members: dict[str, Any]) -> None:
    assert refused({**MINIMAL, **members}) == "invalid_client_metadata"


@pytest.mark.parametrize("value", [None, [], "x", 1, [MINIMAL]])
@pytest.mark.requirement("T-041")
def test_what_is_no_object_is_no_metadata(value: object) -> None:
    assert refused(value) == "invalid_client_metadata"


@pytest.mark.requirement("T-041")
def test_a_refusal_repeats_nothing_that_was_received() -> None:
    with pytest.raises(OAuthError) as caught:
        registered({**MINIMAL, "client_name": "\u202eMARKER"})
    assert "MARKER" not in str(caught.value)
    assert caught.value.description.isascii()


def test_grant_types_that_we_do_not_know_are_left_out() -> None:
    value = {**MINIMAL, "grant_types": ["authorization_code", "client_credentials"]}

    assert told(value)["grant_types"] == ["authorization_code"]


@pytest.mark.requirement("T-041")
def test_a_key_set_is_neither_fetched_nor_kept() -> None:
    assert "jwks_uri" not in told({**MINIMAL, "jwks_uri": "http://169.254.169.254/keys"})


@pytest.mark.parametrize(
    ("authorization", "verdict"),
    [
        ("Bearer the-initial-token", "open"),
        ("bearer the-initial-token", "open"),
        ("Bearer the-initial-toke", "unauthorized"),
        ("Bearer the-initial-token2", "unauthorized"),
        ("Basic the-initial-token", "unauthorized"),
        ("Bearer", "unauthorized"),
        ("Bearer ", "unauthorized"),
        ("", "unauthorized"),
        (None, "unauthorized"),
        ("Bearer t\u00f6ken", "unauthorized"),
    ],
)
@pytest.mark.requirement("AS-23")
def test_with_an_initial_access_token_only_its_holders_register(
    authorization: str | None, verdict: str
) -> None:
    policy = OAuthPolicy(
        https=True, registration="token", registration_token=SecretStr("the-initial-token")
    )

    assert decide_registration(policy, authorization) == verdict


@pytest.mark.requirement("AS-23")
def test_registration_can_be_open_or_off() -> None:
    assert decide_registration(OAuthPolicy(https=True), None) == "open"
    assert decide_registration(OAuthPolicy(https=True, registration="off"), "x") == "absent"


def test_a_mode_without_its_token_admits_nobody() -> None:
    policy = OAuthPolicy(https=True, registration="token")
    assert decide_registration(policy, "Bearer ") == "unauthorized"
    empty = OAuthPolicy(https=True, registration="token", registration_token=SecretStr(""))
    assert decide_registration(empty, "Bearer ") == "unauthorized"
