"""The server's secrets, and the keys that are derived from them."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from .weakness import decoded, weakness_of

SALT: Final = b"treenail/v1"
KEY_BYTES: Final = 32
ONLY_KID: Final = "k1"
"""The key id of `AUTH_SECRET`, which stands alone."""

_KID: Final = re.compile(r"[a-z0-9_-]{1,32}")


class WeakSecretError(Exception):
    """The secrets cannot be used; `problems` are lines for the operator that show no secret."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UnknownKeyError(LookupError):
    """No secret has that key id."""


class KeyRing:
    """Secrets by key id: the first one seals, all of them open.

    Each purpose has a key of its own, so that a key that became known opens nothing else.
    """

    __slots__ = ("_derived", "_secrets")

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        """Keep `secrets` by key id, in order; they are not checked as `from_settings` does.

        Raises:
            ValueError: When there are none.
        """
        if not secrets:
            raise ValueError("a key ring needs a secret")
        self._secrets = dict(secrets)
        self._derived: dict[tuple[str, str], bytes] = {}

    @classmethod
    def from_settings(
        cls, auth_secret: SecretStr | None, auth_secrets: SecretStr | None
    ) -> "KeyRing":
        """The ring of `AUTH_SECRET` (base64) or of `AUTH_SECRETS` (`kid:base64[,kid:base64]`).

        Raises:
            WeakSecretError: With a line for each secret that is missing, malformed or guessable.
        """
        single = auth_secret.get_secret_value().strip() if auth_secret else ""
        several = auth_secrets.get_secret_value().strip() if auth_secrets else ""
        if single and several:
            raise WeakSecretError(
                "AUTH_SECRET: stands beside AUTH_SECRETS; keep one of them"
                f" (AUTH_SECRET is the key {ONLY_KID})"
            )
        if single:
            return cls(_checked([("AUTH_SECRET", ONLY_KID, single)], []))
        if several:
            return cls(_checked(*_entries(several)))
        raise WeakSecretError("AUTH_SECRET: is not set; make one with `treenail keys generate`")

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._secrets)})"

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return next(iter(self._secrets))

    @property
    def kids(self) -> tuple[str, ...]:
        """The ids of all keys, the current one first."""
        return tuple(self._secrets)

    def key(self, purpose: str, kid: str | None = None) -> bytes:
        """The 32-byte key for `purpose`, from the secret `kid` (None: the current one).

        Raises:
            UnknownKeyError: When the ring has no such secret.
        """
        kid = self.current if kid is None else kid
        known = self._derived.get((purpose, kid))
        if known is None:
            if kid not in self._secrets:
                raise UnknownKeyError("no such key in the ring")
            known = derived(self._secrets[kid], purpose)
            self._derived[purpose, kid] = known
        return known


def derived(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for `purpose` by HKDF-SHA256 (RFC 5869)."""
    return HKDF(SHA256(), length=KEY_BYTES, salt=SALT, info=purpose.encode()).derive(secret)


def is_kid(text: str) -> bool:
    """Whether `text` can be a key id: 1 to 32 of a-z, 0-9, `_` and `-`."""
    return _KID.fullmatch(text) is not None


_Entry = tuple[str, str, str]
"""Where it stands, its key id, and its secret."""


def _entries(text: str) -> tuple[list[_Entry], list[str]]:
    """The entries of `AUTH_SECRETS`, and the problems of those that are none."""
    entries: list[_Entry] = []
    problems: list[str] = []
    for number, item in enumerate(text.split(","), 1):
        kid, colon, secret = (part.strip() for part in item.partition(":"))
        if not colon or not is_kid(kid):
            # What stands there may be the secret itself.
            problems.append(
                f"AUTH_SECRETS: entry {number} is not kid:base64,"
                " with a kid of 1 to 32 of a-z, 0-9, _ and -"
            )
        else:
            entries.append((f"AUTH_SECRETS: {kid}", kid, secret))
    return entries, problems


def _checked(entries: list[_Entry], problems: list[str]) -> dict[str, bytes]:
    """The secrets by key id.

    Raises:
        WeakSecretError: With `problems` and those of the entries.
    """
    problems = [*problems, *_repeated(entries)]
    secrets: dict[str, bytes] = {}
    for where, kid, text in entries:
        weakness = weakness_of(text)
        if weakness:
            problems.append(f"{where}{': ' if where == 'AUTH_SECRET' else ' '}{weakness}")
        secrets[kid] = decoded(text) or b""
    if problems:
        raise WeakSecretError(*problems)
    return secrets


def _repeated(entries: list[_Entry]) -> Iterator[str]:
    kids: set[str] = set()
    owners: dict[bytes | None, str] = {}
    for where, kid, text in entries:
        secret = decoded(text)
        if kid in kids:
            yield f"{where} stands there twice"
        elif secret and secret in owners:
            yield f"{where} holds the same secret as {owners[secret]}"
        kids.add(kid)
        owners.setdefault(secret, kid)
