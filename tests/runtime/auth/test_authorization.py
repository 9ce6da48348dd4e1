"""/authorize as a decision: what the order of the checks is worth, and who still counts."""

from dataclasses import replace

import pytest

from treenail_runtime.auth.authorization import (
    Asked,
    LocalRefusal,
    RedirectRefusal,
    decide_authorization,
    named_client,
    still_holds,
)
from treenail_runtime.auth.records import AuthorizationRequest, Client, Instance

REDIRECT = "https://app.example/cb"
CLIENT = Client(client_id="app-1", kind="dynamic", name="App", redirect_uris=(REDIRECT,))
INSTANCE = Instance(
    id="default",
    connector="sample",
    title="Sample",
    issuer="https://mcp.example",
    resource="https://mcp.example/mcp",
    mcp_path="/mcp",
    base_path="",
    token_prefix="sample",  # noqa: S106  # no password
    scopes={"mcp.tools.read": "Read", "mcp.tools.call": "Call"},
    default_scopes=frozenset({"mcp.tools.call"}),
)
RIGHT = {
    "response_type": "code",
    "client_id": "app-1",
    "redirect_uri": REDIRECT,
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
    "state": "s",
}


def decided(
    client: Client = CLIENT, /, **changes: str
) -> AuthorizationRequest | RedirectRefusal | LocalRefusal:
    parameters = {name: value for name, value in {**RIGHT, **changes}.items() if value}
    return decide_authorization(Asked(parameters=parameters), client, INSTANCE)


@pytest.mark.requirement("S1-17")
def test_a_right_request_is_taken_whole() -> None:
    assert decided() == AuthorizationRequest(
        instance_id="default",
        client_id="app-1",
        redirect_uri=REDIRECT,
        redirect_explicit=True,
        state="s",
        code_challenge=RIGHT["code_challenge"],
        scopes=frozenset({"mcp.tools.call"}),
        resource="https://mcp.example/mcp",
    )


def test_an_address_that_was_not_sent_is_known_as_such() -> None:
    request = decided(redirect_uri="")

    assert isinstance(request, AuthorizationRequest)
    assert (request.redirect_uri, request.redirect_explicit) == (REDIRECT, False)


def wrong(client: Client = CLIENT, uri: str = REDIRECT) -> object:
    """What comes of a request with which nothing is right."""
    return decided(
        client, redirect_uri=uri, response_type="token", scope="admin", code_challenge=""
    )


@pytest.mark.requirement("AS-08")
def test_nothing_is_redirected_before_client_and_address_are_proven() -> None:

    assert wrong(uri="https://evil.example/") == LocalRefusal("redirect")
    assert wrong(replace(CLIENT, disabled=True)) == LocalRefusal("unknown client")
    assert wrong(replace(CLIENT, instance_id="other")) == LocalRefusal("unknown client")
    assert isinstance(wrong(), RedirectRefusal)


def test_a_client_without_the_grant_is_told_so() -> None:
    refused = decided(replace(CLIENT, grant_types=frozenset({"refresh_token"})))

    assert isinstance(refused, RedirectRefusal)
    assert refused.error == "unauthorized_client"


def test_a_client_gets_no_scope_that_is_not_its_own() -> None:
    client = replace(CLIENT, scopes=frozenset({"mcp.tools.read"}))

    refused = decided(client, scope="mcp.tools.call")

    assert isinstance(refused, RedirectRefusal)
    assert refused.error == "invalid_scope"


@pytest.mark.requirement("T-008")
def test_a_repeated_client_names_nobody() -> None:
    asked = Asked(parameters=RIGHT, repeated=frozenset({"client_id"}))

    assert named_client(asked) == LocalRefusal("repeated client")
    assert named_client(Asked(parameters={})) == LocalRefusal("no client")
    assert named_client(Asked(parameters=RIGHT)) == "app-1"


@pytest.mark.requirement("T-027", "PX-05")
def test_what_was_proven_is_proven_again_before_the_code() -> None:
    request = decided()
    assert isinstance(request, AuthorizationRequest)

    assert still_holds(request, CLIENT, INSTANCE)
    assert not still_holds(request, replace(CLIENT, disabled=True), INSTANCE)
    assert not still_holds(request, replace(CLIENT, redirect_uris=(f"{REDIRECT}/",)), INSTANCE)
