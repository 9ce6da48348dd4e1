"""Credentials: found, and never repeated."""

import json

import pytest

from tests.generator.lint.small import TOOLS, advised, build_small, found, told
from treenail_generator.build import Built
from treenail_generator.lint import as_json, lint

RANDOM = "kQ7vZ2mX9pR4tW8sB3nL"

# Put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA1c7",
    "an AWS access key": "AKIA" + "Q7VZ2MX9PR4TW8SB",
    "a GitHub token": "ghp_" + RANDOM + RANDOM,
    "a Slack token": "xoxb-" + "123456789012-" + RANDOM,
    "a Stripe key": "sk_live_" + RANDOM,
    "a Google API key": "AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",
    "an API key": "sk-proj-" + RANDOM,
    "a JSON Web Token": "eyJhbGciOiJIUzI1NiJ9." + "eyJpc3MiOiJzaG9wIn0." + RANDOM,
    "a bearer token": "Authorization: Bearer " + RANDOM + "x",
    "Basic credentials": "Authorization: Basic " + "YWRhOmxvdmVsYWNlMTIz",
    "a password in a URL": "postgres://ada:" + "lovelace@db.shop.test/orders",
}


def valued(name: str, value: str) -> Built:
    """An operation whose documentation gives `value` as an example of `name`."""
    paths = f"""
        /orders:
          get:
            operationId: listOrders
            parameters: [{{name: {name}, in: query, example: "{value}", schema: {{type: string}}}}]
            responses: {{'200': {{description: Done.}}}}
    """
    return build_small(
        "- {operation: listOrders, name: list_orders, title: List, description: Finds orders.}",
        paths=paths,
    )


@pytest.mark.parametrize(("kind", "secret"), SECRETS.items())
def test_secret_in_the_connector_file_is_an_error_and_never_printed(kind: str, secret: str) -> None:
    built = advised(f"Use {secret} here.")
    findings = lint(built)
    printed = "\n".join(map(str, findings)) + json.dumps(as_json(findings, built))

    assert told(found("secrets", built)) == [("error", "", f"what looks like {kind} stands here")]
    assert found("secrets", built)[0].location.line == 9
    assert not [part for part in secret.split() if len(part) > 12 and part in printed]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer <token>",
        "Authorization: Bearer YOUR_ACCESS_TOKEN_HERE_1",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "-----BEGIN PRIVATE KEY-----\n...",
        "https://{user}:{password}@shop.test",
        "Bearer authentication is described elsewhere.",
        "Basic understanding of orders is enough.",
        "3f2b8c1e-5a77-4d0e-9b1a-6f1c2d3e4f50",
    ],
)
def test_placeholder_passes(text: str) -> None:
    assert found("secrets", advised(text)) == []


@pytest.mark.parametrize("name", ["password", "api_key", "accessToken", "X-Client-Secret"])
def test_random_value_of_what_is_called_a_secret_is_found_in_the_document(name: str) -> None:
    findings = found("secrets", valued(name, RANDOM))

    assert [(each.severity, each.message) for each in findings] == [
        ("warning", "what looks like the value of a secret stands here")
    ]
    assert findings[0].location.file == "specs/shop.yaml"
    assert RANDOM not in "".join(map(str, lint(valued(name, RANDOM))))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order_id", RANDOM),
        ("page_token", RANDOM),
        ("token_url", "https://shop.test/oauth2/token/v1"),
        ("password", "correct-horse-battery"),
        ("password", "hunter2"),
        ("api_key", "your-api-key-0123456789"),
        ("sort_key", RANDOM),
    ],
)
def test_value_that_is_no_secret_passes(name: str, value: str) -> None:
    assert found("secrets", valued(name, value)) == []


def test_document_text_that_the_agent_gets_is_an_error() -> None:
    secret = "ghp_" + RANDOM + RANDOM
    paths = f"""
        /orders:
          get:
            operationId: listOrders
            parameters: [{{name: a, in: query, description: "{secret}", schema: {{type: string}}}}]
            responses: {{'200': {{description: Done.}}}}
    """
    tools = "- {operation: listOrders, name: list_orders, title: L, description: Finds orders.}"

    assert [each.severity for each in found("secrets", build_small(tools, paths=paths))] == [
        "error"
    ]


def test_password_written_out_under_auth_is_an_error() -> None:
    top = """
auth: {kind: basic, username: "{user}", password: lovelace}
login: {fields: [{name: user, label: User}]}
"""
    built = build_small(TOOLS, top=top)

    assert [(each.message, str(each.location)) for each in found("secrets", built)] == [
        ("`auth.password` is written out", "connectors/shop.yaml:8:51")
    ]


def test_credentials_that_name_login_fields_pass() -> None:
    top = """
auth: {kind: basic, username: "{user}", password: "{password}"}
login: {fields: [{name: user, label: User}, {name: password, label: Password, type: password}]}
"""

    assert found("secrets", build_small(top=top)) == []


def test_api_without_passwords_passes() -> None:
    """Some APIs take the key as the user name, and nothing or a letter as the password."""
    top = """
auth: {kind: basic, username: "{key}", password: "x"}
login: {fields: [{name: key, label: Key, type: password}]}
"""

    assert found("secrets", build_small(top=top)) == []
