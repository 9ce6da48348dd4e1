"""The provider's keys, and what it signs with them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from joserfc import jwk, jws


class Signer:
    """A key that can be changed; the old one is then gone from the set."""

    def __init__(self) -> None:
        self._count = 0
        self.rotate()

    def rotate(self) -> None:
        """Sign with new keys from now on."""
        self._count += 1
        kid = f"key-{self._count}"
        self._stranger: jwk.RSAKey | None = None
        self._rsa = jwk.RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})
        self._ec = jwk.ECKey.generate_key(
            "P-256", {"kid": f"{kid}-ec", "use": "sig", "alg": "ES256"}
        )

    def sign_with(self, stranger: jwk.RSAKey) -> None:
        """Sign with a key that is not in the set."""
        self._stranger = stranger

    @property
    def key_set(self) -> Mapping[str, Any]:
        """The public keys (RFC 7517 5), among them one that is for something else."""
        other = {**self._ec.as_dict(private=False), "kid": "not-for-signing", "use": "enc"}
        return {"keys": [self._rsa.as_dict(private=False), self._ec.as_dict(private=False), other]}

    def sign(self, claims: Mapping[str, Any], algorithm: str, client_secret: str = "") -> str:
        """A JWT; also in the two ways that nobody should believe, `none` and HS256."""
        match algorithm:
            case "RS256":
                key = self._stranger or self._rsa
            case "ES256":
                key = self._ec
            case "HS256":
                key = jwk.OctKey.import_key(
                    client_secret.ljust(32, "."), {"kid": self._rsa.kid or ""}
                )
            case _:
                return f"{_segment({'alg': 'none'})}.{_segment(claims)}."
        header = {"alg": algorithm, "kid": key.kid}
        return jws.serialize_compact(header, json.dumps(claims), key, algorithms=[algorithm])


def _segment(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
