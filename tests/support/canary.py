"""The secrets of a run, and a search for them in whatever the run left behind."""

import base64
import re
from collections.abc import Container
from dataclasses import dataclass, field
from urllib.parse import quote

_OURS = re.compile(r"[a-z][a-z0-9]{0,15}_[a-z]{3}_(?P<random>[A-Za-z0-9_-]{43})[A-Za-z0-9]{6}")
PREFIX = 8
"""Characters of a secret's random part that may not be shown either."""

_LONG = 20
"""From here on a secret's beginning is not enough to be taken for something else."""

_LARGE = 1 << 16
_RUNS = re.compile(rb"[!-~]{8,}")
"""Where a secret can hide in binary data; all of them are written in such characters."""


@dataclass(frozen=True)
class Leak:
    """A secret that was found; without its text, for a test's report is a log as well."""

    secret: str
    form: str
    where: str


@dataclass
class Canaries:
    """Secrets by name, each searched for in the forms in which it could hide.

    SHA-256 in hex is not among them: that is how tokens may be kept and told.
    """

    forms: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])

    def add(self, name: str, secret: str) -> str:
        """Register `secret`, of 8 or more printable characters, and give it back."""
        raw = secret.encode()
        assert _RUNS.fullmatch(raw), f"{name} is too short, or has characters that are not searched"
        forms = {
            "as it is": raw,
            "in hex": raw.hex().encode(),
            "in upper-case hex": raw.hex().upper().encode(),
            "reversed": raw[::-1],
            **{f"in base64, shifted by {each}": _base64_inside(raw, each) for each in range(3)},
        }
        if (encoded := quote(secret, safe="").encode()) != raw:
            forms["percent-encoded"] = encoded
        ours = _OURS.fullmatch(secret)
        if ours is not None or len(raw) >= _LONG:
            random = ours["random"] if ours else secret
            forms["its beginning"] = random[:PREFIX].encode()
        self.forms |= {(name, form): text for form, text in forms.items()}
        return secret

    @property
    def names(self) -> set[str]:
        """What has been registered."""
        return {name for name, _ in self.forms}

    def leaks(self, where: str, data: str | bytes, but: Container[str] = ()) -> list[Leak]:
        """Every registered secret that `data` holds.

        Args:
            where: For the report.
            data: What is searched.
            but: Names of secrets that may be there.
        """
        found = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        if len(found) > _LARGE:
            found = b"\n".join(set(_RUNS.findall(found)))
        # One alphabet for both kinds of base64.
        plain = found.replace(b"-", b"+").replace(b"_", b"/")
        return [
            Leak(name, form, where)
            for (name, form), text in self.forms.items()
            if text in (plain if form.startswith("in base64") else found) and name not in but
        ]


def _base64_inside(raw: bytes, shift: int) -> bytes:
    """What base64 of `raw` looks like behind `shift` other bytes, less what its neighbours decide."""
    encoded = base64.b64encode(b"\0" * shift + raw)
    first = -(-shift * 4 // 3)
    last = (shift + len(raw)) * 8 // 6
    return encoded[first:last]
