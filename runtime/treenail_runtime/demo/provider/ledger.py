"""Who may what: clients, codes, grants and their tokens. In memory, no I/O."""

import hmac
import secrets
from dataclasses import dataclass, field, replace

from treenail_runtime.auth.pkce import challenge_of
from treenail_runtime.auth.redirect_uris import check_redirect_uri, is_loopback_redirect

_CODE_LIFE_S = 60


@dataclass(frozen=True, slots=True)
class FakeClient:
    """A registered client.

    Attributes:
        secret: None for a public client.
        redirect_uris: Exactly these; with none, any on loopback.
    """

    client_id: str
    secret: str | None = None
    redirect_uris: tuple[str, ...] = ()

    def may_return_to(self, uri: str) -> bool:
        """Whether codes may be sent to `uri`."""
        if self.redirect_uris:
            return uri in self.redirect_uris
        problem = check_redirect_uri(uri, application_type="native", schemes=frozenset())
        return problem is None and is_loopback_redirect(uri)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one person, or a client for itself, allowed."""

    id: str
    client_id: str
    subject: str
    scopes: tuple[str, ...]
    nonce: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class _Access:
    grant: Grant
    expires_at: float


@dataclass
class Ledger:
    """Everything the provider remembers.

    Attributes:
        issued: How many access tokens there have been.
    """

    clients: dict[str, FakeClient] = field(default_factory=dict[str, FakeClient])
    issued: int = 0
    _codes: dict[str, _Code] = field(default_factory=dict[str, _Code])
    _access: dict[str, _Access] = field(default_factory=dict[str, _Access])
    _refresh: dict[str, Grant] = field(default_factory=dict[str, Grant])
    _spent: dict[str, Grant] = field(default_factory=dict[str, Grant])

    def client(self, client_id: str, secret: str) -> FakeClient | None:
        """The client, if that is its secret; a public one has none."""
        found = self.clients.get(client_id)
        if found is None:
            return None
        return (
            found if hmac.compare_digest((found.secret or "").encode(), secret.encode()) else None
        )

    def new_code(self, grant: Grant, redirect_uri: str, challenge: str, now: float) -> str:
        """A code that is good once, for a minute."""
        code = f"fake_code_{secrets.token_urlsafe(24)}"
        self._codes[code] = _Code(
            grant=grant,
            redirect_uri=redirect_uri,
            challenge=challenge,
            expires_at=now + _CODE_LIFE_S,
        )
        return code

    def redeem(
        self, client: FakeClient, code: str, redirect_uri: str, verifier: str, now: float
    ) -> Grant | None:
        """The grant of a code, which is spent by this; None when it is not good."""
        found = self._codes.pop(code, None)
        if found is None or found.grant.client_id != client.client_id or now >= found.expires_at:
            return None
        if found.redirect_uri != redirect_uri:
            return None
        proven = challenge_of(verifier) == found.challenge if found.challenge else not verifier
        return found.grant if proven else None

    def keep_access(self, token: str, grant: Grant, expires_at: float) -> None:
        """Remember an access token."""
        self.issued += 1
        self._access[token] = _Access(grant, expires_at)

    def new_refresh(self, grant: Grant) -> str:
        """A refresh token."""
        token = f"fake_refresh_{secrets.token_urlsafe(24)}"
        self._refresh[token] = grant
        return token

    def refreshed(self, client: FakeClient, token: str, *, rotates: bool) -> Grant | None:
        """The grant of a refresh token; a second use of a rotated one ends the grant."""
        reused = self._spent.get(token)
        if reused is not None:
            self.end(reused)
            return None
        grant = self._refresh.get(token)
        if grant is None or grant.client_id != client.client_id:
            return None
        if rotates:
            self._spent[token] = self._refresh.pop(token)
        return grant

    def granted(self, access_token: str, now: float) -> Grant | None:
        """Whose access token it is; None when it is not, or no more, good."""
        found = self._access.get(access_token)
        return found.grant if found is not None and now < found.expires_at else None

    def grant_of(self, token: str) -> Grant | None:
        """Whose token of either kind it is."""
        access = self._access.get(token)
        return self._refresh.get(token) if access is None else access.grant

    def give_back(self, token: str) -> None:
        """Revoke an access token, or with a refresh token all of its grant."""
        self._access.pop(token, None)
        grant = self._refresh.get(token)
        if grant is not None:
            self.end(grant)

    def end(self, grant: Grant) -> None:
        """Revoke everything of a grant."""
        kept = {token: it for token, it in self._access.items() if it.grant.id != grant.id}
        self._access = kept
        self._refresh = {token: it for token, it in self._refresh.items() if it.id != grant.id}

    def end_like(self, grant: Grant) -> None:
        """Revoke everything that this person granted to this client."""
        granted = [*(each.grant for each in self._access.values()), *self._refresh.values()]
        for each in granted:
            if (each.client_id, each.subject) == (grant.client_id, grant.subject):
                self.end(each)

    def expire_access(self) -> None:
        """End the life of every access token now; refresh tokens stay."""
        self._access = {token: replace(it, expires_at=0.0) for token, it in self._access.items()}

    def end_all(self) -> None:
        """Revoke every grant, as a person does in the provider's settings."""
        self._access.clear()
        self._refresh.clear()
        self._codes.clear()


def new_grant(client_id: str, subject: str, scopes: tuple[str, ...], nonce: str = "") -> Grant:
    """A grant with an id of its own."""
    return Grant(
        id=secrets.token_hex(8), client_id=client_id, subject=subject, scopes=scopes, nonce=nonce
    )
