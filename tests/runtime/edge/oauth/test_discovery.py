"""What clients find out before they ask: documents that say exactly what is served."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from tests.support.authorizing import Site, authorizing
from tests.support.members import port_of
from tests.support.sample import CONNECTOR
from tests.support.serving import Running
from tests.support.wire import Answer
from treenail_runtime.app.instances import make_instances, make_prefixes
from treenail_runtime.contract import RESERVED_NAMES
from treenail_runtime.settings import ConfigurationError, Settings

SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
RESOURCE = "/.well-known/oauth-protected-resource"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    async with authorizing(tmp_path) as running:
        yield running


async def get(site: Site, path: str, method: str = "GET", **headers: str) -> Answer:
    return await Running(port_of(site)).request(method, path, headers=tuple(headers.items()))


@pytest.mark.requirement(
    "S0-17", "S1-20", "S1-21", "AS-02", "AS-03", "AS-06", "AS-25", "S0-02", "S4-09", "S4-10"
)
async def test_the_server_says_what_it_does_under_both_names(site: Site) -> None:
    base = site.base_url
    found = [(await get(site, path)).json for path in (SERVER, OPENID)]

    assert found[0] == found[1]
    assert found[0] == {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "token_endpoint": f"{base}/token",
        "registration_endpoint": f"{base}/register",
        "revocation_endpoint": f"{base}/revoke",
        "introspection_endpoint": f"{base}/introspect",
        "scopes_supported": ["mcp.tools.read", "mcp.tools.call", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
        ],
        "revocation_endpoint_auth_methods_supported": [
            "none",
            "client_secret_basic",
            "client_secret_post",
        ],
        "introspection_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
    }


@pytest.mark.requirement("AS-04", "RS-01", "RS-03", "V-01", "V-27")
@pytest.mark.parametrize(
    ("path", "mcp", "documents"),
    [
        ("", "/mcp", [SERVER, OPENID]),
        (
            "/sample",
            "/sample/mcp",
            [f"{SERVER}/sample", f"{OPENID}/sample", f"/sample{OPENID}"],
        ),
    ],
)
async def test_an_issuer_is_the_url_that_its_documents_were_derived_from(
    site: Site, path: str, mcp: str, documents: list[str]
) -> None:
    resource = (await get(site, f"{RESOURCE}{mcp}")).json

    assert resource["resource"] == f"{site.base_url}{mcp}"
    assert resource["authorization_servers"] == [f"{site.base_url}{path}"]
    for document in documents:
        told = (await get(site, document)).json
        assert told["issuer"] == f"{site.base_url}{path}"
        assert told["token_endpoint"] == f"{site.base_url}{path}/token"
        urls = [value for value in told.values() if str(value).startswith("http")]
        assert all("//" not in url.removeprefix("http://") for url in urls)
    unauthorized = await Running(port_of(site)).request("POST", mcp)
    assert (
        f'resource_metadata="{site.base_url}{RESOURCE}{mcp}"'
        in (unauthorized.headers["www-authenticate"])
    )


@pytest.mark.requirement("RS-01", "RS-02", "RS-23", "AS-28", "S4-11")
async def test_the_resource_is_also_found_at_the_root_and_offers_no_offline_access(
    site: Site,
) -> None:
    root, by_path = (await get(site, RESOURCE)).json, (await get(site, f"{RESOURCE}/mcp")).json

    assert root == by_path
    assert root["scopes_supported"] == ["mcp.tools.read", "mcp.tools.call"]
    assert root["bearer_methods_supported"] == ["header"]


@pytest.mark.requirement("AS-02", "AS-11")
async def test_the_document_is_valid_by_anothers_reading_of_the_rules(tmp_path: Path) -> None:
    """Authlib checks every member; it wants https, as production has it."""
    async with authorizing(tmp_path, base_url="https://mcp.example.test") as site:
        told: dict[str, Any] = (await get(site, SERVER, Host="mcp.example.test")).json

    AuthorizationServerMetadata(told).validate()
    assert told["issuer"] == "https://mcp.example.test"
    assert all(
        str(value).startswith("https://mcp.example.test/")
        for name, value in told.items()
        if name.endswith("_endpoint")
    )


@pytest.mark.requirement("T-088", "T-155", "S4-12", "Z-05")
async def test_nothing_of_a_request_gets_into_a_document(site: Site) -> None:
    plain = await get(site, SERVER)
    forged = await get(
        site,
        SERVER,
        **{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Host": "localhost"},
    )
    head = await get(site, SERVER, "HEAD")

    assert forged.body == plain.body
    assert (head.status, head.body) == (200, b"")
    assert plain.headers["cache-control"] == "public, max-age=300"
    assert plain.headers["content-type"] == "application/json"
    assert (await get(site, SERVER, "POST")).status == 405


@pytest.mark.requirement("AS-23", "S1-14")
async def test_documents_follow_the_settings(tmp_path: Path) -> None:
    async with authorizing(
        tmp_path,
        oauth_prefix="/oauth",
        oauth_aliases=("/auth",),
        registration="off",
        introspection=False,
        client_documents=False,
    ) as site:
        told = (await get(site, SERVER)).json
        paths = ("/oauth/authorize", "/auth/authorize", "/authorize", "/oauth/register")
        statuses = [(await get(site, path)).status for path in paths]
        introspected = await Running(port_of(site)).request("POST", "/oauth/introspect")

    assert told["authorization_endpoint"] == f"{site.base_url}/oauth/authorize"
    assert "registration_endpoint" not in told
    assert "introspection_endpoint" not in told
    assert told["client_id_metadata_document_supported"] is False
    assert statuses == [400, 400, 404, 404]
    assert introspected.status == 404


@pytest.mark.requirement("T-108")
@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../sample",
        "%2e%2e",
        "SAMPLE",
        "s%C3%A4mple",
        "s" * 300,
        ".well-known",
        "health",
        "default",
    ],
)
async def test_there_is_nothing_where_no_instance_is(site: Site, name: str) -> None:
    paths = (f"/{name}/mcp", f"/{name}/authorize", f"{SERVER}/{name}", f"{RESOURCE}/{name}/mcp")
    found = [(await get(site, path)).status for path in paths]

    assert found == [404] * 4


@pytest.mark.requirement("T-108")
@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_no_connector_takes_a_path_of_the_server(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name}: the server needs this name"):
        make_instances([replace(CONNECTOR, name=name)], "https://mcp.example")


def test_a_prefix_is_used_once_and_is_no_connectors_path() -> None:
    instances = make_instances([CONNECTOR], "https://mcp.example")
    twice = Settings(oauth_prefix="/oauth", oauth_aliases=("/oauth", "/auth"))
    taken = Settings(oauth_aliases=("/sample", "/sample/oauth", "/samples"))

    assert make_prefixes(twice, instances) == ("/oauth", "/auth")
    with pytest.raises(ConfigurationError) as refused:
        make_prefixes(taken, instances)
    assert [problem.split(" ")[2] for problem in refused.value.problems] == [
        "/sample",
        "/sample/oauth",
    ]
