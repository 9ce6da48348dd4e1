"""Names that an instance may have, and what it may become."""

import pytest

from treenail_runtime.auth.instances import (
    InstanceStatus,
    SlugError,
    first_status,
    may_become,
    read_slug,
)
from treenail_runtime.contract import RESERVED_NAMES


def fault(text: str, taken: frozenset[str] = frozenset()) -> str:
    with pytest.raises(SlugError) as caught:
        read_slug(text, taken)
    return caught.value.fault


@pytest.mark.requirement("T-108", "S2-21")
@pytest.mark.parametrize("slug", ["a", "7", "acme", "acme-2", "a--b", "x" * 63])
def test_a_dns_label_in_lower_case_is_a_slug(slug: str) -> None:
    assert read_slug(slug, frozenset()) == slug


@pytest.mark.requirement("T-108", "T-113")
@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "-a", "a-", "A", "Acme", "a_b", "a.b", ".", "..", "../x", "a/b", "a\\b"),
        *(".well-known", "a%2fb", "a?x", "a#f", "a b", " a", "a\n", "a\r\nb", "\0", "x" * 64),
        *("x" * 300, "größe", "\uff41cme", "\u0430cme", "é", "👍", "a\u200b", "x1ﬁ"),
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    assert fault(text) == "malformed"


@pytest.mark.requirement("T-108")
def test_no_name_of_the_server_is_given_to_an_instance() -> None:
    spelt = {name.replace("_", "-") for name in RESERVED_NAMES}

    assert {fault(name) for name in spelt} == {"reserved"}
    assert spelt >= {"health", "well-known", "mcp", "api", "authorize", "metrics"}


@pytest.mark.requirement("T-108")
def test_no_name_of_a_connector_is_given_to_an_instance_nor_one_that_looks_like_it() -> None:
    taken = frozenset({"phorest", "open_meteo", "sign-in"})

    assert [fault(name, taken) for name in ("phorest", "open-meteo", "sign-in")] == ["taken"] * 3
    assert read_slug("open-meteo-2", taken) == "open-meteo-2"


@pytest.mark.requirement("S2-20", "S2-31")
def test_each_status_follows_on_few_others() -> None:
    every: set[InstanceStatus] = {"pending", "active", "reauth", "failed", "disabled", "deleted"}

    assert {status: may_become(status) for status in every} == {
        "pending": {"pending", "failed"},
        "active": {"pending", "reauth"},
        "reauth": {"active"},
        "failed": {"pending"},
        "disabled": {"active", "reauth"},
        "deleted": every - {"deleted"},
    }
    assert (first_status("person"), first_status("instance")) == ("active", "pending")
