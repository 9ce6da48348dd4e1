"""Sealed values open in the place they were sealed for, with their key, and nowhere else."""

import base64
import json
import secrets
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import OctKey
from joserfc.registry import HeaderParameter

from treenail_runtime.crypto.keys import KeyRing
from treenail_runtime.crypto.sealing import (
    MOST_PLAIN_BYTES,
    BrokenSealError,
    Sealer,
    context_of,
)

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
RING = KeyRing({"k1": OLD})
SEALER = Sealer(RING)
HERE = context_of("oauth_connections", "config", "a1")
PURPOSE = "jwe/oauth_connections.config"
PLAIN = b'{"password":"s3cr3t-canary"}'
B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def reason(text: str, context: str = HERE, sealer: Sealer = SEALER) -> str:
    """Why `text` does not open; the error shows neither it nor the plaintext."""
    with pytest.raises(BrokenSealError) as caught:
        sealer.open(text, context)
    shown = repr(caught.value) + str(caught.value)
    assert "canary" not in shown
    assert len(text) < 9 or text not in shown
    assert caught.value.__cause__ is None
    return caught.value.reason


@given(
    st.binary(max_size=2_000),
    st.text(min_size=1, max_size=512) | st.binary(min_size=1, max_size=32),
)
def test_what_was_sealed_opens_again_in_its_place(plain: bytes, row: str | bytes) -> None:
    place = context_of("oauth_clients", "metadata", row) if row else HERE
    try:
        place.encode()
    except UnicodeEncodeError:
        place = HERE

    sealed = SEALER.seal(plain, place)

    assert sealed.kid == "k1"
    assert SEALER.open(sealed.text, place) == plain


@pytest.mark.requirement("S0-08")
def test_the_header_holds_four_fields_and_the_row() -> None:
    text = SEALER.seal(PLAIN, HERE).text
    header = json.loads(base64.urlsafe_b64decode(text.split(".")[0] + "=="))

    assert header == {
        "alg": "dir",
        "enc": "A256GCM",
        "kid": "k1",
        "ctx": "oauth_connections.config:a1",
    }


def test_a_longest_client_id_in_any_script_and_a_longest_value_can_be_sealed() -> None:
    place = context_of("oauth_clients", "metadata", "\U0001f600" * 512)
    plain = secrets.token_bytes(MOST_PLAIN_BYTES)

    assert SEALER.open(SEALER.seal(plain, place).text, place) == plain
    with pytest.raises(ValueError, match="too long"):
        SEALER.seal(plain + b"x", place)
    with pytest.raises(ValueError, match="too long"):
        SEALER.seal(b"", place * 9)


@pytest.mark.parametrize("context", ["", "a1", "config:a1", "T.c:1", "a.b:", "a.b.c:1", ".b:1"])
def test_a_place_that_names_no_column_and_row_is_refused(context: str) -> None:
    with pytest.raises(ValueError, match="a context is"):
        SEALER.seal(PLAIN, context)


@pytest.mark.requirement("T-131")
def test_an_old_key_opens_and_the_new_one_seals() -> None:
    both = Sealer(KeyRing({"k2": NEW, "k1": OLD}))
    old = SEALER.seal(PLAIN, HERE).text

    assert both.open(old, HERE) == PLAIN
    assert both.seal(PLAIN, HERE).kid == "k2"
    assert both.seal(PLAIN, HERE, kid="k1").kid == "k1"
    assert reason(old, sealer=Sealer(KeyRing({"k2": NEW}))) == "key id"
    assert reason(both.seal(PLAIN, HERE).text) == "key id"


@pytest.mark.requirement("T-132")
def test_another_secret_under_the_same_id_opens_nothing() -> None:
    assert reason(SEALER.seal(PLAIN, HERE).text, sealer=Sealer(KeyRing({"k1": NEW}))) == "integrity"


@pytest.mark.requirement("T-128", "Z-12")
def test_every_changed_character_of_every_segment_is_noticed() -> None:
    text = SEALER.seal(b"{}", HERE).text

    for place, known in enumerate(text):
        for other in (B64[(B64.find(known) + step) % 64] for step in (1, 2, 16, 32, 63)):
            reason(text[:place] + other + text[place + 1 :])


@pytest.mark.requirement("T-128")
def test_every_cut_and_every_addition_is_noticed() -> None:
    text = SEALER.seal(PLAIN, HERE).text
    header, key, iv, body, tag = text.split(".")
    cut = [text[:length] for length in range(len(text))]
    short_tags = [
        f"{header}.{key}.{iv}.{body}.{base64.urlsafe_b64encode(whole[:length]).decode().rstrip('=')}"
        for whole in [base64.urlsafe_b64decode(tag + "==")]
        for length in range(16)
    ]
    added = [
        *(text + more for more in ("A", "=", "==", ".", "\n", " ", "\0", "é")),
        f" {text}",
        f"{header}.AAAA.{iv}.{body}.{tag}",
        f"{header}..{iv}AA.{body}.{tag}",
        f"{header}=..{iv}.{body}.{tag}",
        f"{header}..{iv}.{body}=.{tag}",
        f"{header}..{iv}.{body}.{tag[:-2]}==",
        f"{text}.{tag}",
    ]

    assert {reason(broken) for broken in [*cut, *short_tags, *added]} <= {
        "form",
        "header",
        "integrity",
    }


@pytest.mark.requirement("T-128")
@pytest.mark.parametrize(
    "elsewhere",
    [
        context_of("oauth_connections", "config", "a2"),
        context_of("oauth_connections", "config", "a1 "),
        context_of("oauth_connections", "config", "A1"),
        context_of("oauth_connections", "configs", "a1"),
        context_of("oauth_clients", "config", "a1"),
        context_of("oauth_clients", "metadata", "a1"),
    ],
)
def test_a_value_does_not_open_in_another_row_column_or_table(elsewhere: str) -> None:
    text = SEALER.seal(PLAIN, HERE).text

    assert reason(text, elsewhere) == "context"
    assert reason(_with_header(text, ctx=elsewhere), elsewhere) == "integrity"


@pytest.mark.requirement("V-20")
def test_the_key_of_one_column_opens_no_other() -> None:
    """Sealed for the right place, by somebody who knows only another column's key."""
    other_key = RING.key("jwe/oauth_clients.metadata")
    forged = _forged({"alg": "dir", "enc": "A256GCM", "kid": "k1", "ctx": HERE}, other_key)

    assert reason(forged) == "integrity"
    assert SEALER.open(_forged(_header(), RING.key(PURPOSE)), HERE) == PLAIN


FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "alg A256KW": ({"alg": "A256KW"}, "algorithm"),
    "alg A256GCMKW": ({"alg": "A256GCMKW"}, "header"),  # adds iv and tag to the header
    "alg PBES2": ({"alg": "PBES2-HS256+A128KW", "p2c": 1000}, "header"),  # adds p2s and p2c
    "zip": ({"zip": "DEF"}, "header"),
    "crit": ({"crit": ["ctx"]}, "header"),
    "typ": ({"typ": "JWT"}, "header"),
    "another kid": ({"kid": "k9"}, "key id"),
    "no kid": ({"kid": None}, "header"),
    "no ctx": ({"ctx": None}, "header"),
    "another place": ({"ctx": HERE + "0"}, "context"),
}


@pytest.mark.requirement("T-129", "V-19")
@pytest.mark.parametrize(("changes", "expected"), FOREIGN.values(), ids=FOREIGN)
def test_another_header_is_refused_although_the_key_is_right(
    changes: dict[str, Any], expected: str
) -> None:
    header = {name: value for name, value in (_header() | changes).items() if value is not None}

    assert reason(_forged(header, RING.key(PURPOSE))) == expected


@pytest.mark.requirement("T-129")
def test_another_content_encryption_is_refused() -> None:
    """joserfc takes a key of the right length only, so these have one of their own."""
    for enc, length in {"A128CBC-HS256": 32, "A128GCM": 16, "A256CBC-HS512": 64}.items():
        key = (RING.key(PURPOSE) * 2)[:length]
        forged = _forged(_header() | {"enc": enc}, key)

        assert reason(forged) in {"algorithm", "form"}  # CBC has another length of iv
        assert reason(_with_header(SEALER.seal(PLAIN, HERE).text, enc=enc)) == "algorithm"


@pytest.mark.requirement("T-129")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"alg": "none"}, "algorithm"),
        ({"alg": "DIR"}, "algorithm"),
        ({"alg": ["dir"]}, "algorithm"),
        ({"alg": None}, "header"),
        ({"enc": "a256gcm"}, "algorithm"),
        ({"kid": 1}, "key id"),
        ({"kid": ["k1"]}, "key id"),
        ({"kid": {}}, "key id"),
        ({"kid": "K1"}, "key id"),
        ({"kid": "../../k1"}, "key id"),
        ({"ctx": [HERE]}, "context"),
        ({"jku": "https://attacker.test"}, "header"),
    ],
)
def test_a_rewritten_header_is_refused_before_a_key_is_used(
    changes: dict[str, Any], expected: str
) -> None:
    assert reason(_with_header(SEALER.seal(PLAIN, HERE).text, **changes)) == expected


@pytest.mark.requirement("T-129")
@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"null",
        b"[]",
        b'"dir"',
        b"{",
        b"\xff\xfe",
        b"[" * 4_000,
        b'{"alg":"dir","alg":"dir","enc":"A256GCM","kid":"k1","ctx":"oauth_connections.config:a1"}',
        b'{"alg": "dir","enc":"A256GCM","kid":"k1","ctx":"oauth_connections.config:a1"}',
        b'{"enc":"A256GCM","alg":"dir","kid":"k1","ctx":"oauth_connections.config:a1"}',
        b'{"alg":"dir","enc":"A256GCM","kid":"k\\u0031","ctx":"oauth_connections.config:a1"}',
    ],
)
def test_a_header_in_another_writing_is_refused(header: bytes) -> None:
    rest = SEALER.seal(PLAIN, HERE).text.partition(".")[2]
    segment = base64.urlsafe_b64encode(header).decode().rstrip("=")

    assert reason(f"{segment}.{rest}") in {"form", "header"}


@pytest.mark.requirement("V-19")
@given(st.text() | st.text(alphabet=B64 + ".", max_size=400))
def test_garbage_is_refused(text: str) -> None:
    reason(text)


@pytest.mark.requirement("V-19", "V-29")
def test_endless_text_is_refused_in_no_time() -> None:
    header = SEALER.seal(PLAIN, HERE).text.partition(".")[0]
    before = time.perf_counter()

    for hostile in ("A" * 5_000_000, "." * 5_000_000, f"{header}..{'A' * 5_000_000}"):
        assert reason(hostile) == "form"

    assert time.perf_counter() - before < 1


@pytest.mark.requirement("T-133")
def test_no_nonce_repeats() -> None:
    nonces = {SEALER.seal(b"", HERE).text.split(".")[2] for _ in range(200_000)}

    assert len(nonces) == 200_000


@pytest.mark.requirement("NO-SECRETS", "T-151")
def test_a_sealer_shows_the_ids_of_its_keys_and_nothing_else() -> None:
    SEALER.seal(PLAIN, HERE)

    assert repr(SEALER) == "Sealer(KeyRing(k1))"


def _header() -> dict[str, Any]:
    return {"alg": "dir", "enc": "A256GCM", "kid": "k1", "ctx": HERE}


def _forged(header: dict[str, Any], key: bytes) -> str:
    """What somebody with `key` can make with a library that permits everything."""
    permissive = jwe.JWERegistry(
        header_registry={"ctx": HeaderParameter("ours", "str")},
        algorithms=[
            *("dir", "A256KW", "A256GCMKW", "PBES2-HS256+A128KW", "DEF"),
            *("A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"),
        ],
        strict_check_header=False,
    )
    return jwe.encrypt_compact(header, PLAIN, OctKey.import_key(key), registry=permissive)


def _with_header(text: str, **changes: Any) -> str:
    segment, _, rest = text.partition(".")
    header = json.loads(base64.urlsafe_b64decode(segment + "=="))
    kept = {name: each for name, each in (header | changes).items() if each is not None}
    written = json.dumps(kept, separators=(",", ":")).encode()
    return f"{base64.urlsafe_b64encode(written).decode().rstrip('=')}.{rest}"
