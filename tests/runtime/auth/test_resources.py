import pytest
from hypothesis import given
from hypothesis import strategies as st

from treenail_runtime.auth.errors import OAuthError
from treenail_runtime.auth.resources import choose_resource, is_resource

RESOURCE = "https://mcp.example:8443/salon/mcp"


@pytest.mark.requirement("AS-27")
@pytest.mark.parametrize(
    "sent",
    [RESOURCE, f"{RESOURCE}/", "HTTPS://MCP.Example:8443/salon/mcp", None],
)
def test_the_canonical_form_is_what_counts(sent: str | None) -> None:
    assert choose_resource(sent, RESOURCE) == RESOURCE


@pytest.mark.requirement("AS-26")
@pytest.mark.parametrize(
    "sent",
    [
        "",
        "https://mcp.example/salon/mcp",
        "https://mcp.example:8443/mcp",
        "https://mcp.example:8443/salon/mcp//",
        "https://mcp.example:8443/salon/MCP",
        "https://mcp.example:8443/salon/mcp#",
        "https://mcp.example:8443/salon/mcp#x",
        "https://mcp.example:8443/salon/mcp?",
        "https://mcp.example:8443/salon/mcp?a=b",
        "https://mcp.example:8443/salon/../salon/mcp",
        "https://mcp.example:8443/salon/./mcp",
        "https://mcp.example:8443/salon/mcp/.",
        "https://mcp.example:8443/salon/mcp/../mcp",
        "https://mcp.example:8443/salon/%6dcp",
        "https://mcp.example:8443//salon/mcp",
        "https://mcp.example:8443\\salon\\mcp",
        "https://u@mcp.example:8443/salon/mcp",
        "https://mcp.example:8443@evil/salon/mcp",
        "http://mcp.example:8443/salon/mcp",
        "ht\ttps://mcp.example:8443/salon/mcp",
        "https:/mcp.example:8443/salon/mcp",
        "https:///mcp.example:8443/salon/mcp",
        "//mcp.example:8443/salon/mcp",
        " https://mcp.example:8443/salon/mcp",
        "https://mcp.example:8443/salon/mcp\n",
        "https://mcp.example.:8443/salon/mcp",
    ],
)
def test_whatever_else_is_sent_is_another_resource(sent: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        choose_resource(sent, RESOURCE)

    assert refusal.value.error == "invalid_target"


@pytest.mark.requirement("AS-26")
def test_a_letter_whose_lower_case_is_ascii_is_not_that_letter() -> None:
    kelvin = "https://\u212aiosk.example/mcp"

    assert kelvin.lower() == "https://kiosk.example/mcp"
    assert not is_resource(kelvin, "https://kiosk.example/mcp")


@given(st.text(max_size=60))
def test_no_suffix_but_a_slash_leads_to_the_resource(suffix: str) -> None:
    assert is_resource(RESOURCE + suffix, RESOURCE) == (suffix in {"", "/"})
