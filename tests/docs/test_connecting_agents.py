"""The page about agents tells the URLs, scopes, pages and redirect URIs that there are."""

import re
from pathlib import Path

import pytest

from tests.support import sample
from treenail_runtime.app.instances import make_instances
from treenail_runtime.auth.client_metadata import declared, read_metadata
from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.metadata import authorization_server
from treenail_runtime.auth.policy import OAuthPolicy
from treenail_runtime.auth.records import Instance
from treenail_runtime.auth.redirect_uris import matches
from treenail_runtime.edge.oauth import problems

_BASE = "https://mcp.example.com"


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs/connecting-agents.md").read_text(encoding="utf-8")


@pytest.fixture
def instance() -> Instance:
    """The one at `/mcp`."""
    return make_instances([sample.CONNECTOR], _BASE)[0]


@pytest.mark.requirement("S1-32", "S1-33")
def test_the_urls_for_a_registration_by_hand_are_those_of_the_server(
    text: str, instance: Instance
) -> None:
    told = dict(re.findall(r"^\| (\w[\w ]*) \| `(https://[^`]+)` \|$", text, re.MULTILINE))
    served = authorization_server(instance, OAuthPolicy(https=True), "")

    assert told == {
        "MCP server": instance.resource,
        "Authorization": served["authorization_endpoint"],
        "Token": served["token_endpoint"],
        "Revocation": served["revocation_endpoint"],
    }
    assert {"mcp.tools.call", "offline_access"} <= {
        *re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE)
    }


def test_the_pages_that_people_may_see_have_the_titles_that_the_page_tells(text: str) -> None:
    told = set(re.findall(r'page "([^"]+)"', text)) | set(re.findall(r'or "([^"]+)", at', text))
    shown = {each.title for each in vars(problems).values() if isinstance(each, problems.Problem)}

    assert len(told) > 4
    assert told <= shown


@pytest.mark.requirement("T-024")
def test_what_cursor_registers_is_taken_with_the_setting_that_the_page_tells(text: str) -> None:
    """And refused as a whole without it."""
    section = text.partition("## Cursor")[2].partition("\n## ")[0]
    uris = [
        uri
        for uri in re.findall(r"`([a-z]+://[^`\s]+)`", section)
        if uri.startswith(("cursor:", "http:", "https://www.cursor.com"))
    ]
    asked = read_metadata({"redirect_uris": uris, "token_endpoint_auth_method": "none"})

    taken = declared(asked, schemes=frozenset({"cursor"}), known_scopes=frozenset())

    assert "TREENAIL_REDIRECT_SCHEMES=cursor" in section
    assert set(taken.redirect_uris) == set(uris)
    assert len(uris) == 3  # as many as it sends
    with pytest.raises(OAuthError, match="scheme"):
        declared(asked, schemes=frozenset(), known_scopes=frozenset())


def test_claude_code_may_listen_at_any_port_of_its_document(text: str) -> None:
    documented = re.findall(r"`(http://(?:localhost|127\.0\.0\.1)/callback)`", text)

    assert len(documented) == 2  # as in its document
    for uri in documented:
        assert matches(uri.replace("/callback", ":51234/callback"), uri)
