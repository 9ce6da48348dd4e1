"""`gen diff` and `gen docs` of how connections prove who is calling."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.project import STATUS, case_project, replace, run, told

AGAIN: Final = "people have to log in again"
FILE: Final = "connectors/shop.yaml"
PROVIDER: Final = "{authorize_url: https://login.test/auth, token_url: https://login.test/token}"
CODE: Final = f"kind: oauth2_authorization_code, provider: {PROVIDER}"
CLIENT: Final = "kind: oauth2_client_credentials, provider: {token_url: https://login.test/token}"
BASIC: Final = 'kind: basic, username: "{user}", password: "{word}"'
KEY: Final = 'kind: api_key, in: header, name: X-Key, value: "{word}"'
OWN_KEY: Final = 'kind: api_key, in: header, name: X-Key, value: "{user}"'
BEARER: Final = 'kind: bearer, value: "{word}"'
CODE_NAME: Final = "oauth2_authorization_code"
CLIENT_NAME: Final = "oauth2_client_credentials"


def chain(*ways: str, use: str = "first") -> str:
    return f"kind: chain, use: {use}, schemes: [{', '.join(f'{{{way}}}' for way in ways)}]"


def text(auth: str) -> str:
    """A connector file with that `auth`."""
    fields = "".join(
        f"    - {{name: {name}, label: {name}, required: false}}\n"
        for name in ("user", "word")
        if f"{{{name}}}" in auth
    )
    return (
        "schema: 1\nname: shop\ntitle: Shop\nversion: 1.0.0\ninstructions: Try it.\n"
        "spec: specs/spec.json\n"
        'servers: {default: eu, regions: {eu: {url: "https://shop.test", title: EU}}}\n'
        f"auth: {{{auth}}}\n"
        + (f"login:\n  fields:\n{fields}" if fields else "")
        + "tools:\n  - {operation: ping, name: ping, description: Tells whether it is there.}\n"
    )


def project(folder: Path, auth: str) -> Path:
    """A project whose connector was built with that `auth`."""
    document: dict[str, Any] = {
        "openapi": "3.1.1",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": "https://shop.test"}],
        "paths": {
            "/ping": {"get": {"operationId": "ping", "responses": {"204": {"description": "y"}}}}
        },
    }
    for name in ("connectors", "specs"):
        (folder / name).mkdir()
    (folder / "specs/spec.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / FILE).write_text(text(auth), encoding="utf-8")
    built = run(folder, "build", "shop")
    assert built.exit_code == 0, built.output
    return folder


def scoped(way: str, scopes: str) -> str:
    return f"{way}, scopes: [{scopes}]"


CHANGES: Final[dict[str, tuple[str, str, list[tuple[str, str]]]]] = {
    "a scope more": (
        scoped(CODE, "read"),
        scoped(CODE, "read, write"),
        [("breaking", f"{CODE_NAME}: it asks for the scope write, too: {AGAIN}")],
    ),
    "a scope less": (
        scoped(CODE, "read, write"),
        scoped(CODE, "read"),
        [("compatible", f"{CODE_NAME}: it no longer asks for the scope write")],
    ),
    "a scope more of the client": (
        scoped(CLIENT, "read"),
        scoped(CLIENT, "read, write"),
        [("compatible", f"{CLIENT_NAME}: it asks for the scope write, too")],
    ),
    "another provider": (
        CODE,
        CODE.replace("token_url: https://login.test", "token_url: https://id.test"),
        [
            (
                "breaking",
                (
                    f"{CODE_NAME}: the provider is https://id.test/token now, and tokens of"
                    f" https://login.test/token are not shown to it: {AGAIN}"
                ),
            )
        ],
    ),
    "another page of the same provider": (
        CODE,
        CODE.replace("test/auth", "test/authorize"),
        [
            (
                "compatible",
                (
                    f"{CODE_NAME}: authorize_url changes: https://login.test/auth ->"
                    " https://login.test/authorize"
                ),
            )
        ],
    ),
    "a parameter": (
        CODE,
        f"{CODE}, parameters: {{prompt: consent}}",
        [("compatible", f"{CODE_NAME}: parameter prompt changes: unsaid -> consent")],
    ),
    "another header": (
        KEY,
        KEY.replace("X-Key", "X-Token"),
        [("compatible", "api_key: place changes: header X-Key -> header X-Token")],
    ),
    "a login field more": (
        BEARER,
        BEARER.replace("{word}", "{user}.{word}"),
        [
            ("breaking", f"bearer: it takes the login field user, too: {AGAIN}"),
            ("compatible", "bearer: token changes: {word} -> {user}.{word}"),
        ],
    ),
    "another kind": (
        KEY,
        BASIC,
        [
            (
                "breaking",
                "api_key is no way to log in any more; who connected by it has to log in again",
            ),
            ("compatible", "basic is a new way to log in"),
        ],
    ),
    "a kind beside it": (
        BEARER,
        chain(BEARER, CODE),
        [("compatible", f"{CODE_NAME} is a new way to log in")],
    ),
    "a kind that goes along": (
        BEARER,
        chain(BEARER, KEY.replace("{word}", "{user}"), use="all"),
        [("breaking", f"each request takes api_key, too: {AGAIN}")],
    ),
    "all in place of one": (
        chain(BASIC, OWN_KEY),
        chain(BASIC, OWN_KEY, use="all"),
        [("breaking", f"all ways go with each request now: {AGAIN}")],
    ),
    "one in place of all": (
        chain(BASIC, OWN_KEY, use="all"),
        chain(BASIC, OWN_KEY),
        [("compatible", "one way is enough now")],
    ),
    "another order": (
        chain(BEARER, CODE),
        chain(CODE, BEARER),
        [("compatible", f"the ways are tried in another order: {CODE_NAME}, bearer")],
    ),
    "a login where there was none": (
        "kind: none",
        BEARER,
        [("breaking", "bearer: people have to log in now")],
    ),
    "no login any more": ("kind: none", "kind: none", []),
    "none where there was one": (
        BEARER,
        "kind: none",
        [("compatible", "nobody has to log in any more")],
    ),
}


@pytest.mark.requirement("DIFF-LOGIN", "GEN-DRIFT")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_login_is_told(
    tmp_path: Path, change: tuple[str, str, list[tuple[str, str]]]
) -> None:
    before, after, expected = change
    made = project(tmp_path, before)
    (made / FILE).write_text(text(after), encoding="utf-8")

    result, checked = run(made, "diff", "shop", "--json"), run(made, "check", "shop")

    found = told(result)
    assert found["changes"] == [
        {"tool": "", "severity": severity, "message": message} for severity, message in expected
    ]
    assert result.exit_code == STATUS[found["severity"]]
    assert checked.exit_code == (1 if before != after else 0)


@pytest.mark.requirement("DIFF-LOGIN")
def test_people_read_that_it_is_about_the_login(tmp_path: Path) -> None:
    made = project(tmp_path, scoped(CODE, "read"))
    (made / FILE).write_text(
        text(scoped(CODE, "read, write")).replace("name: ping", "name: pong"), encoding="utf-8"
    )

    plain = run(made, "diff", "shop").stdout
    page = run(made, "diff", "shop", "--format", "markdown").stdout

    assert plain.startswith(f"breaking    the login: {CODE_NAME}: it asks for the scope write")
    assert "breaking    ping: the tool is gone\n" in plain
    assert page.startswith("### Tools of shop: breaking in the login and 1 tool\n")
    assert f"| the login | {CODE_NAME}: it asks for the scope write, too" in page


@pytest.mark.requirement("DIFF-LOGIN")
def test_a_lock_from_before_is_read_and_tells_nothing_of_the_login(tmp_path: Path) -> None:
    made = project(tmp_path, BEARER)
    path = made / "connectors/shop.lock"
    lock = json.loads(path.read_text(encoding="utf-8"))
    del lock["auth"]
    path.write_text(json.dumps(lock), encoding="utf-8")
    (made / FILE).write_text(text(CODE), encoding="utf-8")

    result, checked = run(made, "diff", "shop", "--json"), run(made, "check", "shop")

    assert (result.exit_code, told(result)["changes"]) == (0, [])
    assert checked.exit_code == 1


@pytest.mark.requirement("DIFF-LOGIN")
def test_a_document_that_says_nothing_of_the_login_changes_nothing_of_it(tmp_path: Path) -> None:
    made = project(tmp_path, CODE)

    result = run(made, "diff", "shop", "--spec", str(made / "specs/spec.json"), "--json")

    assert (result.exit_code, told(result)["changes"]) == (0, [])


PAGES: Final[dict[str, list[str]]] = {
    "minimal": ["The upstream asks for no credentials."],
    "auth_oauth_code": [
        "| Login at the provider (OAuth 2.0) | the provider's page | header `Authorization` |",
        (
            "Login at the provider (OAuth 2.0), at"
            " `https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example` (preset `cognito`):"
        ),
        "| token_url | `https://login.example.com/token` |",
        "| scopes | `openid`, `read` |",
        "| parameter prompt | `consent` |",
        (
            "| client | `AUTH_OAUTH_CODE_OAUTH_CLIENT_ID` and `AUTH_OAUTH_CODE_OAUTH_CLIENT_SECRET`,"
            " or the instance's own |"
        ),
    ],
    "auth_oauth_client": [
        (
            "| Token of the client (OAuth 2.0) | `client_id`, `client_secret` |"
            " header `Authorization` |"
        ),
        "| scopes | `read` |",
        "| parameter audience | `https://api.example.com` |",
    ],
    "auth_chain_all": [
        "All of these go with each request:",
        "| API key | `tenant` | header `X-Tenant` |",
        "| API key | `session` | cookie `sid` |",
    ],
    "auth_chain": ["The first of these goes with a request for which the person has given"],
}


@pytest.mark.requirement("DOCS-PAGE")
@pytest.mark.parametrize("case", PAGES)
def test_the_page_tells_how_people_log_in(tmp_path: Path, case: str) -> None:
    made = case_project(case, tmp_path)

    page = run(made, "docs", case, "--output", "-").stdout

    assert [line for line in PAGES[case] if line not in page] == []


@pytest.mark.requirement("DOCS-PAGE", "NO-SECRETS")
def test_the_page_tells_fields_and_no_template(tmp_path: Path) -> None:
    made = case_project("auth_bearer", tmp_path)
    replace(made / "connectors/auth_bearer.yaml", 'value: "{', 'value: "half-a-secret-{')

    page = run(made, "docs", "auth_bearer", "--output", "-").stdout

    assert "| Bearer token | `" in page
    assert "half-a-secret" not in page
