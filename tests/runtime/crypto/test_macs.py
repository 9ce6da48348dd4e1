"""Fingerprints and MACs: equal for equal values only, and only under the same key and purpose."""

import secrets
from types import MappingProxyType

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.macs import Macs, kid_of

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
first = Macs(KeyRing({"k1": OLD}))
both = Macs(KeyRing({"k2": NEW, "k1": OLD}))
second = Macs(KeyRing({"k2": NEW}))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
configs = st.dictionaries(st.text(), json_values, max_size=5)


@given(configs)
def test_a_fingerprint_fits_its_configuration_in_any_order(config: dict[str, object]) -> None:
    other_order = MappingProxyType(dict(reversed(list(config.items()))))

    fingerprint = first.fingerprint(config)

    assert fingerprint == first.fingerprint(other_order)
    assert first.fits(fingerprint, other_order)
    assert kid_of(fingerprint) == "k1"


@given(configs, configs)
def test_different_configurations_have_different_fingerprints(
    one: dict[str, object], other: dict[str, object]
) -> None:
    # Python takes 1 and True for equal; JSON does not.
    assume(one != other)

    assert not first.fits(first.fingerprint(one), other)


@given(st.dictionaries(st.text(), st.text(), min_size=1), st.data())
def test_a_changed_value_changes_the_fingerprint(
    config: dict[str, str], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(config)))
    changed = {**config, name: config[name] + data.draw(st.text(min_size=1))}
    renamed = {**config, f"{name}_": config[name]}
    dropped = {each: config[each] for each in config if each != name}

    for other in (changed, renamed, dropped):
        assert other == config or not first.fits(first.fingerprint(config), other)


@pytest.mark.requirement("T-131")
def test_a_fingerprint_outlives_its_key_only_in_the_ring() -> None:
    config = {"connector": "phorest", "secrets": {"password": "x"}}
    old = first.fingerprint(config)

    assert both.fits(old, config)
    assert not second.fits(old, config)
    assert both.fingerprint(config) == second.fingerprint(config) != old


def test_a_fingerprint_that_was_touched_fits_nothing() -> None:
    config = {"a": "b"}
    known = first.fingerprint(config)
    touched = [
        *("", ".", "k1.", "k1.\ud800", known[:-1], known + "A", known + "=", known.upper()),
        *(known.replace("k1.", other) for other in ("k2.", "", ".", "k1..", "k9.")),
        *(known[:at] + "~" + known[at + 1 :] for at in range(len(known))),
    ]

    assert both.fits(known, config)
    assert not [each for each in touched if both.fits(each, config)]


@pytest.mark.requirement("NO-SECRETS")
def test_a_hidden_secret_is_no_value_to_take_a_fingerprint_of() -> None:
    """All of them print as the same ten stars."""
    with pytest.raises(TypeError, match=r"^SecretStr is not a JSON value$"):
        first.fingerprint({"secrets": {"password": SecretStr("s3cr3t")}})


@pytest.mark.requirement("V-20")
def test_addresses_rate_keys_and_fingerprints_share_no_mac() -> None:
    text = "203.0.113.9"

    macs = {first.ip(text), first.key("login", text), first.key("", text), second.ip(text)}

    assert len(macs) == 4
    assert {len(mac) for mac in macs} == {32}
    assert first.ip(text) == first.ip(text)


@given(st.text(max_size=4), st.text(max_size=4), st.text(max_size=4))
def test_a_rate_key_cannot_pose_as_one_of_another_bucket(a: str, b: str, c: str) -> None:
    assert (first.key(a, b + c) == first.key(a + b, c)) is (b == "")


@pytest.mark.requirement("NO-SECRETS", "T-151")
def test_macs_show_the_ids_of_their_keys_and_nothing_else() -> None:
    assert repr(both) == "Macs(KeyRing(k2, k1))"
