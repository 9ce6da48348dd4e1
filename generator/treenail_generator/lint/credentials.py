"""The rule about credentials: none belongs in a file that is committed and published.

A finding tells the place and the kind, never the value.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from treenail_generator.connector_file.auth import BasicKind, ChainKind, singles
from treenail_generator.naming import snake_case

from .connector import LintedConnector
from .finding import Finding
from .texts import Text

# Forms that their issuers document, so that scanners find them. Repetitions that a hostile text
# could start again at every word are bounded.
KINDS: Final = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s*\S{0,3}"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{22,}"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a Stripe key": re.compile(r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "an API key": re.compile(r"\bsk-(?=\S{0,200}\d)(?:[a-z0-9]{1,20}-){0,3}[A-Za-z0-9_]{20,}"),
    "a JSON Web Token": re.compile(r"\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]*"),
    "a bearer token": re.compile(r"\b[Bb]earer\s+(?=\S{0,200}\d)[\w.~+/-]{20,}=*"),
    "Basic credentials": re.compile(
        r"\b[Bb]asic\s+(?=\S{0,200}[\d=]|\S{1,40}[A-Z]\S{1,40}[A-Z])[A-Za-z0-9+/]{16,}={0,2}"
    ),
    "a password in a URL": re.compile(
        r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@{}<>]{1,200}:[^\s/:@{}<>]{1,200}@"
    ),
}
_PLACEHOLDER: Final = re.compile(
    r"example|sample|placeholder|change.?me|dummy|fake|redacted|your|x{4,}|\*{3,}|\.{3}|[<{…]"
    # The samples of RFC 7617 and jwt.io, which documents quote.
    r"|QWxhZGRpbjpvcGVuIHNlc2FtZQ|YWxhZGRpbjpvcGVuc2VzYW1l|eyJzdWIiOiIxMjM0NTY3ODkwI",
    re.IGNORECASE,
)
_SECRET_NAMES: Final = frozenset(
    {"apikey", "authorization", "credential", "jwt", "passphrase", "passwd", "password", "pwd"}
    | {"secret", "token"}
)
_SECRET_KEYS: Final = frozenset(
    {"access", "api", "auth", "encryption", "private", "secret", "signing"}
)
_OPAQUE_MARKS: Final = frozenset({"continuation", "next", "page", "sync"})
_SHORTEST: Final = 16
_LEAST_ENTROPY: Final = 3.3
"""Bits per character: English words stay below, random letters and digits lie above."""


def secrets(connector: LintedConnector) -> Iterator[Finding]:
    """Credentials in the connector file, in hand-written tools, or in the document."""
    yield from _literal_credentials(connector)
    for text in connector.texts:
        kind = _kind(text)
        if kind is not None:
            ours = text.is_ours or text.is_told
            yield Finding(
                rule="secrets",
                severity="error" if ours else "warning",
                tool=text.tool,
                message=f"what looks like {kind} stands here",
                hint="take it out and revoke it; `login` asks each person for their own"
                if text.is_ours
                else "tell the upstream's owner; replace the text in the connector file",
                location=text.location,
            )


def _literal_credentials(connector: LintedConnector) -> Iterator[Finding]:
    """A password beside a user name that each person gives is the same for everybody."""
    request = connector.built.request
    for index, auth in enumerate(singles(request.file.auth)):
        is_chain = isinstance(request.file.auth, ChainKind)
        pointer = ("auth", "schemes", index) if is_chain else ("auth",)
        # One letter stands for "no password" with APIs that take the key as the user name.
        if isinstance(auth, BasicKind) and len(auth.password) > 1 and "{" not in auth.password:
            yield Finding(
                rule="secrets",
                severity="error",
                tool="",
                message="`auth.password` is written out",
                hint="name a login field: {password}, and let each person fill it in",
                location=request.at(*pointer, "password"),
            )


def _kind(text: Text) -> str | None:
    """What kind of secret the text holds."""
    for kind, pattern in KINDS.items():
        if any(not _PLACEHOLDER.search(found.group()) for found in pattern.finditer(text.content)):
            return kind
    if _names_secret(text.subject) and _is_random(text.content):
        return "the value of a secret"
    return None


def _names_secret(subject: str) -> bool:
    """Whether `subject` is what credentials are called; `page_token` and `token_url` are not."""
    parts = snake_case(subject).split("_")
    last, before = parts[-1].removesuffix("s"), parts[-2] if len(parts) > 1 else ""
    if last == "key":
        return before in _SECRET_KEYS
    return last in _SECRET_NAMES and before not in _OPAQUE_MARKS


def _is_random(content: str) -> bool:
    if len(content) < _SHORTEST or "://" in content or any(map(str.isspace, content)):
        return False
    if _PLACEHOLDER.search(content) or not re.search(r"\d", content):
        return False
    counts = Counter(content).values()
    entropy = -sum(count / len(content) * math.log2(count / len(content)) for count in counts)
    return entropy >= _LEAST_ENTROPY
