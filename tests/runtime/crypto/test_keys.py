"""The key ring: what is refused as a secret, what is derived from one, and that none is shown."""

import base64
import hashlib
import re
import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from treenail_runtime.crypto.keys import KeyRing, UnknownKeyError, WeakSecretError
from treenail_runtime.crypto.weakness import weakness_of

OLD = base64.b64encode(secrets.token_bytes(32)).decode()
NEW = base64.b64encode(secrets.token_bytes(32)).decode()


def ring_of(*, secret: str | None = None, several: str | None = None) -> KeyRing:
    return KeyRing.from_settings(
        None if secret is None else SecretStr(secret),
        None if several is None else SecretStr(several),
    )


def refusal(*, secret: str | None = None, several: str | None = None) -> tuple[str, ...]:
    with pytest.raises(WeakSecretError) as caught:
        ring_of(secret=secret, several=several)
    return caught.value.problems


def test_the_first_secret_seals_and_all_of_them_open() -> None:
    ring = ring_of(several=f"k2:{NEW}, k1:{OLD}")

    assert ring.current == "k2"
    assert ring.kids == ("k2", "k1")
    assert ring.key("p") == ring.key("p", "k2") != ring.key("p", "k1")


def test_a_secret_that_stands_alone_is_the_key_k1_of_a_later_ring() -> None:
    alone = ring_of(secret=f" {OLD}\n")

    assert alone.kids == ("k1",)
    assert ring_of(several=f"k2:{NEW},k1:{OLD}").key("p", "k1") == alone.key("p")


def test_base64_and_base64url_are_the_same_with_and_without_padding() -> None:
    secret = bytes([251, 255, 191]) + secrets.token_bytes(29)
    expected = KeyRing({"k1": secret}).key("p")

    for written in (base64.b64encode(secret), base64.urlsafe_b64encode(secret)):
        assert ring_of(secret=written.decode()).key("p") == expected
        assert ring_of(secret=written.decode().rstrip("=")).key("p") == expected


@pytest.mark.requirement("V-20")
def test_each_purpose_and_each_secret_has_a_key_of_its_own() -> None:
    ring = ring_of(several=f"k2:{NEW},k1:{OLD}")
    purposes = ("jwe/oauth_connections.config", "jwe/oauth_clients.metadata", "hmac/ip", "")

    keys = {ring.key(purpose, kid) for purpose in purposes for kid in ring.kids}

    assert len(keys) == len(purposes) * len(ring.kids)
    assert {len(key) for key in keys} == {32}


@pytest.mark.requirement("S0-08", "S0-27")
def test_keys_are_those_of_hkdf_with_our_salt() -> None:
    """A value that must never change: everything stored depends on it."""
    ring = KeyRing({"k1": bytes(range(32))})

    assert ring.key("hmac/ip").hex() == (
        "9c727398bff0bade982486173680517992bd354e23b508a32596f8c6b2d489aa"
    )


def test_a_key_that_is_not_in_the_ring_is_told_without_its_name() -> None:
    with pytest.raises(UnknownKeyError, match=r"^no such key in the ring$"):
        ring_of(secret=OLD).key("p", "k7")


WEAK = {
    "short": "c2hvcnQ",
    "31 bytes": base64.b64encode(secrets.token_bytes(31)).decode(),
    "too long": base64.b64encode(secrets.token_bytes(513)).decode(),
    "one byte": base64.b64encode(b"\xa7" * 32).decode(),
    "zeros": "A" * 43,
    "16 bytes twice": base64.b64encode(secrets.token_bytes(16) * 2).decode(),
    "20 bytes, cut": base64.b64encode((secrets.token_bytes(20) * 2)[:39]).decode(),
    "counting": base64.b64encode(bytes(range(32))).decode(),
    "counting down in threes": base64.b64encode(bytes(range(200, 100, -3))).decode(),
    "few values": base64.b64encode(
        bytes(secrets.choice(b"\xa1\xb2\xc3\xd4") for _ in range(64))
    ).decode(),
    "changeme": "changeme",
    "CHANGE_ME": "CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME",
    "secret": "secret",
    "my secret": "MySecret1MySecret2MySecret3MySecret4MySecret5MyS",
    "a word within": "f0Q8" * 6 + "PassWord" + "x9Zk" * 6,
    "words in base64": base64.b64encode(b"correct horse battery staple, twice!").decode(),
    "words that are base64": "thequickbrownfoxjumpsoverthelazydogandthenrests",
    "digits": "83150274961530728496153072849615307284961530728496",
    "not base64": "not base64! but long enough to be one; if only it were",
    "another kid": f"k2:{NEW}",
    "RFC 7515": (
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    ),
    "RFC 7520": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG+Onbc6mxCcYg=",
}


@pytest.mark.requirement("H11")
@pytest.mark.parametrize("text", WEAK.values(), ids=WEAK)
def test_a_secret_that_could_be_guessed_is_refused_without_its_text(text: str) -> None:
    (alone,) = refusal(secret=text)
    (within,) = refusal(several=f"new:{NEW},old:{text}")

    assert alone.startswith("AUTH_SECRET: ")
    assert within.startswith("AUTH_SECRETS: old ")
    for problem in (alone, within):
        assert text not in problem.replace("`treenail keys generate`", "")
        assert "treenail keys generate" in problem or "entry" in problem


@pytest.mark.requirement("H11")
@given(st.binary(min_size=32, max_size=64))
def test_what_is_refused_is_never_shown(secret: bytes) -> None:
    text = base64.b64encode(secret).decode()

    weakness = weakness_of(text)

    assert weakness is None or not {text, text.rstrip("="), secret.hex()} & set(weakness.split())


@pytest.mark.requirement("H11")
def test_random_secrets_are_taken_in_every_form_that_people_make_them() -> None:
    """`openssl rand -base64 32`, `openssl rand -hex 32`, `secrets.token_urlsafe(48)`."""
    for number in range(20_000):
        # As good as random, and the same in each run: about one of 20 million holds a word.
        secret = hashlib.sha384(str(number).encode()).digest()
        assert weakness_of(base64.b64encode(secret[:32]).decode()) is None
        assert weakness_of(secret[:32].hex()) is None
        assert weakness_of(base64.urlsafe_b64encode(secret).decode()) is None


@pytest.mark.requirement("H11")
def test_there_is_no_secret_by_default() -> None:
    for empty in (None, "", "  "):
        assert refusal(secret=empty, several=empty) == (
            "AUTH_SECRET: is not set; make one with `treenail keys generate`",
        )


def test_one_secret_beside_a_ring_is_refused() -> None:
    assert refusal(secret=OLD, several=f"k2:{NEW}") == (
        "AUTH_SECRET: stands beside AUTH_SECRETS; keep one of them (AUTH_SECRET is the key k1)",
    )


def test_all_faults_of_a_ring_are_told_at_once_by_their_place() -> None:
    kid = f"k1:{OLD}"

    problems = refusal(several=f"{kid},{NEW},{kid},K2:{NEW},k3:short,k4:{OLD},")

    assert problems == (
        "AUTH_SECRETS: entry 2 is not kid:base64, with a kid of 1 to 32 of a-z, 0-9, _ and -",
        "AUTH_SECRETS: entry 4 is not kid:base64, with a kid of 1 to 32 of a-z, 0-9, _ and -",
        "AUTH_SECRETS: entry 7 is not kid:base64, with a kid of 1 to 32 of a-z, 0-9, _ and -",
        "AUTH_SECRETS: k1 stands there twice",
        "AUTH_SECRETS: k4 holds the same secret as k1",
        "AUTH_SECRETS: k3 is not base64; make one with `treenail keys generate`",
    )
    assert OLD not in "".join(problems)
    assert NEW not in "".join(problems)


@pytest.mark.requirement("NO-SECRETS", "T-151")
def test_a_ring_shows_the_ids_of_its_keys_and_nothing_else() -> None:
    ring = ring_of(several=f"k2:{NEW},k1:{OLD}")
    ring.key("hmac/ip")

    assert repr(ring) == str(ring) == f"{ring}" == "KeyRing(k2, k1)"


@pytest.mark.requirement("H11")
def test_a_secret_that_the_documentation_shows_is_refused(root: Path) -> None:
    """People paste what they read; only `$(...)`, `<...>` and our own hint may stand there."""
    pages = [root / "README.md", root / "compose.yaml", *sorted((root / "docs").rglob("*.md"))]
    shown = re.compile(r"AUTH_SECRETS?[=:] *[\"']?([A-Za-z0-9_-]+:)?([A-Za-z0-9+/=_-]{20,})")
    examples = [
        found[2] for page in pages for found in shown.finditer(page.read_text(encoding="utf-8"))
    ]

    usable = [text for text in [*examples, "0123456789abcdef" * 4] if weakness_of(text) is None]

    assert not usable
